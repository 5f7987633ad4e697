/** The program for Linux on arm64, under QEMU, drives the real Claude Code of this machine before a mock upstream. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { compile } from "../../src/release/program.ts";
import { startBinary } from "../support/binary.ts";
import { installPrograms } from "../support/debian.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/environment.ts";
import { startMock, text } from "../support/mock-anthropic.ts";

const through = ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"];
const hello = { model: "sonnet", max_tokens: 100, messages: [{ role: "user" as const, content: "Hello" }] };

let folder: TemporaryFolder;
let program: string;
beforeAll(async () => {
  // The library's loader is what tells that it is there.
  await installPrograms({ "qemu-aarch64": "qemu-user" });
  await installPrograms({ "/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1": "libc6-arm64-cross" });
  folder = await temporaryFolder();
  program = join(folder.path, "sluice-arm64");
  await compile(program, "linux-arm64");
}, 300_000);
afterAll(() => folder[Symbol.asyncDispose]());

test("answers all three APIs, goes on with a conversation, and ends with all that it has started", async () => {
  await using mock = await startMock();
  mock.respond(() => text("Good day."));
  await using sluice = await startBinary(folder.path, mock, { through, command: [program] });
  const anthropic = new Anthropic({ baseURL: sluice.url, apiKey: "any", maxRetries: 0 });
  const openai = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: "any", maxRetries: 0 });
  const { content } = await anthropic.messages.stream(hello).finalMessage();
  expect(content).toMatchObject([{ text: "Good day." }]);
  const messages = [...hello.messages, { role: "assistant" as const, content: "Good day." }, ...hello.messages];
  const { response } = await anthropic.messages.create({ ...hello, messages }).withResponse();
  expect(response.headers.get("x-sluice-way")).toBe("live");
  const chat = await openai.chat.completions.create({ model: hello.model, messages: hello.messages });
  expect(chat.choices[0]?.message.content).toBe("Good day.");
  const first = await openai.responses.create({ model: hello.model, input: "Hello" });
  const next = await openai.responses.create({ model: hello.model, input: "And?", previous_response_id: first.id });
  expect(next.output_text).toBe("Good day.");
  expect(await sluice.stop()).toBe(0);
});
