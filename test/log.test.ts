import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLog, formatForPeople, formatForPrograms } from "../src/log.ts";

const time = new Date("2026-11-21T01:20:00.000Z");

function line(message: string, fields: Record<string, unknown> = {}): string {
  return formatForPrograms(time, "info", message, fields);
}

/** Only the fields of a line, as a reader of JSON has them. */
function fields(given: Record<string, unknown>): Record<string, unknown> {
  const { time: _time, level: _level, msg: _msg, ...rest } = JSON.parse(line("m", given)) as Record<string, unknown>;
  return rest;
}

/** Only the fields of a line for people. */
function pairs(given: Record<string, unknown>): string {
  return Bun.stripANSI(formatForPeople(time, "info", "m", given)).replace(/^.* m ?/, "");
}

describe("a line", () => {
  test("is JSON for programs", () => {
    expect(line("POST /v1/messages", { status: 200, way: "cold", url: "http://localhost:1/a", none: undefined })).toBe(
      '{"time":"2026-11-21T01:20:00.000Z","level":"info","msg":"POST /v1/messages","status":200,"way":"cold","url":"http://localhost:1/a"}',
    );
  });

  test("is short for people, with quotes around what has spaces, quotes or nothing in it", () => {
    expect(pairs({ status: 200, a: "two words", b: 'a "b"', c: "", d: "a=b", none: undefined })).toBe(
      'status=200 a="two words" b="a \\"b\\"" c="" d="a=b"',
    );
    expect(Bun.stripANSI(formatForPeople(time, "warn", "POST /", {}))).toMatch(/^\d\d:20:00 warn  POST \/$/);
  });

  test("shows objects as they are, and errors with their stack, in the same line", () => {
    expect(fields({ usage: { input_tokens: 3 } })).toEqual({ usage: { input_tokens: 3 } });
    expect(pairs({ usage: { input_tokens: 3 } })).toBe('usage={"input_tokens":3}');
    expect(fields({ error: new TypeError("oh no") })["error"]).toMatch(/^TypeError: oh no\n[^]*log\.test\.ts/);
  });

  test("cuts what is too long", () => {
    for (const a of ["x".repeat(100_000), ["x".repeat(100_000)], "\x1b".repeat(4001)]) {
      expect(String(fields({ a })["a"]).length).toBeWithin(3990, 4010);
      expect(pairs({ a }).length).toBeLessThan(25_000);
    }
  });

  test("comes out whatever the value is", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    const odd = {
      toJSON() {
        throw new Error("no");
      },
    };
    expect(fields({ cycle, odd, big: 10n, nothing: null, call: () => 1, none: Symbol("s") })).toEqual({
      cycle: "[object Object]",
      odd: "[object Object]",
      big: "[object BigInt]",
      nothing: null,
      call: "() => 1",
      none: "Symbol(s)",
    });
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(fields({ value, end: 1 })["end"]).toBe(1);
        expect(pairs({ value, end: 1 })).toEndWith("end=1");
      }),
    );
  });

  test("cannot be broken, forged or coloured by what it shows", () => {
    const controls = /[\p{Cc}\u2028\u2029\u202e]/u;
    const nasty = fc.string({
      unit: fc.constantFrom("a", "\n", "\r", "\x1b[31m", "\x9b", "\u2028", "\u202e", "\x7f", '"'),
    });
    fc.assert(
      fc.property(nasty, nasty, nasty, (message, name, value) => {
        const json = line(message, { [name]: value, nested: { value } });
        expect(json).not.toMatch(controls);
        expect(JSON.parse(json)).toMatchObject({ msg: message, nested: { value } });
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
    expect(fields({ [name]: "hunter2" })).toEqual({ [name]: "[redacted]" });
    expect(fields({ headers: { [name]: "hunter2" } })).toEqual({ headers: { [name]: "[redacted]" } });
    expect(pairs({ [name]: "hunter2" })).toBe(`${name}=[redacted]`);
    expect(pairs({ headers: { [name]: "hunter2" } })).not.toContain("hunter2");
  });

  test.each(["input_tokens", "keyboard", "monkey", "model"])("%s is not", (name) => {
    expect(fields({ [name]: "seen" })).toEqual({ [name]: "seen" });
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
    expect(lines[0]).toMatch(/^\{"time":"[^"]+","level":"warn","msg":"careful","a":1\}\n$/);
  });

  test("level, format and length follow the configuration", () => {
    const lines: string[] = [];
    const log = createLog("warn", (text) => lines.push(text));
    log.info("unheard");
    log.configure({ logLevel: "info", logFormat: "pretty", logBodies: true }, (text) => text.replaceAll("word", "…"));
    log.info("heard", { a: `word ${"x".repeat(100_000)}` });
    log.configure({ logLevel: "error", logFormat: "json", logBodies: false });
    log.info("unheard");
    log.error("word");
    expect(lines.map((text) => Bun.stripANSI(text).slice(0, 40))).toEqual([
      expect.stringMatching(/^[\d:]{8} info  heard a="… x+$/),
      expect.stringMatching(/^\{"time":"/),
    ]);
    expect(lines[0]?.length).toBeGreaterThan(100_000);
    expect(lines[1]).toContain('"msg":"…"');
  });
});
