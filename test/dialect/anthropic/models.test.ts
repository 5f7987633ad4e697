import { describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { anthropic } from "../../../src/dialect/anthropic/index.ts";
import { ProxyError } from "../../../src/error.ts";
import type { Model } from "../../../src/messages/types.ts";

const model = (id: string): Model => ({ id, display_name: id.toUpperCase(), resolved: id, created: 1_700_000_000 });
const five = ["a", "b", "c", "d", "e"].map(model);

const page = (query: string, models: readonly Model[] = five) =>
  anthropic.encodeModels(models, new URLSearchParams(query));
const ids = (...names: string[]) => names.map((id) => ({ id }));

test("a model has all fields of the API", () => {
  expect(anthropic.encodeModel(model("opus"))).toEqual({
    type: "model",
    id: "opus",
    display_name: "OPUS",
    created_at: "2023-11-14T22:13:20.000Z",
    max_input_tokens: null,
    max_tokens: null,
    capabilities: null,
    deprecated_at: null,
    retires_at: null,
    lifecycle: "active",
    line: null,
  });
});

describe("pages", () => {
  test.each([
    ["", ids("a", "b", "c", "d", "e"), false],
    ["limit=5", ids("a", "b", "c", "d", "e"), false],
    ["limit=2", ids("a", "b"), true],
    ["limit=2&after_id=b", ids("c", "d"), true],
    ["limit=2&after_id=c", ids("d", "e"), false],
    ["limit=2&before_id=e", ids("c", "d"), true],
    ["limit=2&before_id=c", ids("a", "b"), false],
    ["limit=2&before_id=b", ids("a"), false],
  ])("%p", (query, data, has_more) => {
    expect(page(query)).toMatchObject({ data, has_more, first_id: data[0]?.id, last_id: data.at(-1)?.id });
  });

  test("beyond either end, and of nothing", () => {
    const empty = { data: [], has_more: false, first_id: null, last_id: null };
    expect(page("after_id=e")).toEqual(empty);
    expect(page("before_id=a")).toEqual(empty);
    expect(page("", [])).toEqual(empty);
  });

  test("of twenty by default", () => {
    const many = Array.from({ length: 21 }, (_, n) => model(`m${n}`));
    expect(page("", many)).toMatchObject({ has_more: true, last_id: "m19" });
  });

  test.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=x", "limit"],
    ["limit=1e2", "limit"],
    ["after_id=z", "after_id"],
    ["before_id=z", "before_id"],
    ["after_id=a&before_id=c", "before_id"],
  ])("%p is refused", (query, param) => {
    expect(() => page(query)).toThrow(ProxyError);
    expect(() => page(query)).toThrow(new RegExp(`^${param}: `));
  });

  test("the official SDK walks through all of them", async () => {
    const fetch = async (url: string | URL | Request) =>
      Response.json(page(new URL(url instanceof Request ? url.url : url).search));
    const client = new Anthropic({ apiKey: "k", maxRetries: 0, fetch });
    const seen: string[] = [];
    for await (const { id } of client.models.list({ limit: 2 })) seen.push(id);
    expect(seen).toEqual(["a", "b", "c", "d", "e"]);
  });
});
