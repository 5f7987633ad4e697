import { describe, expect, spyOn, test } from "bun:test";
import crypto from "node:crypto";
import { hostname } from "node:os";
import fc from "fast-check";
import { ProxyError } from "../src/error.ts";
import { createGuard, type Guard, readBody } from "../src/guard.ts";

const defaults = {
  host: "127.0.0.1",
  clientKey: undefined as string | undefined,
  maxBody: 1000,
  allowedHosts: [] as string[],
  allowedOrigins: [] as string[],
};
const page = "https://page.example";

function guard(config: Partial<typeof defaults> = {}): Guard {
  return createGuard({ ...defaults, ...config });
}

function get(headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/v1/models", { headers: { host: "localhost:3456", ...headers } });
}

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request("http://localhost/v1/messages", {
    method: "POST",
    headers: { host: "localhost:3456", "content-type": "application/json", ...headers },
    body,
  });
}

/** The kind and status that a request is refused with; "entered" when it is not. */
function verdict(guarded: Guard, request: Request, options?: { keyless?: boolean }): string {
  try {
    guarded.check(request, options);
    return "entered";
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return `${error.kind} ${error.status}`;
  }
}

describe("Host", () => {
  const enters = (host: string, config: Partial<typeof defaults> = {}) => verdict(guard(config), get({ host }));

  test.each([
    "localhost",
    "localhost:3456",
    "LOCALHOST:1",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:65535",
    "[::1]",
    "[::1]:3456",
    "[0:0:0:0:0:0:0:1]",
  ])("%s is ours", (host) => expect(enters(host)).toBe("entered"));

  test.each([
    "evil.example",
    "evil.example:3456",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.2",
    "192.168.1.2",
    "[::2]",
    "0.0.0.0",
  ])("%s is not", (host) => expect(enters(host)).toBe("permission 403"));

  test.each([
    "",
    "localhost:99999",
    "localhost, evil.example",
    "user@localhost",
    "localhost/path",
    "http://localhost",
    "loc%61lhost",
    "::1",
    "[::1",
    "a".repeat(300),
  ])("%p is none", (host) => expect(enters(host)).toBe("invalid_request 400"));

  test("one that is missing is refused", () => {
    expect(verdict(guard(), new Request("http://localhost/"))).toBe("invalid_request 400");
  });

  test("the address we listen on, and names that were allowed", () => {
    expect(enters("192.168.1.2", { host: "192.168.1.2" })).toBe("entered");
    expect(enters("[fd00::1]:80", { host: "fd00::1" })).toBe("entered");
    expect(enters("Tunnel.example", { allowedHosts: ["tunnel.example"] })).toBe("entered");
    expect(enters("other.example", { allowedHosts: ["tunnel.example"] })).toBe("permission 403");
  });

  test.each(["0.0.0.0", "::"])("on %s any address is ours, and this machine's name", (host) => {
    expect(enters("192.168.1.2:3456", { host })).toBe("entered");
    expect(enters("[fd00::1]", { host })).toBe("entered");
    expect(enters(hostname(), { host })).toBe("entered");
    expect(enters("evil.example", { host })).toBe("permission 403");
  });
});

describe("Origin", () => {
  test("any is refused, also null, and what is nearly our own", () => {
    const near = ["http://localhost", "http://localhost:3457", "http://127.0.0.1:3456", "ftp://localhost:3456"];
    for (const origin of [
      page,
      "null",
      "",
      ...near,
      "http://user@localhost:3456",
      "http://localhost:3456.evil.example",
    ]) {
      expect(verdict(guard(), get({ origin }))).toBe("permission 403");
    }
  });

  test("that of our own page enters, by whatever name it was reached", () => {
    expect(verdict(guard(), post("{}", { origin: "http://localhost:3456" }))).toBe("entered");
    expect(verdict(guard(), get({ host: "[::1]:80", origin: "http://[::1]:80" }))).toBe("entered");
    const tunnel = guard({ allowedHosts: ["tunnel.example"] });
    expect(verdict(tunnel, get({ host: "tunnel.example", origin: "https://tunnel.example" }))).toBe("entered");
  });

  test("a page under a name that leads here is not our own, nor is one that a browser says is of another site", () => {
    const headers = { host: "evil.example:3456", origin: "http://evil.example:3456" };
    expect(verdict(guard(), get({ ...headers, "sec-fetch-site": "same-origin" }))).toBe("permission 403");
    for (const site of ["cross-site", "same-site"]) {
      const own = { origin: "http://localhost:3456", "sec-fetch-site": site };
      expect(verdict(guard(), get(own))).toBe("permission 403");
    }
  });

  test("one that is allowed enters, whatever the case and the fetch site", () => {
    const open = guard({ allowedOrigins: [page] });
    expect(verdict(open, get({ origin: page }))).toBe("entered");
    expect(verdict(open, get({ origin: "https://Page.example", "sec-fetch-site": "cross-site" }))).toBe("entered");
    expect(verdict(open, get({ origin: "https://page.example.evil" }))).toBe("permission 403");
    expect(verdict(open, get({ origin: "http://page.example" }))).toBe("permission 403");
  });

  test("what a page fetches without an Origin is refused", () => {
    const open = guard({ allowedOrigins: [page] });
    for (const site of ["cross-site", "same-site", "Cross-Site"]) {
      expect(verdict(open, get({ "sec-fetch-site": site }))).toBe("permission 403");
    }
    for (const site of ["none", "same-origin"]) expect(verdict(open, get({ "sec-fetch-site": site }))).toBe("entered");
  });

  test("answers to an allowed one can be read by it, answers to others cannot", () => {
    const open = guard({ allowedOrigins: [page] });
    expect(open.corsHeaders(get({ origin: page }))).toMatchObject({
      "access-control-allow-origin": page,
      vary: "origin",
    });
    expect(open.corsHeaders(get({ origin: "https://other.example" }))).toEqual({});
    expect(open.corsHeaders(get())).toEqual({});
  });
});

