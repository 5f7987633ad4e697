/** Claude Code itself as the client, in both modes; and what `--redact` keeps from the upstream. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cleanEnvironment, realClaude, temporaryFolder } from "../support/environment.ts";
import { type RequestBody, text, toolUse } from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

/** Has Claude Code write a file and read it, through Sluice; `tool` gives the name under which the upstream knows a tool. */
async function perform(sluice: TestSluice, home: string, tool: (name: string) => string): Promise<string> {
  const work = join(home, "work");
  mkdirSync(work);
  const file_path = join(work, "note.txt");
  const calls = [
    { name: tool("Write"), input: { file_path, content: "Seven herons" } },
    { name: tool("Read"), input: { file_path } },
  ];
  sluice.mock.respond((_, __, n) => (n > calls.length ? text("It is done.") : toolUse(calls.slice(n - 1, n))));
  const claude = Bun.spawn(
    [realClaude, "--print", "--model", "sonnet", "--permission-mode", "acceptEdits", "Write it."],
    {
      cwd: work,
      env: cleanEnvironment({ home, baseUrl: sluice.url }),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const printed = await new Response(claude.stdout).text();
  expect(await claude.exited).toBe(0);
  expect(readFileSync(file_path, "utf8")).toBe("Seven herons");
  return printed;
}

describe("Claude Code as the client", () => {
  test.each([
    ["native", ["--mode", "native"], (name: string) => name],
    ["subprocess", [], (name: string) => `client_${name}`],
  ] as const)("has its tools run in %s mode", async (_, args, tool) => {
    await using folder = await temporaryFolder();
    await using sluice = await startSluice({ args: [...args] });
    expect(await perform(sluice, folder.path, tool)).toContain("It is done.");
    expect(sluice.mock.requests).toHaveLength(3);
    const results = JSON.stringify(sluice.mock.requests.at(-1)?.body.messages);
    expect(results).toContain("Seven herons");
  });
});

describe("--redact", () => {
  test("keeps Claude Code's person and machine from the upstream, and lets its tools work", async () => {
    await using folder = await temporaryFolder();
    // One person has both, as it is outside of tests.
    await using sluice = await startSluice({ args: ["--mode", "native", "--redact"], env: { HOME: folder.path } });
    await perform(sluice, folder.path, (name) => name);
    const [seen] = sluice.mock.requests;
    const { system, metadata } = (seen?.body ?? {}) as RequestBody;
    expect(JSON.stringify(system)).not.toContain("x-anthropic-billing-header");
    expect(JSON.stringify(system)).not.toContain(folder.path);
    expect((metadata as { user_id: string }).user_id).toMatch(/^[0-9a-f]{64}$/);
    const names = [...(seen?.headers.keys() ?? [])].filter((name) => /stainless|session|claude/.test(name));
    expect(names).toEqual([]);
    expect(seen?.headers.get("user-agent")).toStartWith("sluice/");
  });

  test("answers telemetry itself, and forwards it to nobody", async () => {
    await using sluice = await startSluice({ args: ["--mode", "native", "--redact"] });
    const response = await sluice.post("/api/event_logging/batch", { events: [] });
    expect([response.status, await response.text()]).toEqual([204, ""]);
    expect([sluice.mock.strays, sluice.mock.requests]).toEqual([[], []]);
  });

  test("holds behind the OpenAI APIs too", async () => {
    await using sluice = await startSluice({ args: ["--mode", "native", "--redact"] });
    await sluice.openai.chat.completions.create({
      model: "claude-sonnet-5",
      messages: [
        { role: "system", content: "The project is in /home/ada/heron." },
        { role: "user", content: "And /home/ada/heron/x?" },
      ],
    });
    const [seen] = sluice.mock.requests;
    expect(JSON.stringify(seen?.body.system)).toContain("~/heron");
    expect(JSON.stringify(seen?.body.messages)).toContain("/home/ada/heron/x");
  });

  test("is off unless it is asked for", async () => {
    await using sluice = await startSluice({ args: ["--mode", "native"] });
    const body = {
      model: "claude-sonnet-5",
      max_tokens: 5,
      metadata: { user_id: "me" },
      system: "In /home/ada.",
      messages: [],
    };
    await sluice.post("/v1/messages", body, { headers: { "x-stainless-os": "Linux" } });
    expect<unknown>(sluice.mock.requests[0]?.body).toEqual(body);
    expect(sluice.mock.requests[0]?.headers.get("x-stainless-os")).toBe("Linux");
    expect((await sluice.post("/api/event_logging/batch", {})).status).toBe(404);
  });
});
