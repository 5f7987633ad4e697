import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Format, Unreadable } from "../../src/connect/format/format.ts";
import { json } from "../../src/connect/format/json.ts";
import { toml } from "../../src/connect/format/toml.ts";
import { yaml } from "../../src/connect/format/yaml.ts";
import { type Entry, leavesOf, putIn, takeOut, Unchangeable, valueAt } from "../../src/connect/merge.ts";
import { jsonText, tomlText, yamlText } from "./texts.ts";

const models = { one: { name: "One", limit: 5 }, two: {} };
const nested: Entry[] = [
  { path: ["model"], value: "sluice/one" },
  {
    path: ["provider", "sluice"],
    value: { url: "http://127.0.0.1:3456/v1", key: 'it\'s "mine" \\', models, list: [] },
  },
];
const list: Entry[] = [
  { path: ["version"], value: "1.0.0", optional: true },
  { path: ["model"], value: "openai/one" },
  ...["One", "Two"].map((name) => ({ path: ["models", { name }], value: { name, roles: ["chat"], size: 5 } })),
];
/** The parser of YAML takes its time. */
fc.configureGlobal({ numRuns: 60 });

const formats = [
  ["json", json, jsonText, nested],
  ["toml", toml, tomlText, nested],
  ["yaml", yaml, yamlText, list],
] as const;

/** Whether a text holds all of another in its order: nothing of it was changed, only something put in. */
function holds(text: string, inner: string): boolean {
  let at = 0;
  for (const sign of text) if (sign === inner[at]) at += 1;
  return at === inner.length;
}

describe.each(formats)("%s", (_, format, texts, entries) => {
  const leaves = leavesOf(entries);
  const paths = leaves.map((leaf) => leaf.path);

  test("ours goes in, and everything else stays byte for byte", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const result = putIn(format, text, leaves);
        for (const { path, value } of leaves) expect(valueAt(format.parse(result), path)).toEqual(value);
        expect(holds(result, text)).toBe(true);
        expect(putIn(format, result, leaves)).toBe(result);
      }),
    );
  });

  test("and out again, with everything else where it was", () => {
    fc.assert(
      fc.property(texts, fc.boolean(), (text, crlf) => {
        const original = crlf ? text.replaceAll("\n", "\r\n") : text;
        const written = putIn(format, original, leaves);
        if (original.includes("\r\n")) expect(written).not.toMatch(/(^|[^\r])\n/);
        const result = takeOut(format, written, paths, original);
        expect(format.parse(result)).toEqual(format.parse(original));
        expect(result.trimEnd()).toBe(original.trimEnd());
      }),
    );
  });

  test("what was there before comes back as it was written", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const earlier = leaves.map((leaf) => ({
          ...leaf,
          value: typeof leaf.path.at(-1) === "object" ? leaf.value : 7,
        }));
        const original = putIn(format, text, earlier);
        const written = putIn(format, original, leaves);
        expect(takeOut(format, written, paths, original)).toBe(original);
      }),
    );
  });

  test("an Unreadable names a place in the text, and is the only thing that a broken text can do", () => {
    fc.assert(
      fc.property(
        texts,
        fc.nat(),
        fc.constantFrom("", "{", "]", '"', "=", ":", "\n", "'", "#", "\\"),
        (text, at, sign) => {
          const cut = at % (text.length + 1);
          const broken = text.slice(0, cut) + sign + text.slice(cut + 1);
          try {
            putIn(format, broken, leaves);
          } catch (error) {
            if (error instanceof Unchangeable) return;
            expect(error).toBeInstanceOf(Unreadable);
            const { line, column } = error as Unreadable;
            const lines = broken.split("\n");
            expect(line).toBeWithin(1, lines.length + 1);
            expect(column).toBeWithin(1, (lines[line - 1] ?? "").length + 2);
          }
        },
      ),
    );
  });
});

/** What a write makes of a text, with one key at the top, one below, and one that is there. */
function change(format: Format, text: string): string {
  const provider = { path: ["p", "sluice"], value: { u: "x", n: 1 } };
  return putIn(format, text, leavesOf([{ path: ["model"], value: "m" }, provider]));
}