describe("preflight", () => {
  const ask = (headers: Record<string, string>) =>
    new Request("http://localhost/v1/messages", {
      method: "OPTIONS",
      headers: { host: "localhost", "access-control-request-method": "POST", ...headers },
    });

  test("is answered for an allowed origin, without a key", () => {
    const response = guard({ allowedOrigins: [page], clientKey: "secret" }).preflight(
      ask({ origin: page, "access-control-request-headers": "x-api-key,content-type" }),
    );
    expect(response?.status).toBe(204);
    expect(response?.headers.get("access-control-allow-origin")).toBe(page);
    expect(response?.headers.get("access-control-allow-headers")).toBe("x-api-key,content-type");
    expect(response?.headers.get("access-control-allow-methods")).toContain("POST");
  });

  test("is refused for others, and for a foreign host", () => {
    const open = guard({ allowedOrigins: [page] });
    expect(() => open.preflight(ask({ origin: "https://other.example" }))).toThrow(ProxyError);
    expect(() => open.preflight(ask({ origin: page, host: "evil.example" }))).toThrow(ProxyError);
  });

  test("is told from other requests", () => {
    expect(guard().preflight(get())).toBeUndefined();
    expect(guard().preflight(new Request("http://localhost/", { method: "OPTIONS" }))).toBeUndefined();
  });
});

describe("client key", () => {
  const locked = guard({ clientKey: "secret" });

  test.each<Record<string, string>>([
    { authorization: "Bearer secret" },
    { authorization: "bearer secret" },
    { "x-api-key": "secret" },
    { authorization: "Bearer wrong", "x-api-key": "secret" },
    { authorization: "Bearer secret", "x-api-key": "wrong" },
  ])("%p enters", (headers) => expect(verdict(locked, get(headers))).toBe("entered"));

  test.each<Record<string, string>>([
    {},
    { authorization: "secret" },
    { authorization: "Basic secret" },
    { authorization: "Bearer secre" },
    { authorization: "Bearer secrets" },
    { authorization: "Bearer" },
    { "x-api-key": "" },
    { "x-api-key": "Secret" },
  ])("%p does not", (headers) => expect(verdict(locked, get(headers))).toBe("authentication 401"));

  test("is not asked for where none is set, nor for /health", () => {
    expect(verdict(guard(), get({ "x-api-key": "anything" }))).toBe("entered");
    expect(verdict(locked, get(), { keyless: true })).toBe("entered");
    expect(verdict(locked, get({ host: "evil.example" }), { keyless: true })).toBe("permission 403");
  });

  test("is compared in a time that tells nothing of it: by one comparison of hashes, whatever was sent", () => {
    const compare = spyOn(crypto, "timingSafeEqual");
    try {
      for (const key of ["", "s", "secre", "secret", "Secret", "secretsecret", "x".repeat(10_000)]) {
        compare.mockClear();
        verdict(locked, get({ "x-api-key": key }));
        expect(compare.mock.calls.map((values) => values.map(({ byteLength }) => byteLength))).toEqual([[32, 32]]);
      }
      // And nothing but its outcome decides.
      compare.mockReturnValue(true);
      expect(verdict(locked, get({ "x-api-key": "wrong" }))).toBe("entered");
      compare.mockReturnValue(false);
      expect(verdict(locked, get({ "x-api-key": "secret" }))).toBe("authentication 401");
    } finally {
      compare.mockRestore();
    }
  });

  test("nothing else is said to who has none", () => {
    const tooLarge = post("x", { "content-length": "5000", "content-type": "text/plain" });
    expect(verdict(locked, tooLarge)).toBe("authentication 401");
  });
});

