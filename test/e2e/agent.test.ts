/** The agent profile: Claude Code with its own tools, folded into one answer. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type Anthropic from "@anthropic-ai/sdk";
import { eventually, temporaryFolder } from "../support/environment.ts";
import { lastUserText, text, toolUse } from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const question = { role: "user" as const, content: "What is in the note?" };

async function withAgent(args: string[], use: (sluice: TestSluice, folder: string) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const cwd = join(folder.path, "work");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "note.txt"), "the note says 42");
  await using sluice = await startSluice({ args: ["--agent", "--cwd", cwd, ...args] });
  await use(sluice, cwd);
}

function ask(sluice: TestSluice, extra: object = {}) {
  const request = { model: "agent/sonnet", max_tokens: 1000, messages: [question], ...extra };
  return sluice.anthropic.messages.stream(request as Anthropic.MessageStreamParams).finalMessage();
}

/** Bash twice, then an answer that quotes what it printed. */
function worker(folder: string) {
  return (body: { messages: unknown }, _: unknown, n: number) => {
    if (n === 1)
      return toolUse([{ name: "Bash", input: { command: `cat ${folder}/note.txt`, description: "d" } }], {
        text: "Looking.",
      });
    if (n === 2) return toolUse([{ name: "Bash", input: { command: "echo done > made.txt", description: "d" } }]);
    return text(JSON.stringify(body.messages).includes("the note says 42") ? "It says 42." : "I can't tell.");
  };
}

describe("an agent", () => {
  test("works with its own tools, and answers once, with the usage of all its steps", async () => {
    await withAgent(["--allowed-tools", "Bash"], async (sluice, folder) => {
      sluice.mock.respond(worker(folder));
      const message = await ask(sluice);
      expect(message.content.map((block) => block.type)).not.toContain("tool_use");
      const said = message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
      expect(said).toContain("Looking.");
      expect(said).toContain("It says 42.");
      expect(message.stop_reason).toBe("end_turn");
      expect(message.model).toBe("agent/sonnet");
      expect(message.usage.output_tokens).toBe(21);
      expect(await Bun.file(join(folder, "made.txt")).text()).toBe("done\n");
      expect(sluice.mock.requests).toHaveLength(3);
    });
  });

  test("goes on in its process with the next question", async () => {
    await withAgent([], async (sluice) => {
      sluice.mock.respond((body) => text(`You said: ${lastUserText(body)}`));
      const first = await ask(sluice);
      const messages = [question, { role: "assistant", content: first.content }, { role: "user", content: "And now?" }];
      const reply = await sluice.post("/v1/messages", { model: "agent/sonnet", max_tokens: 100, messages });
      expect(reply.headers.get("x-sluice-way")).toBe("live");
      expect(await reply.text()).toContain("And now?");
    });
  });

  test("shows its tools as thinking where that is wanted", async () => {
    await withAgent(["--allowed-tools", "Bash", "--show-tools"], async (sluice, folder) => {
      sluice.mock.respond(worker(folder));
      const message = await ask(sluice);
      const thought = message.content.map((block) => (block.type === "thinking" ? block.thinking : "")).join("");
      expect(thought).toContain("Bash");
      expect(thought).toContain("the note says 42");
    });
  });

  test("tells the client of a permission that was refused", async () => {
    await withAgent([], async (sluice, folder) => {
      sluice.mock.respond((_, __, n) =>
        n === 1
          ? toolUse([{ name: "Bash", input: { command: "echo no > refused.txt", description: "d" } }])
          : text("I may not."),
      );
      const message = await ask(sluice);
      const said = message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
      expect(said).toMatch(/Permission denied: Bash/);
      expect(said).toContain("I may not.");
      expect(await Bun.file(join(folder, "refused.txt")).exists()).toBe(false);
    });
  });

  test("has the client's tools beside its own", async () => {
    await withAgent(["--allowed-tools", "Bash"], async (sluice, folder) => {
      const tools = [{ name: "lookup", description: "Looks up", input_schema: { type: "object" } }];
      sluice.mock.respond((body, _, n) => {
        if (n === 1) return toolUse([{ name: "Bash", input: { command: `cat ${folder}/note.txt`, description: "d" } }]);
        if (n === 2)
          return toolUse([{ name: "lookup", input: { word: "42" }, id: "toolu_lookup" }], { text: "Asking you." });
        return text(JSON.stringify(body.messages).includes("the answer") ? "So it is the answer." : "Nothing.");
      });
      const asked = await ask(sluice, { tools });
      expect(asked.stop_reason).toBe("tool_use");
      expect(asked.content.at(-1)).toMatchObject({ type: "tool_use", name: "lookup", input: { word: "42" } });
      const messages = [
        question,
        { role: "assistant", content: asked.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_lookup", content: "the answer" }] },
      ];
      const reply = await sluice.post("/v1/messages", { model: "agent/sonnet", max_tokens: 1000, tools, messages });
      expect(reply.headers.get("x-sluice-way")).toBe("parked");
      expect(await reply.json()).toMatchObject({ content: [{ type: "text", text: "So it is the answer." }] });
      expect(sluice.mock.requests).toHaveLength(3);
    });
  });

  test("takes its running commands along when the client goes", async () => {
    await withAgent(["--allowed-tools", "Bash"], async (sluice) => {
      sluice.mock.respond(() =>
        toolUse([{ name: "Bash", input: { command: "sleep 300", description: "d", timeout: 600000 } }]),
      );
      const client = new AbortController();
      const reply = sluice
        .post("/v1/messages", { model: "agent/sonnet", max_tokens: 9, messages: [question] }, { signal: client.signal })
        .catch(() => {});
      const sleeps = () => sluice.processes().filter(({ command }) => command === "sleep 300");
      await eventually(() => sleeps().length > 0);
      client.abort();
      await reply;
      await eventually(() => sleeps().length === 0);
      await sluice.quiet();
    });
  });
});

describe("agents are offered", () => {
  test("only where they are enabled, beside the plain names", async () => {
    await withAgent([], async (sluice) => {
      const ids = (await sluice.openai.models.list()).data.map(({ id }) => id);
      expect(ids).toContain("sonnet");
      expect(ids).toContain("agent/sonnet");
      expect((await sluice.anthropic.models.retrieve("agent/claude-sonnet-4.5")).id).toBe("agent/claude-sonnet-4.5");
      // A plain name stays a model without tools of its own.
      await sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 9, messages: [question] });
      expect(sluice.mock.requests[0]?.body.tools).toEqual([]);
    });
    await using plain = await startSluice();
    const reply = await plain.post("/v1/messages", { model: "agent/sonnet", max_tokens: 9, messages: [question] });
    expect(reply.status).toBe(404);
  });
});
