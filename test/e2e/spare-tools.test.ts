/** Tools in a process that waited for whoever comes: it has had the handshake already, and learns the tools with the request. */

import { expect, test } from "bun:test";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eventually, realClaude, temporaryFolder } from "../support/environment.ts";
import { answer, fakeClaude } from "../support/fake-claude.ts";
import { lastUserText, type RequestBody, text, toolUse } from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const tool = (name: string) => ({ name, description: `What ${name} does`, input_schema: { type: "object" as const } });
const call = { name: "get_weather", input: {}, id: "toolu_paris" };

interface Answer {
  way: string | null;
  content: { type: string; text?: string }[];
}

async function ask(sluice: TestSluice, body: object): Promise<Answer> {
  const reply = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 100, system: "Be kind.", ...body });
  expect(reply.status).toBe(200);
  return { ...((await reply.json()) as Answer), way: reply.headers.get("x-sluice-way") };
}

/** Asks once, and hands in the result of the call that comes back. */
async function loop(sluice: TestSluice, tools: object[]): Promise<Answer[]> {
  sluice.mock.respond((body) => (lastUserText(body) === "Weather?" ? toolUse([call]) : text("Sunny.")));
  const question = { role: "user", content: "Weather?" };
  const asked = await ask(sluice, { messages: [question], tools });
  const result = { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "22 °C" }] };
  const messages = [question, { role: "assistant", content: asked.content }, result];
  const answers = [asked, await ask(sluice, { messages, tools })];
  // A CLI that does not know the tool would have told the model so, of its own accord.
  expect(JSON.stringify(sluice.mock.requests.at(-1)?.body)).toContain("22 °C");
  expect(JSON.stringify(sluice.mock.requests.map(({ body }) => body.messages))).not.toContain("No such tool");
  return answers;
}

/** What was asked of the model, without what tells one process from another. */
function bodies(sluice: TestSluice): RequestBody[] {
  return sluice.mock.requests.map(({ body }) => ({ ...body, metadata: undefined }));
}

interface Spare extends TestSluice {
  /** What was written to its processes. */
  written(): Promise<string>;
}

/** A Sluice with a spare that has asked for its tools, of which there are none yet. `filter` is what its CLI gets to read. */
async function startSpare(folder: string, filter = "cat"): Promise<Spare> {
  const [claude, log] = [join(folder, "claude"), join(folder, "written.ndjson")];
  // The CLI is the process itself; what reads before it is gone a moment after it, and is never one that is looked for.
  const script = [
    "#!/bin/bash",
    `[ "$1" = -p ] || exec '${realClaude}' "$@"`,
    '[ -z "$SLUICE_TEST" ] || exec env -u SLUICE_TEST MARKER="$SLUICE_TEST" "$0" "$@"',
    `exec env -u MARKER SLUICE_TEST="$MARKER" '${realClaude}' "$@" < <(tee -a '${log}' | ${filter})`,
  ];
  await Bun.write(log, "");
  await Bun.write(claude, `${script.join("\n")}\n`);
  await chmod(claude, 0o755);
  const sluice = await startSluice({ claude, args: ["--spares", "1", "--cwd", folder] });
  const written = () => readFile(log, "utf8");
  await eventually(async () => (await written()).includes('"tools":[]'));
  return Object.assign(sluice, { written });
}

/** Resolves when a spare waits. */
async function spareIn(sluice: TestSluice): Promise<void> {
  await eventually(async () => {
    const { detail } = (await (await fetch(`${sluice.url}/health`)).json()) as { detail: { spares: number } };
    return detail.spares > 0;
  });
}

test("they reach the model as from a new process, byte for byte, and their calls work", async () => {
  await using folder = await temporaryFolder();
  const tools = [tool("get_weather"), tool("get_time")];
  await using cold = await startSluice({ args: ["--cwd", folder.path] });
  expect((await loop(cold, tools)).map(({ way }) => way)).toEqual(["cold", "parked"]);

  await using sluice = await startSpare(folder.path);
  const answers = await loop(sluice, tools);
  expect(answers.map(({ way }) => way)).toEqual(["spare", "parked"]);
  expect(answers.at(-1)?.content).toEqual([{ type: "text", text: "Sunny." }]);
  expect(bodies(sluice)).toEqual(bodies(cold));
  expect(await sluice.written()).toContain("notifications/tools/list_changed");
}, 60_000);

test("a request without any asks the model just as a new process does", async () => {
  await using folder = await temporaryFolder();
  const messages = [{ role: "user", content: "Hello" }];
  await using cold = await startSluice({ args: ["--cwd", folder.path] });
  expect((await ask(cold, { messages })).way).toBe("cold");
  await using sluice = await startSpare(folder.path);
  expect((await ask(sluice, { messages })).way).toBe("spare");
  expect(bodies(sluice)).toEqual(bodies(cold));
}, 60_000);

test("the tokens of a request are counted as in a new process", async () => {
  await using folder = await temporaryFolder();
  const messages = [{ role: "user", content: "Hello" }];
  const request = { model: "sonnet", messages, tools: [tool("get_weather"), tool("get_time")] };
  const count = async (sluice: TestSluice) =>
    (await (await sluice.post("/v1/messages/count_tokens", request)).json()) as { input_tokens: number };
  await using cold = await startSluice({ args: ["--cwd", folder.path] });
  await using sluice = await startSpare(folder.path);
  const counted = await count(cold);
  expect(counted.input_tokens).toBeGreaterThan(10);
  expect(await count(sluice)).toEqual(counted);
}, 60_000);

test("a spare can be taken at any moment of its handshake", async () => {
  await using sluice = await startSluice({ args: ["--spares", "1"] });
  // From its first moment, in steps that are shorter than any part of it, to when it is surely over.
  for (const wait of [0, 8, 16, 24, 32, 48, 64, 96]) {
    await spareIn(sluice);
    await Bun.sleep(wait);
    const answers = await loop(sluice, [tool("get_weather")]);
    expect(answers.map(({ way }) => way)).toEqual(["spare", "parked"]);
    expect(answers.at(-1)?.content).toEqual([{ type: "text", text: "Sunny." }]);
  }
}, 60_000);

test("a CLI that does not listen to what is new is connected anew", async () => {
  await using folder = await temporaryFolder();
  await using sluice = await startSpare(folder.path, "grep --line-buffered -v tools/list_changed");
  const answers = await loop(sluice, [tool("get_weather")]);
  expect(answers.map(({ way }) => way)).toEqual(["spare", "parked"]);
  expect(answers.at(-1)?.content).toEqual([{ type: "text", text: "Sunny." }]);
}, 60_000);

test.each([0, 300])("who gets a CLI that refuses the handshake, %i ms after it was asked, is told", async (after) => {
  await using folder = await temporaryFolder();
  const refused = { subtype: "error" as const, error: "no servers here", after };
  const slow = { do: "wait" as const, ms: 2 * after };
  const script = { control: { mcp_set_servers: refused }, turns: [[slow, ...answer(text("Sunny."))]] };
  const claude = await fakeClaude(script, folder.path);
  await using sluice = await startSluice({ claude, args: ["--spares", "1"] });
  await spareIn(sluice);
  // By then it has refused; on a machine too busy for that it does so later, which must come to the same.
  if (after === 0) await Bun.sleep(200);
  const messages = [{ role: "user", content: "Weather?" }];
  const request = { model: "sonnet", max_tokens: 100, messages, tools: [tool("get_weather")] };
  const reply = await sluice.post("/v1/messages", request);
  expect(reply.status).toBe(502);
  expect(await reply.text()).toContain("no servers here");
});