describe("body", () => {
  test.each(["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"])("%s enters", (type) => {
    expect(verdict(guard(), post("{}", { "content-type": type }))).toBe("entered");
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json-patch",
    "text/plain; application/json",
    "",
  ])("%p does not", (type) => {
    expect(verdict(guard(), post("{}", { "content-type": type }))).toBe("invalid_request 415");
  });

  test("none needs no type", () => expect(verdict(guard(), post(null, { "content-type": "" }))).toBe("entered"));

  test("a length above the limit is refused before anything is read", () => {
    expect(verdict(guard(), post("{}", { "content-length": "1000" }))).toBe("entered");
    expect(verdict(guard(), post("{}", { "content-length": "1001" }))).toBe("too_large 413");
  });
});

test("whatever the headers, a guard says yes or throws a ProxyError", () => {
  const names = ["host", "origin", "authorization", "x-api-key", "content-type", "content-length", "sec-fetch-site"];
  const value = fc.oneof(
    fc.constantFrom("localhost", "[::1]:1", page, "Bearer secret", "application/json", "12", "-1", "NaN", "cross-site"),
    fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) }),
  );
  const headers = fc.dictionary(fc.constantFrom(...names), value);
  const guards = [guard(), guard({ host: "::", clientKey: "secret", allowedOrigins: [page] })];
  const seen = new Set<string>();
  fc.assert(
    fc.property(
      headers,
      fc.constantFrom("GET", "POST", "OPTIONS"),
      fc.constantFrom(...guards),
      (given, method, one) => {
        const request = new Request("http://localhost/", {
          method,
          headers: given,
          body: method === "POST" ? "x" : null,
        });
        seen.add(verdict(one, request));
        one.corsHeaders(request);
      },
    ),
    { numRuns: 2000 },
  );
  // The property is worth something only if it came by most of the doors.
  expect([...seen]).toEqual(expect.arrayContaining(["entered", "invalid_request 400", "permission 403"]));
});

describe("readBody", () => {
  const fails = async (request: Request, limit = 1000, signal?: AbortSignal) => {
    const error = await readBody(request, limit, signal).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ProxyError);
    return error as ProxyError;
  };

  /** A body that comes in pieces, and tells how many were taken. */
  function pieces(all: Uint8Array[]) {
    const taken = { pieces: 0, canceled: false };
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = all[taken.pieces++];
          if (piece === undefined) controller.close();
          else controller.enqueue(piece);
        },
        cancel: () => void (taken.canceled = true),
      },
      { highWaterMark: 0 },
    );
    return { taken, body };
  }

  test("reads any JSON, whatever its cuts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), fc.integer({ min: 1, max: 7 }), async (value, length) => {
        const bytes = new TextEncoder().encode(JSON.stringify(value));
        const cuts = Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
          bytes.slice(i * length, (i + 1) * length),
        );
        expect(await readBody(post(pieces(cuts).body), 1_000_000)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("takes a body of exactly the limit, and none of one byte more", async () => {
    expect(await readBody(post('"12345678"'), 10)).toBe("12345678");
    expect((await fails(post('"123456789"'), 10)).status).toBe(413);
  });

  test("stops reading where the limit is passed, also without a length", async () => {
    const { taken, body } = pieces(Array.from({ length: 100 }, () => new Uint8Array(10)));
    expect((await fails(post(body), 25)).kind).toBe("too_large");
    expect(taken).toEqual({ pieces: 3, canceled: true });
  });

  test("takes no encoded body", async () => {
    expect((await fails(post("{}", { "content-encoding": "gzip" }))).status).toBe(415);
    expect(await readBody(post("{}", { "content-encoding": "identity" }), 10)).toEqual({});
  });

  test("takes no bytes that are no UTF-8", async () => {
    const error = await fails(post(new Uint8Array([0x22, 0xff, 0x22])));
    expect([error.status, error.message]).toEqual([400, "The request body is not valid UTF-8."]);
  });

  test("says what is wrong with JSON, in a bounded sentence", async () => {
    const error = await fails(post(`{"a": ${"x".repeat(5000)}`), 10_000);
    expect(error.status).toBe(400);
    expect(error.message).toStartWith("The request body is not valid JSON: ");
    expect(error.message.length).toBeLessThan(300);
    expect((await fails(post("[".repeat(100_000)), 1_000_000)).status).toBe(400);
  });

  test.each([null, "", " \n"])("a body of %p is empty", async (body) => {
    expect((await fails(post(body))).message).toBe("The request body is empty: send a JSON object.");
  });

  test("leaves what is no object to the dialect", async () => {
    expect(await readBody(post("[1]"), 10)).toEqual([1]);
    expect(await readBody(post("null"), 10)).toBeNull();
  });

  test("a client that goes away cancels, before and while it is read", async () => {
    expect((await fails(post("{}"), 10, AbortSignal.abort())).kind).toBe("canceled");

    const gone = new AbortController();
    const reading = Promise.withResolvers<void>();
    const body = new ReadableStream({
      pull: () => {
        reading.resolve();
        return new Promise<void>(() => {});
      },
    });
    const failed = fails(post(body), 10, gone.signal);
    await reading.promise;
    gone.abort();
    expect((await failed).kind).toBe("canceled");
  });

  test("a connection that breaks cancels", async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    expect((await fails(post(body))).kind).toBe("canceled");
  });
});
