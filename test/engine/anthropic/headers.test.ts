import { expect, test } from "bun:test";
import { toClient, toUpstream } from "../../../src/engine/anthropic/headers.ts";

const own = { "x-mine": "1", "x-hop": "2", "anthropic-beta": "one" };

test.each([
  ["X-Hop", ["x-mine", "anthropic-beta"]],
  ["close, x-hop , X-Mine", ["anthropic-beta"]],
  ["keep-alive", ["x-mine", "x-hop", "anthropic-beta"]],
  ["é, ,", ["x-mine", "x-hop", "anthropic-beta"]],
])("what a Connection of %j names ends with the connection, both ways (RFC 9110, 7.6.1)", (connection, left) => {
  for (const pass of [(headers: Headers) => toUpstream(headers, false), toClient]) {
    const passed = pass(new Headers({ ...own, connection }));
    expect(Object.keys(own).filter((name) => passed.has(name))).toEqual(left);
    expect(passed.has("connection")).toBe(false);
  }
});

test.each([
  ["application/json", false],
  ["text/event-stream; charset=utf-8", false],
  ["text/html", true],
  ["image/svg+xml", true],
  ["application/jsonx", true],
  [undefined, true],
])("an upstream's answer of type %p is no page in the name of Sluice: %p", (type, boxed) => {
  const headers = toClient(new Headers(type === undefined ? {} : { "content-type": type }));
  expect(headers.get("content-security-policy")).toBe(boxed ? "sandbox" : null);
  expect(headers.get("x-content-type-options")).toBe(boxed ? "nosniff" : null);
});
