import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLog, formatForPeople, formatForPrograms } from "../src/log.ts";

const time = new Date("2026-11-21T01:20:00.000Z");

function line(message: string, fields: Record<string, unknown> = {}): string {
  return formatForPrograms(time, "info", message, fields);
}

/** Only the fields of a line. */
function fields(given: Record<string, unknown>): string {
  return line("m", given).replace(/^.* msg=m ?/, "");
}

describe("a line", () => {
  test("is logfmt", () => {
    expect(line("POST /v1/messages", { status: 200, way: "cold", url: "http://localhost:1/a", none: undefined })).toBe(
      'time=2026-11-21T01:20:00.000Z level=info msg="POST /v1/messages" status=200 way=cold url=http://localhost:1/a',
    );
  });

  test("quotes what has spaces, quotes or nothing in it", () => {
    expect(fields({ a: "two words", b: 'a "b"', c: "", d: "a=b" })).toBe('a="two words" b="a \\"b\\"" c="" d="a=b"');
  });

  test("shows objects as JSON and errors with their stack, in the same line", () => {
    expect(fields({ usage: { input_tokens: 3 } })).toBe('usage="{\\"input_tokens\\":3}"');
    expect(fields({ error: new TypeError("oh no") })).toMatch(/^error="TypeError: oh no\\n.*log\.test\.ts/);
  });

  test("cuts what is too long", () => expect(fields({ a: "x".repeat(100_000) }).length).toBeLessThan(5000));

  test("comes out whatever the value is", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const odd = {
      toJSON() {
        throw new Error("no");
      },
    };
    expect(fields({ cycle, odd, big: 10n, nothing: null, call: () => 1 })).toStartWith('cycle="[object Object]" odd=');
    fc.assert(fc.property(fc.anything(), (value) => expect(fields({ value, end: 1 })).toEndWith("end=1")));
  });

  test("cannot be broken, forged or coloured by what it shows", () => {
    const controls = /[\p{Cc}\u2028\u2029\u202e]/u;
    const nasty = fc.string({
      unit: fc.constantFrom("a", "\n", "\r", "\x1b[31m", "\x9b", "\u2028", "\u202e", "\x7f", '"'),
    });
    fc.assert(
      fc.property(nasty, nasty, nasty, (message, name, value) => {
        expect(line(message, { [name]: value, nested: { value } })).not.toMatch(controls);
        const pretty = formatForPeople(time, "warn", message, { [name]: value });
        // Its own colours are the only controls.
        const own = ["\x1b[90m", "\x1b[33m", "\x1b[0m"];
        expect(own.reduce((text, colour) => text.replaceAll(colour, ""), pretty)).not.toMatch(controls);
      }),
    );
  });
});

describe("secrets", () => {
  test.each([
    "key",
    "token",
    "authorization",
    "apiKey",
    "api_key",
    "x-api-key",
    "clientKey",
    "access_token",
    "Authorization",
    "cookie",
  ])("%s is redacted, also inside an object", (name) => {
    expect(fields({ [name]: "hunter2" })).toBe(`${name}=[redacted]`);
    expect(fields({ headers: { [name]: "hunter2" } })).not.toContain("hunter2");
    expect(formatForPeople(time, "info", "m", { [name]: "hunter2" })).not.toContain("hunter2");
  });

  test.each(["input_tokens", "keyboard", "monkey", "model"])("%s is not", (name) => {
    expect(fields({ [name]: "seen" })).toBe(`${name}=seen`);
  });
});

describe("levels", () => {
  test("what is below the level is dropped", () => {
    const counts = (["debug", "info", "warn", "error", "silent"] as const).map((level) => {
      const lines: string[] = [];
      const log = createLog(level, (text) => lines.push(text));
      log.debug("1");
      log.info("2");
      log.warn("3");
      log.error("4");
      expect(lines.every((text) => text.endsWith("\n") && text.indexOf("\n") === text.length - 1)).toBe(true);
      return lines.length;
    });
    expect(counts).toEqual([4, 3, 2, 1, 0]);
  });

  test("each line says its level", () => {
    const lines: string[] = [];
    createLog("debug", (text) => lines.push(text)).warn("careful", { a: 1 });
    expect(lines[0]).toMatch(/^time=\S+ level=warn msg=careful a=1\n$/);
  });
});
