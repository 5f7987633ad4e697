/** Config files as people write them: with comments, blank lines, and every way of quoting. */

import fc from "fast-check";

/** None of ours is among them. */
const key = fc.constantFrom("a", "b", "theme", "long-key", "models2", "x.y", "__proto__", "constructor");
const word = fc.constantFrom("", "dark", "it's", 'say "hi"', "a # b", "// no comment", "[x]", "{", "ünï", "a: b", "1");
const comment = fc.constantFrom("", "", " note", ' "quoted" {', " model = 1", " a: [");
const gap = fc.constantFrom("", " ", "  ");

type Text = fc.Arbitrary<string>;

function unique<T>(pairs: readonly (readonly [string, T])[]): (readonly [string, T])[] {
  return [...new Map(pairs)];
}

const { value: jsonValue, object: jsonObject } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    word.map((one) => JSON.stringify(one)),
    fc.constantFrom("1", "-2.5e3", "0x1F", "true", "null", "'it is'", "+Infinity", "[]", "[ 1, [2,], ]", "{}"),
    tie("object"),
  ),
  object: fc
    .tuple(
      fc.array(fc.tuple(key, tie("value"), comment, gap), { maxLength: 4 }),
      fc.constantFrom("line", "lines", "bare lines"),
      fc.boolean(),
    )
    .map(([pairs, style, trailing]) => {
      const members = unique(pairs.map(([name, value, said, space]) => [name, { value, said, space }] as const));
      const lines = style !== "line";
      const inner = members.map(([name, { value, said, space }], at) => {
        const shown = style === "bare lines" && /^\w+$/.test(name) ? name : JSON.stringify(name);
        const comma = at < members.length - 1 || trailing ? "," : "";
        const remark = said === "" ? "" : lines ? ` //${said}` : ` /*${said} */`;
        return `${shown}:${space}${value.replaceAll("\n", lines ? "\n  " : "\n")}${comma}${remark}`;
      });
      if (inner.length === 0) return "{}";
      return lines ? `{\n${inner.map((line) => `  ${line}\n`).join("")}}` : `{ ${inner.join(" ")} }`;
    }),
}));
void jsonValue;

/** JSON, JSONC and JSON5. */
export const jsonText: Text = fc
  .tuple(fc.constantFrom("", "// top\n", "/* top */ "), jsonObject, fc.constantFrom("", "\n", " // end\n"))
  .map((parts) => parts.join(""));

const tomlValue = fc.oneof(
  word.map((one) => JSON.stringify(one)),
  fc.constantFrom(
    "1",
    "'lit'",
    "1979-05-27 07:32:00",
    '"""\n[no]\nmodel = 1\n"""',
    "'''\n# no'''",
    "[1, 2]",
    "[\n  1, # one\n]",
    "{ a = 1 }",
    "-inf",
  ),
);
const tomlLines = fc
  .array(fc.tuple(key, tomlValue, comment, fc.constantFrom("", "", "\n", "# above\n")), { maxLength: 3 })
  .map((lines) =>
    unique(lines.map(([name, ...rest]) => [name, rest] as const))
      .map(([name, [value, said, above]]) => {
        const shown = /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
        return `${above}${shown} = ${value}${said === "" ? "" : ` #${said}`}\n`;
      })
      .join(""),
  );
const table = fc.constantFrom("[t1]", "[t2.sub]", '[ "t 3" ]', "[[list]]", "[provider.other]");

export const tomlText: Text = fc
  .tuple(
    fc.constantFrom("", "# top\n", "# top\n\n"),
    tomlLines,
    fc.array(fc.tuple(table, tomlLines, fc.constantFrom("", "\n")), { maxLength: 3 }),
    fc.constantFrom("", "# end\n"),
  )
  .map(([top, lines, tables, end]) => {
    const below = unique(tables.map(([head, ...rest]) => [head, rest] as const));
    return top + lines + below.map(([head, [inner, blank]]) => `${blank}${head}\n${inner}`).join("") + end;
  });

const yamlScalar = fc.oneof(
  word.map((one) => JSON.stringify(one)),
  fc.constantFrom("1", "plain words", "'it''s'", "true", "~", "", "[1, {x: y}]", "{}", "!!str 5"),
);
const yamlValue = fc.oneof(
  fc.tuple(yamlScalar, comment).map(([value, said]) => ` ${value}${said === "" ? "" : ` #${said}`}\n`),
  fc.constantFrom(
    " |\n  text\n   more\n\n",
    " >-\n  folded\n",
    "\n  - 1\n  - k: v # k\n    l: w\n",
    "\n- x\n- y\n",
    "\n    deep:\n      er: 1\n",
  ),
);
const items = fc
  .array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.constantFrom("", " # t", "\n    k: v")), {
    minLength: 1,
    maxLength: 3,
  })
  .map(
    (all) =>
      `models:\n${unique(all)
        .map(([name, rest]) => `  - name: ${name}${rest}\n`)
        .join("")}`,
  );

export const yamlText: Text = fc
  .tuple(
    fc.constantFrom("", "# top\n", "---\n"),
    fc.array(fc.tuple(key, yamlValue, fc.constantFrom("", "", "\n", "# above\n")), { maxLength: 4 }),
    fc.constantFrom("", "first", "last"),
    items,
    fc.constantFrom("", "# end\n"),
  )
  .map(([top, pairs, where, models, end]) => {
    const lines = unique(pairs.map(([name, ...rest]) => [name, rest] as const))
      .map(([name, [value, above]]) => `${above}${name}:${value}`)
      .join("");
    return top + (where === "first" ? models : "") + lines + (where === "last" ? models : "") + end;
  });
