import {
  applyEdits,
  cutStatement,
  type Edit,
  type Format,
  lineEnding,
  lineStart,
  matchAt,
  type Range,
  Unreadable,
  type Value,
} from "./format.ts";
import { scan, type Statement } from "./toml-scan.ts";

export const toml: Format = {
  parse(text) {
    const statements = scan(text);
    try {
      return Bun.TOML.parse(text);
    } catch (error) {
      // Bun does not say where, so the first statement that can't be read after those before it is looked for.
      const wrong = statements.find(({ end }) => !isValid(text.slice(0, end)));
      throw new Unreadable(text, wrong?.start ?? 0, `is no TOML (${(error as Error).message})`);
    }
  },

  set(text, path, value) {
    const keys = path as readonly string[];
    const statements = scan(text);
    const there = valueIn(statements, keys);
    const edit = there ? { ...there, text: render(value) } : insert(text, statements, keys, value);
    return applyEdits(text, [edit]);
  },

  locate(text, path) {
    return valueIn(scan(text), path as readonly string[]);
  },

  remove(text, path) {
    const gone = scan(text).filter((one) => isBelow(one, path as readonly string[]));
    const edits = gone.map((one) =>
      one.value === undefined ? cutHead(text, one) : cutStatement(text, one.start, one.end),
    );
    const result = applyEdits(text, edits);
    // The empty line below what stood above everything else.
    return edits[0]?.start === 0 ? result.replace(/^\r?\n/, "") : result;
  },
};

function valueIn(statements: readonly Statement[], keys: readonly string[]): Range | undefined {
  const there = statements.find((one) => one.value !== undefined && isAt(one, keys));
  return there?.value === undefined ? undefined : { start: there.value, end: there.end };
}

function isValid(text: string): boolean {
  try {
    Bun.TOML.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isAt({ path }: Statement, keys: readonly string[]): boolean {
  return path.length === keys.length && isBelow({ path }, keys);
}

function isBelow({ path }: Pick<Statement, "path">, keys: readonly string[]): boolean {
  return keys.every((key, index) => path[index] === key);
}

/** A value as TOML writes it, on one line; its strings are those of JSON. */
function render(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(render).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const pairs = Object.entries(value).map(([key, inner]) => `${name(key)} = ${render(inner)}`);
  return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
}

function name(key: string): string {
  return /^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key);
}

/** A key goes behind the last one of its table; the keys above all tables go first, and a new table last. */
function insert(text: string, statements: readonly Statement[], keys: readonly string[], value: Value): Edit {
  const ending = lineEnding(text);
  const table = keys.slice(0, -1);
  const line = `${name(keys.at(-1) ?? "")} = ${render(value)}`;
  const head = table.length === 0 ? -1 : statements.findIndex((one) => one.value === undefined && isAt(one, table));
  if (table.length === 0 || head >= 0) {
    const next = statements.findIndex((one, index) => index > head && one.value === undefined);
    const last = statements[(next < 0 ? statements.length : next) - 1];
    if (last !== undefined) return behind(text, last, ending + line);
    return { start: 0, end: 0, text: line + ending + (text === "" ? "" : ending) };
  }
  const gap = text === "" || /\n\r?\n$/.test(text) ? "" : text.endsWith("\n") ? ending : ending + ending;
  return {
    start: text.length,
    end: text.length,
    text: `${gap}[${table.map(name).join(".")}]${ending}${line}${ending}`,
  };
}

/** Behind a statement and the comment on its line. */
function behind(text: string, { end }: Statement, added: string): Edit {
  const at = end + matchAt(/[ \t]*(?:#[^\n]*)?/y, text, end).trimEnd().length;
  return { start: at, end: at, text: added };
}

/** The head of a table, and the empty line above it. */
function cutHead(text: string, { start, end }: Statement): Edit {
  const edit = cutStatement(text, start, end);
  const above = lineStart(text, edit.start) - 1;
  const before = /\n(\r?\n)$/.exec(text.slice(0, above + 1))?.[1] ?? "";
  return edit.start > 0 ? { ...edit, start: edit.start - before.length } : edit;
}
