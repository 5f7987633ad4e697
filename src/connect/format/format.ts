/** How a config file is changed: by ranges of its text, so that all else in it stays as it is, byte for byte. */

/** What can stand in a config file. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

/** Where something stands: keys, and for an item of a list the `name` that it has. */
export type Path = readonly (string | { readonly name: string })[];

/** A language of config files. Each function throws an Unreadable where the text is not of it. */
export interface Format {
  /** What the text says; of a blank one `{}`. */
  parse(text: string): unknown;
  /** The text with a value at a path, and with what is missing on the way. */
  set(text: string, path: Path, value: Value): string;
  /** Where the value at a path stands. */
  locate(text: string, path: Path): Range | undefined;
  /** The text without what is at a path, which is there. */
  remove(text: string, path: Path): string;
}

/** A text that is not of its format. Line and column count from 1. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  readonly line: number;
  readonly column: number;

  constructor(text: string, offset: number, reason: string) {
    super(reason);
    const before = text.slice(0, offset).split(/\r\n|\n|\r/);
    this.line = before.length;
    this.column = (before.at(-1)?.length ?? 0) + 1;
  }
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** What is written in the place of a range. */
export interface Edit extends Range {
  readonly text: string;
}

/** The text with edits that do not overlap; those of one place in the order in which they are given. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let [result, at] = ["", 0];
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return result + text.slice(at);
}

/** The line ending that a text has, by its first one. */
export function lineEnding(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}

/** Where the line of an offset begins. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** The white space that the line of an offset begins with. */
export function indentation(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset)))?.[0] ?? "";
}

/** What a sticky pattern matches at an offset; where it does not, nothing. */
export function matchAt(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? "";
}

/** What takes a statement out: with its whole line where nothing else is on it, such as a comment. */
export function cutStatement(text: string, start: number, end: number): Edit {
  const begin = lineStart(text, start);
  const alone = text.slice(begin, start).trim() === "";
  const after = end + matchAt(/[ \t]*/y, text, end).length;
  if (text[end - 1] === "\n") return { start: alone ? begin : start, end, text: "" };
  const ending = matchAt(/\r?\n/y, text, after);
  if (alone && (ending !== "" || after === text.length)) return { start: begin, end: after + ending.length, text: "" };
  return { start, end: after, text: "" };
}

/** A value as it stands below the rest of its path. */
export function wrap(rest: Path, value: Value): Value {
  return rest.reduceRight<Value>((inner, part) => (typeof part === "string" ? { [part]: inner } : [inner]), value);
}
