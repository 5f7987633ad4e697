import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mintChatCompletionId, mintMessageId, mintRequestId, mintToolUseId } from "../../src/messages/ids.ts";
import { legalToolId } from "../../src/messages/tool-id.ts";

const base58 = "[1-9A-HJ-NP-Za-km-z]";

test.each([
  ["message", mintMessageId, new RegExp(`^msg_01${base58}{22}$`)],
  ["tool use", mintToolUseId, new RegExp(`^toolu_01${base58}{22}$`)],
  ["request", mintRequestId, new RegExp(`^req_01${base58}{22}$`)],
  ["chat completion", mintChatCompletionId, new RegExp(`^chatcmpl-${base58}{29}$`)],
])("%s ids have the API's form and differ", (_, mint, form) => {
  const ids = Array.from({ length: 500 }, mint);
  for (const id of ids) expect(id).toMatch(form);
  expect(new Set(ids).size).toBe(500);
});

test("ids use the whole alphabet", () => {
  const used = new Set(Array.from({ length: 200 }, () => mintMessageId().slice("msg_01".length)).join(""));
  expect(used.size).toBe(58);
});

describe("legalToolId", () => {
  test("leaves legal ids alone", () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-zA-Z0-9_-]+$/), (id) => legalToolId(id) === id));
  });

  test("makes any id legal", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "binary" }), (id) => /^[a-zA-Z0-9_-]+$/.test(legalToolId(id))),
    );
  });

  test.each([
    ["call.1", "call-2e-1"],
    ["call:1", "call-3a-1"],
    ["é", "-e9-"],
  ])("spells %s as %s", (id, legal) => expect(legalToolId(id)).toBe(legal));
});
