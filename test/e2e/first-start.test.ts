import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/environment.ts";
import { fakeClaude } from "../support/fake-claude.ts";
import { startSluice } from "../support/sluice.ts";

test("a first process that is killed while it starts is replaced, and nobody hears of it", async () => {
  await using folder = await temporaryFolder();
  const claude = join(folder.path, "claude-killed-once");
  const killed = join(folder.path, "killed");
  // `mkdir` succeeds once.
  writeFileSync(
    claude,
    `#!/bin/sh
case "$*" in *stream-json*) mkdir '${killed}' 2>/dev/null && sleep 1 && kill -9 $$ ;; esac
exec '${await fakeClaude({}, folder.path)}' "$@"
`,
  );
  chmodSync(claude, 0o755);
  await using sluice = await startSluice({ claude });
  const messages = [{ role: "user" as const, content: "Hello" }];
  const answer = await sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 50, messages });
  expect(answer.content[0]).toMatchObject({ type: "text" });
});
