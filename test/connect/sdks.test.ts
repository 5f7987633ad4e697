import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { clients } from "../../src/connect/index.ts";
import { planWrite } from "../../src/connect/plan.ts";
import { Records } from "../../src/connect/records.ts";
import { temporaryFolder } from "../support/environment.ts";
import { startSluice } from "../support/sluice.ts";

test("the programs in TypeScript do what they say, and the variables are enough for them", async () => {
  await using folder = await temporaryFolder();
  await using sluice = await startSluice();
  symlinkSync(resolve(import.meta.dir, "../../node_modules"), join(folder.path, "node_modules"));
  const connection = { url: sluice.url, key: undefined, models: ["sonnet"] as const };
  for (const name of ["openai", "anthropic"]) {
    const snippets = clients[name]?.snippets(connection) ?? [];
    const program = snippets.find(({ language }) => language === "ts")?.text ?? "";
    const variables = snippets.find(({ language }) => language === "sh")?.text ?? "";
    const env = Object.fromEntries(
      [...variables.matchAll(/^export (\w+)=(.*)$/gm)].map(([, key, value]) => [key, value]),
    );
    const bare = program.replace(/\{ baseURL:.*\}/, "");
    expect(bare).not.toBe(program);
    for (const [file, text, more] of [
      ["whole.ts", program, {}],
      ["bare.ts", bare, env],
    ] as const) {
      const path = join(folder.path, name, file);
      mkdirSync(join(folder.path, name), { recursive: true });
      writeFileSync(path, text);
      const child = Bun.spawn([process.execPath, path], { cwd: folder.path, env: { PATH: "/usr/bin:/bin", ...more } });
      expect([await new Response(child.stdout).text(), await child.exited]).toEqual(["You said: Hello\n", 0]);
    }
  }
});

test("what Claude Code is told about Sluice does not have the one behind it come back to Sluice", async () => {
  await using folder = await temporaryFolder();
  const config = clients["claude"]?.config;
  const env = { HOME: folder.path, CLAUDE_CONFIG_DIR: join(folder.path, ".claude") };
  const connection = { url: "http://127.0.0.1:9", key: "not-for-anthropic", models: ["sonnet"] as const };
  if (config === undefined) throw new Error("Claude Code has a config file");
  const records = new Records(join(folder.path, "state"));
  planWrite(config.path(env), config.format, config.entries(connection), records).run();
  await using sluice = await startSluice({ env });
  const message = await sluice.anthropic.messages.create({
    model: "sonnet",
    max_tokens: 100,
    messages: [{ role: "user", content: "Hello" }],
  });
  expect(message.content).toMatchObject([{ type: "text", text: "You said: Hello" }]);
  expect(JSON.stringify(sluice.mock.requests.map(({ headers }) => headers))).not.toContain("not-for-anthropic");
});
