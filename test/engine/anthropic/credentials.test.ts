import { describe, expect, test } from "bun:test";
import { type LoadedConfig, loadConfig } from "../../../src/config.ts";
import { createAuthorize } from "../../../src/engine/anthropic/credentials.ts";
import { StartError } from "../../../src/error.ts";

function configOf(env: Record<string, string>, ...args: string[]): LoadedConfig["config"] {
  return loadConfig(["--mode", "native", ...args], { env: { HOME: "/nowhere", ...env } }).config;
}

/** What the upstream gets of a client's headers. */
function sent(config: LoadedConfig["config"], client: Record<string, string> = {}): Record<string, string> {
  const own = new Headers();
  createAuthorize(config)(own, new Headers(client));
  return Object.fromEntries(own);
}

function refusal(config: LoadedConfig["config"]): string {
  try {
    createAuthorize(config);
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).message;
  }
  throw new Error("It was accepted.");
}

describe("own credentials", () => {
  const asked = { "x-api-key": "of-the-client", authorization: "Bearer of-the-client" };

  test("a key goes as x-api-key, a gateway's token as a bearer, and nothing of the client's goes", () => {
    expect(sent(configOf({ ANTHROPIC_API_KEY: "k" }), asked)).toEqual({ "x-api-key": "k" });
    expect(sent(configOf({ ANTHROPIC_AUTH_TOKEN: "t" }), asked)).toEqual({ authorization: "Bearer t" });
    expect(sent(configOf({ ANTHROPIC_AUTH_TOKEN: "t", SLUICE_API_KEY: "k" }), asked)).toEqual({
      "x-api-key": "k",
      authorization: "Bearer t",
    });
  });

  test("there must be some, and what Sluice prints for its clients is none", () => {
    expect(refusal(configOf({}))).toContain("SLUICE_API_KEY");
    expect(refusal(configOf({ ANTHROPIC_API_KEY: "sluice" }))).toContain("SLUICE_API_KEY");
    expect(sent(configOf({ ANTHROPIC_API_KEY: "sluice", ANTHROPIC_AUTH_TOKEN: "t" }))).toEqual({
      authorization: "Bearer t",
    });
  });

  test.each(["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"])("Claude Code's own token is refused in %s", (name) => {
    const words = refusal(configOf({ [name]: "sk-ant-oat01-abc", ANTHROPIC_BASE_URL: "http://gateway.example" }));
    expect(words).toContain("for Claude Code alone");
    expect(words).not.toContain("oat01");
  });
});

describe("the client's credentials", () => {
  const config = configOf({ ANTHROPIC_API_KEY: "own" }, "--credentials", "client", "--client-key", "door");

  test("go as they are, and nothing of our own goes", () => {
    expect(sent(config, { "x-api-key": "a" })).toEqual({ "x-api-key": "a" });
    expect(sent(config, { authorization: "Bearer b" })).toEqual({ authorization: "Bearer b" });
    expect(sent(config)).toEqual({});
  });

  test("the key to Sluice's door stays here", () => {
    expect(sent(config, { "x-api-key": "door", authorization: "Bearer b" })).toEqual({ authorization: "Bearer b" });
    expect(sent(config, { "x-api-key": "a", authorization: "Bearer door" })).toEqual({ "x-api-key": "a" });
  });

  test("a key that OpenAI's SDK sends as a bearer goes where the Messages API takes one", () => {
    expect(sent(config, { authorization: "Bearer sk-ant-api03-x" })).toEqual({ "x-api-key": "sk-ant-api03-x" });
  });
});
