import { describe, expect, test } from "bun:test";
import { loadConfig } from "../../../src/config.ts";
import { childEnvironment } from "../../../src/engine/claude/environment.ts";
import { pretend } from "../../support/platform.ts";

const ownPort = 4000;

/** What a child gets of an environment. */
function child(env: Record<string, string>, args: string[] = []) {
  return childEnvironment(loadConfig(args, { env: { HOME: "/nowhere", ...env } }).config, ownPort);
}

const ours = {
  ENABLE_TOOL_SEARCH: "false",
  CLAUDE_AGENT_SDK_MCP_NO_PREFIX: "1",
  BUN_FEATURE_FLAG_NO_ORPHANS: "1",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_TELEMETRY: "1",
  DISABLE_AUTOUPDATER: "1",
  DISABLE_AUTO_COMPACT: "1",
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: "1",
  CLAUDE_CODE_MAX_RETRIES: "2",
  CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: "1000000000",
  CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP: "1",
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
  CLAUDE_CODE_DISABLE_CRON: "1",
  CLAUDE_CODE_DISABLE_ATTACHMENTS: "1",
};

test("without anything of the person's there are only our switches", () => {
  expect(child({}).env).toEqual({ HOME: "/nowhere", ...ours });
});

describe("of the person's environment", () => {
  const passes = [
    "PATH USER SHELL LANG LC_ALL LC_CTYPE TERM TMPDIR XDG_CONFIG_HOME XDG_RUNTIME_DIR",
    "CLAUDE_CONFIG_DIR CLAUDE_CODE_OAUTH_TOKEN ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL ANTHROPIC_DEFAULT_OPUS_MODEL ANTHROPIC_DEFAULT_SONNET_MODEL",
    "CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX CLAUDE_CODE_USE_FOUNDRY AWS_REGION",
    "AWS_SECRET_ACCESS_KEY GOOGLE_APPLICATION_CREDENTIALS AZURE_CLIENT_ID HTTP_PROXY HTTPS_PROXY",
    "NO_PROXY https_proxy NODE_EXTRA_CA_CERTS SSL_CERT_FILE",
  ].flatMap((line) => line.split(" "));
  test.each(passes)("%s passes", (name) => expect(child({ [name]: "value" }).env).toMatchObject({ [name]: "value" }));

  const stays = [
    "CLAUDECODE CLAUDE_CODE_ENTRYPOINT CLAUDE_CODE_SIMPLE CLAUDE_CODE_EXTRA_BODY ANTHROPIC_MODEL",
    "ANTHROPIC_CUSTOM_HEADERS ANTHROPIC_DEFAULT__MODEL_ NODE_OPTIONS BUN_OPTIONS LD_PRELOAD",
    "OPENAI_API_KEY GITHUB_TOKEN SLUICE_CLIENT_KEY PROXY_API_KEY MY_PATH PATH2 XAWS_REGION AWS_",
  ].flatMap((line) => line.split(" "));
  test.each(stays)("%s does not", (name) => expect(child({ [name]: "value" }).env).not.toHaveProperty(name));

  test("--pass-env adds a name, and no other", () => {
    const env = { GITHUB_TOKEN: "t", OPENAI_API_KEY: "k" };
    expect(child(env, ["--pass-env", "GITHUB_TOKEN,UNSET"]).env).toEqual({
      HOME: "/nowhere",
      GITHUB_TOKEN: "t",
      ...ours,
    });
  });

  test("nothing overrides our switches", () => {
    const name = "CLAUDE_CODE_DISABLE_ATTACHMENTS";
    expect(child({ [name]: "0" }, ["--pass-env", name]).env[name]).toBe("1");
  });
});

describe("ANTHROPIC_BASE_URL", () => {
  const passed = (address: string, args: string[] = []) => child({ ANTHROPIC_BASE_URL: address }, args);

  test.each([
    "http://127.0.0.1:4000",
    "http://localhost:4000/",
    "http://LOCALHOST:4000/v1",
    "http://[::1]:4000",
    "http://127.1:4000",
    "http://127.0.0.2:4000",
    "http://0.0.0.0:4000",
    "https://localhost:4000",
  ])("%s points at Sluice itself, and is taken away with a warning", (address) => {
    const { env, warnings } = passed(address);
    expect(env).not.toHaveProperty("ANTHROPIC_BASE_URL");
    expect(warnings).toEqual(["ANTHROPIC_BASE_URL points at Sluice itself, so Claude Code does not get it."]);
  });

  test("so does the address that was asked for", () => {
    const args = ["--host", "192.168.1.2", "--client-key", "k"];
    expect(passed("http://192.168.1.2:4000", args).env).not.toHaveProperty("ANTHROPIC_BASE_URL");
    expect(passed("http://192.168.1.3:4000", args).env).toHaveProperty("ANTHROPIC_BASE_URL");
  });

  test.each([
    "http://127.0.0.1:4001",
    "http://127.0.0.1",
    "https://gateway.example:4000",
    "http://localhost.example:4000",
    "not a URL",
  ])("%s does not, and stays", (address) => {
    const { env, warnings } = passed(address);
    expect(env["ANTHROPIC_BASE_URL"]).toBe(address);
    expect(warnings).toEqual([]);
  });

  test("a port that goes without saying counts", () => {
    const { config } = loadConfig([], { env: { ANTHROPIC_BASE_URL: "http://localhost" } });
    expect(childEnvironment(config, 80).warnings).toHaveLength(1);
    expect(childEnvironment(config, 443).warnings).toHaveLength(0);
  });
});

describe("keys for Sluice", () => {
  test.each(["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])("in %s stay here, with a warning", (name) => {
    for (const { env, warnings } of [
      child({ [name]: "sluice" }),
      child({ [name]: "my-key", SLUICE_CLIENT_KEY: "my-key" }),
    ]) {
      expect(env).not.toHaveProperty(name);
      expect(warnings).toEqual([`${name} is a key for Sluice, not for Anthropic, so Claude Code does not get it.`]);
    }
  });

  test("keys for Anthropic pass", () => {
    const { env, warnings } = child({ ANTHROPIC_API_KEY: "sk-real", SLUICE_CLIENT_KEY: "my-key" });
    expect(env["ANTHROPIC_API_KEY"]).toBe("sk-real");
    expect(warnings).toEqual([]);
  });
});

describe("on Windows", () => {
  /** What a child gets of an environment there. */
  function childThere(env: Record<string, string>, args: string[] = []) {
    using _ = pretend("win32");
    return childEnvironment(loadConfig(args, { env }).config, ownPort).env;
  }

  test("what a program needs there passes, whatever the case of its name", () => {
    const env = {
      SystemRoot: "C:\\Windows",
      Path: "C:\\Windows",
      UserProfile: "C:\\Users\\Ada",
      ProgramFiles: "C:\\P",
    };
    expect(childThere({ ...env, GITHUB_TOKEN: "t" })).toEqual({
      SYSTEMROOT: "C:\\Windows",
      PATH: "C:\\Windows",
      USERPROFILE: "C:\\Users\\Ada",
      PROGRAMFILES: "C:\\P",
      ...ours,
    });
    expect(child(env).env).toEqual({ HOME: "/nowhere", ...ours });
  });

  test("--pass-env finds a name in any case", () => {
    expect(childThere({ GitHub_Token: "t" }, ["--pass-env", "GitHub_Token"])).toMatchObject({ GITHUB_TOKEN: "t" });
  });
});
