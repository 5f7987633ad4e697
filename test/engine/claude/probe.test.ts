import { describe, expect, test } from "bun:test";
import { createLog } from "../../../src/log.ts";
import { loadConfig } from "../../../src/config.ts";
import { Launcher } from "../../../src/engine/claude/launch.ts";
import { probe } from "../../../src/engine/claude/probe.ts";
import { cleanEnvironment, realClaude, temporaryFolder } from "../../support/environment.ts";
import { answer, fakeClaude } from "../../support/fake-claude.ts";
import { text } from "../../support/mock-replies.ts";
import { startMock } from "../../support/mock-anthropic.ts";

async function tryOut(claude: (folder: string) => Promise<string>) {
  await using folder = await temporaryFolder();
  await using elsewhere = await startMock();
  const env = {
    ...cleanEnvironment({ home: folder.path, baseUrl: elsewhere.url }),
    CLAUDE_CODE_OAUTH_TOKEN: "not-for-a-probe",
  };
  const { config } = loadConfig(["--claude", await claude(folder.path)], { env });
  const launcher = new Launcher(config, createLog("silent"));
  try {
    const features = await probe((changes) => launcher.startApart({}, changes), new AbortController().signal);
    expect(elsewhere.requests).toHaveLength(0);
    return features;
  } finally {
    launcher.close();
  }
}

describe("a version is tried out", () => {
  test("the tested one passes on everything", async () => {
    expect(await tryOut(async () => realClaude)).toEqual({ systemPrompt: true, missing: [] });
  });

  test("one that passes nothing on is found out", async () => {
    const features = await tryOut((folder) => fakeClaude({ turns: [answer(text("made up"))] }, folder));
    expect(features).toEqual({
      systemPrompt: false,
      missing: ["max_tokens", "temperature", "stop_sequences", "tools", "messages"],
    });
  });
});
