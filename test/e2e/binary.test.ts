/** The executable that `bun build.ts` makes: it starts on its own, answers, and leaves nothing behind. */

import { beforeAll, expect, test } from "bun:test";
import { resolve } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { cleanEnvironment, eventually, processesWith, realClaude, temporaryFolder } from "../support/environment.ts";
import { startMock, text } from "../support/mock-anthropic.ts";

const root = resolve(import.meta.dir, "../..");
const binary = resolve(root, "dist/sluice");

beforeAll(async () => {
  const build = Bun.spawn([process.execPath, "build.ts"], { cwd: root, stdout: "ignore", stderr: "inherit" });
  expect(await build.exited).toBe(0);
}, 120_000);

test("it serves the real CLI's answer, and ends with everything it started", async () => {
  await using folder = await temporaryFolder();
  await using mock = await startMock();
  mock.respond(() => text("from the binary"));
  const marker = crypto.randomUUID();
  const sluice = Bun.spawn([binary, "--port", "0", "--claude", realClaude, "--pass-env", "SLUICE_TEST"], {
    cwd: folder.path,
    env: cleanEnvironment({ home: folder.path, baseUrl: mock.url, marker }),
    stdout: "pipe",
    stderr: "pipe",
  });
  let printed = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of sluice.stdout) printed += decoder.decode(chunk, { stream: true });
  })();
  const url = await eventually(() => /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0]);
  await eventually(() => printed.includes("2.1.329"));

  const client = new Anthropic({ baseURL: url, apiKey: "any", maxRetries: 0 });
  const request = { model: "sonnet", max_tokens: 10, messages: [{ role: "user" as const, content: "Hello" }] };
  const message = await client.messages.stream(request).finalMessage();
  expect(message.content[0]).toMatchObject({ type: "text", text: "from the binary" });

  sluice.kill("SIGTERM");
  expect(await sluice.exited).toBe(0);
  await eventually(() => processesWith(marker).length === 0);
});
