/** What a request's record says that it has cost: the list price as the real CLI reports it, each turn once. */

import { expect, test } from "bun:test";
import type { RequestRecord } from "../../src/observe/request.ts";
import { eventually } from "../support/environment.ts";
import { error, text, toolUse } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";

/** An answer that costs, as the CLI reckons, just 5 cents. */
const usage = {
  input_tokens: 10_000,
  output_tokens: 3_000,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
};
const price = 0.05;
const fine = text("Well, this and that.", { usage });
const weather = toolUse([{ name: "weather", input: {} }], { usage });

test("a process adds up what it has spent; a record has the part of its own turn", async () => {
  const ended: RequestRecord[] = [];
  const watchers = [{ ended: (record: RequestRecord) => void ended.push(record) }];
  await using sluice = await startSluice({ watchers, args: ["--spares", "1"] });
  const tools = [{ name: "weather", input_schema: { type: "object" as const } }];
  const messages: any[] = [];
  const ask = async (content: unknown, model = "sonnet") => {
    messages.push({ role: "user", content });
    const reply = await sluice.post("/v1/messages", { model, max_tokens: 50, messages, tools, stream: true });
    const id = reply.headers.get("x-request-id");
    const said = await reply.text();
    const call = /"type":"tool_use","id":"(\w+)"/.exec(said)?.[1];
    messages.push({
      role: "assistant",
      content: call
        ? [{ type: "tool_use", id: call, name: "weather", input: {} }]
        : [{ type: "text", text: "Well, this and that." }],
    });
    const { way, costUsd } = await eventually(() => ended.find((record) => record.id === id));
    return { way, cost: costUsd === undefined ? undefined : Math.round((costUsd / price) * 1e6) / 1e6, call };
  };
  sluice.mock.respond(() => fine);
  expect(await ask("Hello")).toMatchObject({ way: "spare", cost: 1 });
  expect(await ask("Again")).toMatchObject({ way: "live", cost: 1 });
  sluice.mock.respond(() => weather);
  // The turn of the CLI is not over: it waits for the result.
  const { cost, call } = await ask("And the weather?");
  expect(cost).toBe(1);
  sluice.mock.respond(() => fine);
  const result = { type: "tool_result", tool_use_id: call, content: "Sunny" };
  expect(await ask([result])).toMatchObject({ way: "parked", cost: 1 });
  expect(await ask("Again")).toMatchObject({ way: "live", cost: 1 });

  // What was said before another process took over has been paid.
  messages[0].content = "Hello!";
  expect(await ask("Once more")).toMatchObject({ way: "replay", cost: 1 });
  messages.unshift(
    ...Array.from({ length: 400 }, (_, turn) => [
      { role: "user", content: `Question ${turn}` },
      { role: "assistant", content: `Answer ${turn}` },
    ]).flat(),
  );
  expect(await ask("And now?")).toMatchObject({ way: "resume", cost: 1 });

  sluice.mock.respond(() => error(403, "permission_error", "No."));
  expect((await ask("Refused")).cost ?? 0).toBe(0);
});
