import { describe, expect, test } from "bun:test";
import { agree, align, configPatch, keyIn, providerEntry } from "../../src/openclaw/entry.ts";
import { addressOf, readSettings } from "../../src/openclaw/settings.ts";

const program = { command: "/opt/sluice", args: ["--log-level", "warn"] };
const entry = providerEntry("http://127.0.0.1:3456", "sluice", ["sonnet", "claude-opus-5"]);

test("the plugin's config has the defaults of its manifest", () => {
  expect(readSettings()).toEqual({
    autoStart: true,
    autoRestart: true,
    restartDelayMs: 3000,
    host: "127.0.0.1",
    port: 3456,
    command: [],
    models: [],
  });
  expect(readSettings({ port: 4000, autoStart: false })).toMatchObject({
    port: 4000,
    autoStart: false,
    autoRestart: true,
  });
});

test("an address, also of IPv6", () => {
  expect(addressOf({ host: "localhost", port: 81 })).toBe("http://localhost:81");
  expect(addressOf({ host: "::1", port: 81 })).toBe("http://[::1]:81");
});

test("the change of the config asks for Messages, and fails closed", () => {
  const patch = configPatch(entry);
  expect(patch.models.providers["sluice"]).toMatchObject({
    baseUrl: "http://127.0.0.1:3456",
    apiKey: "sluice",
    api: "anthropic-messages",
    models: [{ id: "sonnet" }, { id: "claude-opus-5" }],
  });
  expect(patch.agents.defaults).toEqual({
    model: { primary: "sluice/sonnet", fallbacks: [] },
    models: { "sluice/sonnet": { alias: "sluice-sonnet" }, "sluice/claude-opus-5": { alias: "sluice-opus-5" } },
  });
});

test("the key of an entry stays", () => {
  expect(keyIn({})).toBe("sluice");
  expect(keyIn({ models: { providers: { sluice: { ...entry, apiKey: "mine" } } } })).toBe("mine");
});

describe("the entry follows the plugin's config", () => {
  test("in how Sluice is started", () => {
    const aligned = align(entry, readSettings({ host: "::1", port: 4000 }), program);
    expect(aligned).toEqual({
      ...entry,
      baseUrl: "http://[::1]:4000",
      localService: {
        command: "/opt/sluice",
        args: ["--log-level", "warn", "serve", "--host", "::1", "--port", "4000", "--exit-with-parent"],
        healthUrl: "http://[::1]:4000/health",
        readyTimeoutMs: 30_000,
        idleStopMs: 60_000,
      },
    });
  });

  test("without a program, or without autoStart, nothing is started", () => {
    const started = align(entry, readSettings(), program);
    expect(started).toHaveProperty("localService");
    expect(align(started, readSettings({ autoStart: false }), program)).not.toHaveProperty("localService");
    expect(align(started, readSettings(), undefined)).not.toHaveProperty("localService");
  });

  test("keeps what the plugin's config does not say: the API, the key, the models", () => {
    const own = { ...entry, api: "openai-responses" as const, apiKey: "mine", timeoutSeconds: 7 };
    expect(align(own, readSettings({ port: 4000 }), undefined)).toEqual({
      ...own,
      baseUrl: "http://127.0.0.1:4000/v1",
    });
    expect(align(own, readSettings({ models: ["haiku"] }), undefined).models).toMatchObject([{ id: "haiku" }]);
  });

  test("and is left alone when it does so already, whatever OpenClaw has filled in", () => {
    const aligned = align(entry, readSettings(), program);
    const filled = { ...aligned, models: aligned.models.map((model) => ({ ...model, contextTokens: 1 })) };
    expect(agree(filled, align(filled, readSettings(), program))).toBe(true);
    expect(agree(entry, aligned)).toBe(false);
    expect(agree(aligned, { ...aligned, baseUrl: "http://127.0.0.1:4000" })).toBe(false);
    expect(agree(aligned, { ...aligned, models: aligned.models.slice(1) })).toBe(false);
  });
});
