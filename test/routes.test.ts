import { describe, expect, test } from "bun:test";
import { findRoute } from "../src/routes.ts";

const plain = new Headers();
const versioned = new Headers({ "anthropic-version": "2023-06-01" });

describe("a path", () => {
  test.each([
    ["/v1/messages", "anthropic", "answer"],
    ["/messages", "anthropic", "answer"],
    ["/v1/messages/", "anthropic", "answer"],
    ["/v1/messages/count_tokens", "anthropic", "count"],
    ["/v1/responses/input_tokens", "responses", "count"],
    ["/v1/responses/input_tokens/input_items", "responses", "input_items"],
    ["/v1/chat/completions", "chat", "answer"],
    ["/chat/completions", "chat", "answer"],
    ["/v1/responses", "responses", "answer"],
    ["/responses/", "responses", "answer"],
    ["/v1/models", "chat", "models"],
    ["/models/", "chat", "models"],
    ["/health", "chat", "health"],
    ["/v1/health", "chat", "health"],
    ["/", "chat", "page"],
    ["/page/main.ts", "chat", "page"],
    ["/live", "chat", "live"],
    ["/snippets", "chat", "snippets"],
    ["/v1/", "chat", undefined],
    ["//", "chat", undefined],
    ["/v1/live", "chat", undefined],
    ["/v1", "chat", undefined],
    ["/v1/v1/messages", "chat", undefined],
    ["/v1/messagesx", "chat", undefined],
    ["/v1/messages/nothing", "anthropic", undefined],
  ])("%s is %s %s", (path, dialect, endpoint) => {
    const route = findRoute(path, plain);
    expect<unknown>([route.dialect.name, route.endpoint]).toEqual([dialect, endpoint]);
  });

  test("that two APIs share is Anthropic's for who names a version", () => {
    for (const path of ["/", "/page/main.ts", "/live"]) expect(findRoute(path, versioned).dialect.name).toBe("chat");
    for (const path of ["/v1/models", "/v1/models/sonnet", "/v1/nothing"]) {
      expect(findRoute(path, versioned).dialect.name).toBe("anthropic");
      expect(findRoute(path, plain).dialect.name).toBe("chat");
    }
  });

  test.each([
    ["/v1/models/sonnet", "sonnet"],
    ["/v1/models/anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4.5"],
    ["/models/anthropic%2Fclaude-opus-4-6", "anthropic/claude-opus-4-6"],
    ["/v1/models/opus%5B1m%5D", "opus[1m]"],
    ["/v1/models/%E0%A4%A", "%E0%A4%A"],
  ])("%s names the model %s", (path, model) => {
    expect(findRoute(path, plain)).toMatchObject({ endpoint: "model", id: model });
  });
});
