import { matchAt, Unreadable } from "./format.ts";

/** `key = value`, or the head of a table. */
export interface Statement {
  /** The whole path; below an element of an array of tables it has a part that no key is like. */
  readonly path: readonly string[];
  readonly start: number;
  readonly end: number;
  /** Where the value begins; undefined for the head of a table. */
  readonly value?: number;
}

const blank = /(?:[ \t\r\n]|#[^\n]*)*/y;
const space = /[ \t]*/y;
const key = /"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+/y;
const long = /"""(?:[^\\]|\\[^])*?"""(?:"{1,2}(?!"))?|'''[^]*?'''(?:'{1,2}(?!'))?/y;
const short = /"(?:[^"\\\n]|\\[^\n])*"|'[^'\n]*'/y;
const bare = /[A-Za-z0-9_+.:-]+(?: [0-9][0-9:.+Zz-]*)?/y;

/** No config file needs nearly as much. */
const deepest = 200;

/** The statements of a TOML text, in its order. Throws an Unreadable; what a value may be it does not judge. */
export function scan(text: string): Statement[] {
  const statements: Statement[] = [];
  let table: string[] = [];
  let at = matchAt(blank, text, 0).length;

  const skip = (pattern: RegExp) => {
    at += matchAt(pattern, text, at).length;
  };
  const expected = (what: string): never => {
    const found = at < text.length ? JSON.stringify(text[at]) : "the end of the file";
    throw new Unreadable(text, at, `has ${found} where ${what} should be`);
  };
  const take = (sign: string, what = JSON.stringify(sign)) => {
    if (!text.startsWith(sign, at)) expected(what);
    at += sign.length;
  };
  const keys = (): string[] => {
    const path: string[] = [];
    do {
      if (path.length > 0) take(".");
      skip(space);
      const token = matchAt(key, text, at);
      if (token === "") expected("a key");
      path.push(nameOf(token));
      at += token.length;
      skip(space);
    } while (text[at] === ".");
    return path;
  };
  const value = (depth: number): void => {
    if (depth > deepest) throw new Unreadable(text, at, "is nested too deeply");
    const closing = text[at] === "[" ? "]" : "}";
    if (text[at] !== "[" && text[at] !== "{") {
      const token = matchAt(long, text, at) || matchAt(short, text, at) || matchAt(bare, text, at);
      if (token === "" || /^(?:"""|''')/.test(text.slice(at)) !== /^(?:"""|''')/.test(token)) expected("a value");
      at += token.length;
      return;
    }
    at += 1;
    skip(blank);
    while (text[at] !== closing) {
      if (closing === "}") {
        keys();
        take("=");
        skip(blank);
      }
      value(depth + 1);
      skip(blank);
      if (text[at] !== closing) take(",", `a comma or ${closing}`);
      skip(blank);
    }
    at += 1;
  };

  while (at < text.length) {
    const start = at;
    if (text[at] === "[") {
      const list = text.startsWith("[[", at);
      take(list ? "[[" : "[");
      table = keys();
      take(list ? "]]" : "]");
      statements.push({ path: table, start, end: at });
      if (list) table = [...table, `\n${start}`];
    } else {
      const path = [...table, ...keys()];
      take("=");
      skip(space);
      const from = at;
      value(0);
      statements.push({ path, start, end: at, value: from });
    }
    skip(space);
    if (text[at] !== undefined && !/[#\r\n]/.test(text[at] ?? "")) expected("the end of the line");
    skip(blank);
  }
  return statements;
}

/** A key without its quotes. */
function nameOf(token: string): string {
  if (token.startsWith("'")) return token.slice(1, -1);
  if (!token.startsWith('"')) return token;
  try {
    return String(JSON.parse(token));
  } catch {
    // An escape that only TOML has: no key of ours has one.
    return token;
  }
}