describe("json", () => {
  test.each([
    ["{}", '{\n  "model": "m",\n  "p": {\n    "sluice": {\n      "u": "x",\n      "n": 1\n    }\n  }\n}'],
    ['{"a":1}\n', '{"a":1, "model": "m", "p": { "sluice": { "u": "x", "n": 1 } }}\n'],
    ['{"a":1,}', '{"a":1, "model": "m", "p": { "sluice": { "u": "x", "n": 1 } },}'],
    [
      '{\n\t"a": 1, // one\n\t// the end\n}\n',
      '{\n\t"a": 1, // one\n\t"model": "m",\n\t"p": {\n\t\t"sluice": {\n\t\t\t"u": "x",\n\t\t\t"n": 1,\n\t\t},\n\t},\n\t// the end\n}\n',
    ],
    [
      "{model:'o' /* old */,\n  p: {},\n}",
      '{model:"m" /* old */,\n  p: {\n    "sluice": {\n      "u": "x",\n      "n": 1,\n    },\n  },\n}',
    ],
    [
      "{\n  // nothing yet\n}",
      '{\n  // nothing yet\n  "model": "m",\n  "p": {\n    "sluice": {\n      "u": "x",\n      "n": 1\n    }\n  }\n}',
    ],
  ])("%j", (text, expected) => {
    expect(JSON.stringify(change(json, text).replace(/,(?=\s*\})/g, ""))).toBe(
      JSON.stringify(expected.replace(/,(?=\s*\})/g, "")),
    );
  });

  test("a key such as __proto__ is a key", () => {
    const text = '{"__proto__": {"model": "theirs"}, "constructor": 1}';
    const result = change(json, text);
    expect(result).toStartWith('{"__proto__": {"model": "theirs"}, "constructor": 1, "model": "m", ');
    expect(takeOut(json, result, [["model"], ["p", "sluice", "u"], ["p", "sluice", "n"]], text)).toBe(text);
  });

  test.each([
    ['{"a" 1}', 1, 6, 'has "1" where a colon should be'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'has "\\"" where a comma or } should be'],
    ['{\n  "a": nul\n}', 2, 8, "is no JSON"],
    ['{"a": "x', 1, 7, 'has "\\"" where a value should be'],
    ['{"a": 1', 1, 8, "has the end of the file where a comma or } should be"],
    ["{} {}", 1, 4, 'has "{" where the end of the file should be'],
    ["// only", 1, 8, "has the end of the file where a value should be"],
    ["[1]", 1, 1, "must hold an object"],
    [`{"a": ${"[".repeat(100_000)}`, 1, 207, "is nested too deeply"],
  ])("refused: %j", (text, line, column, message) => expectUnreadable(json, text, { line, column, message }));
});

describe("toml", () => {
  test.each([
    ["", 'model = "m"\n\n[p.sluice]\nu = "x"\nn = 1\n'],
    ["model = 'o' # mine\n", 'model = "m" # mine\n\n[p.sluice]\nu = "x"\nn = 1\n'],
    ["# top\n[a]\nb = 1", 'model = "m"\n\n# top\n[a]\nb = 1\n\n[p.sluice]\nu = "x"\nn = 1\n'],
    ["x = 1 # c\n\n[a]\n", 'x = 1 # c\nmodel = "m"\n\n[a]\n\n[p.sluice]\nu = "x"\nn = 1\n'],
    [
      'x = """\n[p.sluice]\n"""\n[p.sluice]\nu = "o"\nmore = true\n\n[z]\n',
      'x = """\n[p.sluice]\n"""\nmodel = "m"\n[p.sluice]\nu = "x"\nmore = true\nn = 1\n\n[z]\n',
    ],
    [
      "[[l]]\nmodel = 1\n[l.p.sluice]\nu = 2\n",
      'model = "m"\n\n[[l]]\nmodel = 1\n[l.p.sluice]\nu = 2\n\n[p.sluice]\nu = "x"\nn = 1\n',
    ],
  ])("%j", (text, expected) => {
    expect(JSON.stringify(change(toml, text))).toBe(JSON.stringify(expected));
  });

  test.each([
    ["a = = 2", 1, 5, 'has "=" where a value should be'],
    ["a = 1\nb", 2, 2, 'has the end of the file where "=" should be'],
    ["a = 1 b = 2", 1, 7, 'has "b" where the end of the line should be'],
    ['a = """x', 1, 5, 'has "\\"" where a value should be'],
    ["a = 1\n  a = 2", 2, 3, "is no TOML (TOML Parse error: Cannot redefine key 'a')"],
    ["[a]\nb = 1\n[a]\n", 3, 1, "is no TOML (TOML Parse error: Cannot redefine table 'a')"],
    [`a = ${"[".repeat(100_000)}`, 1, 206, "is nested too deeply"],
  ])("refused: %j", (text, line, column, message) => expectUnreadable(toml, text, { line, column, message }));

  test.each(["p = { o = 1 }", "p.sluice.u = 1", "[[p]]\na = 1"])("not changed where it can't be: %j", (text) => {
    expect(() => change(toml, text)).toThrow(Unchangeable);
  });
});

