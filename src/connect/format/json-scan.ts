import { matchAt, Unreadable } from "./format.ts";

/** A value of a JSON text, and where it stands. */
export interface Node {
  readonly start: number;
  readonly end: number;
  /** Undefined for what is no object. */
  readonly members?: readonly Member[];
}

export interface Member {
  readonly key: string;
  /** Where its key begins. */
  readonly start: number;
  readonly value: Node;
  /** Where the comma behind it stands. */
  readonly comma?: number;
}

/** No config file needs nearly as much. */
const deepest = 200;

const blank = /(?:\s|\/\/[^\n\r]*|\/\*[^]*?\*\/)*/y;
const quoted = /"(?:[^"\\\n\r]|\\(?:\r\n|[^]))*"|'(?:[^'\\\n\r]|\\(?:\r\n|[^]))*'/y;
const bare = /[^\s{}[\],:"'/]+/y;

/** Where everything in a JSON text stands: JSON5, and so JSON and JSONC, too. Throws an Unreadable. */
export function scan(text: string): Node {
  const scanner = new Scanner(text);
  const root = scanner.value(0);
  scanner.end();
  return root;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skip();
  }

  value(depth: number): Node {
    if (depth > deepest) this.#fail("is nested too deeply");
    const start = this.#at;
    if (this.#take("{")) return this.#object(start, depth);
    if (this.#take("[")) return this.#array(start, depth);
    const token = this.#token("a value");
    this.#check(token, start);
    return { start, end: start + token.length };
  }

  end(): void {
    this.#skip();
    if (this.#at < this.#text.length) this.#expected("the end of the file");
  }

  #object(start: number, depth: number): Node {
    const members: Member[] = [];
    this.#skip();
    while (!this.#take("}")) {
      const from = this.#at;
      const token = this.#token("a key or }");
      const [key = ""] = Object.keys(this.#check(`{${token}:0}`, from) as object);
      this.#skip();
      if (!this.#take(":")) this.#expected("a colon");
      this.#skip();
      const value = this.value(depth + 1);
      this.#skip();
      const comma = this.#at;
      const followed = this.#take(",");
      members.push({ key, start: from, value, ...(followed && { comma }) });
      this.#skip();
      if (!followed && this.#text[this.#at] !== "}") this.#expected("a comma or }");
    }
    return { start, end: this.#at, members };
  }

  #array(start: number, depth: number): Node {
    this.#skip();
    while (!this.#take("]")) {
      this.value(depth + 1);
      this.#skip();
      const followed = this.#take(",");
      this.#skip();
      if (!followed && this.#text[this.#at] !== "]") this.#expected("a comma or ]");
    }
    return { start, end: this.#at };
  }

  #token(what: string): string {
    const token = matchAt(quoted, this.#text, this.#at) || matchAt(bare, this.#text, this.#at);
    if (token === "") this.#expected(what);
    this.#at += token.length;
    return token;
  }

  #take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #skip(): void {
    this.#at += matchAt(blank, this.#text, this.#at).length;
  }

  /** What a token says, by Bun's own parser. */
  #check(token: string, start: number): unknown {
    try {
      return Bun.JSON5.parse(token);
    } catch {
      throw new Unreadable(this.#text, start, "is no JSON");
    }
  }

  #expected(what: string): never {
    const found = this.#at < this.#text.length ? JSON.stringify(this.#text[this.#at]) : "the end of the file";
    this.#fail(`has ${found} where ${what} should be`);
  }

  #fail(reason: string): never {
    throw new Unreadable(this.#text, this.#at, reason);
  }
}
