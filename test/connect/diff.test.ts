import { expect, test } from "bun:test";
import fc from "fast-check";
import { diff } from "../../src/connect/diff.ts";

/** What `patch` does with a unified diff. */
function patch(before: string, changes: string): string {
  const lines = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const result: string[] = [];
  let at = 0;
  for (const line of changes.split("\n").slice(0, -1)) {
    const head = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@$/.exec(line);
    if (head !== null) {
      const start = Number(head[1]) - (head[2] === "0" ? 0 : 1);
      result.push(...lines.slice(at, start));
      at = start;
      expect(result.length).toBe(Number(head[3]) - (head[4] === "0" ? 0 : 1));
      continue;
    }
    if (line[0] !== "+") expect(lines[at++]).toBe(line.slice(1));
    if (line[0] !== "-") result.push(line.slice(1));
  }
  return [...result, ...lines.slice(at)].map((line) => `${line}\n`).join("");
}

const text = fc
  .array(fc.constantFrom("", "a", "b", "c", "  d"), { maxLength: 30 })
  .map((lines) => lines.map((line) => `${line}\n`).join(""));

test("makes the one text of the other, and is empty where they are the same", () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      expect(patch(before, diff(before, after))).toBe(after);
      expect(diff(before, before)).toBe("");
    }),
  );
});

/** How many lines two texts have in common, in one order: by its definition. */
function common([first, ...rest]: readonly string[], after: readonly string[]): number {
  if (first === undefined || after.length === 0) return 0;
  const at = after.indexOf(first);
  const without = common(rest, after);
  return at < 0 ? without : Math.max(without, 1 + common(rest, after.slice(at + 1)));
}

test("changes no line that could stay", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 });
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const [from, to] = [before, after].map((all) => all.map((line) => `${line}\n`).join(""));
      const gone = diff(from ?? "", to ?? "").match(/^-\w/gm)?.length ?? 0;
      expect(before.length - gone).toBe(common(before, after));
    }),
  );
});

test("shows three lines around a change", () => {
  const lines = (changed: string) => [1, 2, 3, 4, 5, changed, 7, 8, 9, 10, 11].join("\n");
  expect(diff(lines("6"), lines("six"))).toBe("@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n");
  expect(diff("", "a\nb\n")).toBe("@@ -0,0 +1,2 @@\n+a\n+b\n");
  expect(diff("a\n", "")).toBe("@@ -1,1 +0,0 @@\n-a\n");
});