describe("yaml", () => {
  test.each([
    ["# top\n", "# top\nmodel: m\np:\n  sluice:\n    u: x\n    n: 1\n"],
    ["model: o # mine\nz:", "model: m # mine\nz:\np:\n  sluice:\n    u: x\n    n: 1"],
    [
      "p:\n    other:\n        a: 1\n# end\n",
      "p:\n    other:\n        a: 1\n    sluice:\n      u: x\n      n: 1\nmodel: m\n# end\n",
    ],
    ['{"a": 1}', '{"a": 1, "model":"m", "p":{"sluice":{"u":"x", "n":1}}}'],
    ["---\na: |+\n  x\n\n...\n", "---\na: |+\n  x\n\nmodel: m\np:\n  sluice:\n    u: x\n    n: 1\n...\n"],
  ])("%j", (text, expected) => {
    expect(JSON.stringify(change(yaml, text))).toBe(JSON.stringify(expected));
  });

  test.each([
    ["models: []\n", 'models: [{"name":"A","k":1}]\n'],
    ["models: [{name: B}, ]\n", 'models: [{name: B}, {"name":"A","k":1}, ]\n'],
    ["models:\n", "models:\n  - name: A\n    k: 1\n"],
    ["models:\n- name: B # b\n# end\nz: 1\n", "models:\n- name: B # b\n- name: A\n  k: 1\n# end\nz: 1\n"],
    ["models:\n  - name: A\n    old: 1\n  - name: B\n", "models:\n  - name: A\n    k: 1\n  - name: B\n"],
  ])("an item of a list by its name: %j", (text, expected) => {
    const entry = { path: ["models", { name: "A" }], value: { name: "A", k: 1 } };
    expect(JSON.stringify(putIn(yaml, text, [entry]))).toBe(JSON.stringify(expected));
  });

  test.each([
    [
      "a: [1\nb: }",
      2,
      1,
      "is no YAML (Flow sequence in block collection must be sufficiently indented and end with a ])",
    ],
    ["a: 1\n  b: 2\n", 1, 4, "is no YAML (Nested mappings are not allowed in compact mappings)"],
    ["a: 1\na: 2\n", 2, 1, "is no YAML (Map keys must be unique)"],
    ["- 1\n", 1, 1, "must hold keys and values"],
  ])("refused: %j", (text, line, column, message) => expectUnreadable(yaml, text, { line, column, message }));

  test("a bomb of aliases, and a text that is nested without an end", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]", ..."bcdefg"].map((name, at) =>
      at === 0
        ? name
        : `${name}: &${name} [${Array(10)
            .fill(`*${String.fromCharCode(96 + at)}`)
            .join(", ")}]`,
    );
    expect(() => change(yaml, bomb.join("\n"))).toThrow(Unreadable);
    expect(() => change(yaml, `a: ${"[".repeat(20_000)}`)).toThrow(Unreadable);
  });

  test("not changed where an alias would change, too", () => {
    expect(() => change(yaml, "model: &a o\nz: *a\n")).toThrow(Unchangeable);
  });
});

function expectUnreadable(
  format: Format,
  text: string,
  place: { line: number; column: number; message: string },
): void {
  try {
    change(format, text);
  } catch (error) {
    expect(error).toBeInstanceOf(Unreadable);
    const { line, column, message } = error as Unreadable;
    expect({ line, column, message }).toEqual(place);
    return;
  }
  throw new Error("It was read");
}
