import { describe, expect, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { testedVersion } from "../../src/engine/claude/locate.ts";
import { castPath } from "./cast.ts";
import { drawCast, toLines } from "./cast-svg.ts";

const textOf = (svg: string) => [...svg.matchAll(/<text[^>]*>(.*)<\/text>/g)].map(([, line = ""]) => plain(line));
const plain = (line: string) =>
  line.replace(/<[^>]*>/g, "").replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));

describe("a terminal is drawn", () => {
  const shown = `<b>&"</b>]]>${"x".repeat(12)}`;
  const pane = {
    columns: 10,
    pieces: [
      { at: 0, text: "$ " },
      { at: 700, text: `${shown}\n\x1b[31mred\x1b[0m not` },
    ],
  };

  test("with its lines broken, and nothing in it that counts as markup", () => {
    const lines = ['$ <b>&"</b', ">]]>xxxxxx", "xxxxxx", "red not"];
    expect(toLines(pane).map((line) => line.map(({ text }) => text).join(""))).toEqual(lines);
    expect(textOf(drawCast([pane]))).toEqual(lines);
  });

  test("in colours, and in the order of the times", () => {
    const svg = drawCast([pane]);
    expect(svg).toMatch(/<tspan class="r" style="animation:a700 6700ms [^"]*">red</);
    expect(svg).toContain("@keyframes a700{0%{visibility:hidden}10.45%{visibility:visible}}");
  });
});

describe("the picture of the README (bun test/support/cast.ts draws it)", async () => {
  const svg = await Bun.file(castPath).text();

  test("needs nothing but itself, and is small", () => {
    expect(Buffer.byteLength(svg)).toBeLessThan(60_000);
    expect(svg.match(/https?:\/\/[^\s<&"]+/g)?.filter((url) => !url.startsWith("http://127.0.0.1"))).toEqual([
      "http://www.w3.org/2000/svg",
    ]);
    expect(svg).not.toMatch(/<(script|image|use|a|foreignObject)\b|@import|url\(|href/);
    expect(svg).toContain("prefers-color-scheme:dark");
    expect(svg).toContain("prefers-reduced-motion");
  });

  test("shows the versions of today", () => {
    const lines = textOf(svg);
    expect(lines).toContain(`Sluice ${manifest.version} listening on http://127.0.0.1:3456`);
    expect(lines).toContain(`Claude Code ${testedVersion} (~/.local/bin/claude)`);
    expect(lines.filter((line) => line.startsWith("$ sluice "))).toEqual(["$ sluice serve", "$ sluice connect codex"]);
  });
});
