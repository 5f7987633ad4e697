import { describe, expect, test } from "bun:test";
import { exitCodes } from "../../src/error.ts";
import { runCommand } from "../support/command.ts";

describe("codex", () => {
  test("its config.toml, with where it goes on stderr", async () => {
    const { code, stdout, stderr } = await runCommand(["connect", "codex", "--port", "4000", "--host", "::1"]);
    expect([code, stderr]).toEqual([0, "Into ~/.codex/config.toml, the first lines above all tables:\n"]);
    expect(Bun.TOML.parse(stdout)).toEqual({
      model: "sonnet",
      model_provider: "sluice",
      model_context_window: 200_000,
      model_providers: { sluice: { name: "Sluice", base_url: "http://[::1]:4000/v1", wire_api: "responses" } },
    });
  });

  test("reads the client key from the environment, for which there is a line", async () => {
    const { stdout, stderr } = await runCommand(["connect", "codex"], { env: { SLUICE_CLIENT_KEY: "it's-mine" } });
    expect(Bun.TOML.parse(stdout)).toMatchObject({ model_providers: { sluice: { env_key: "SLUICE_CLIENT_KEY" } } });
    expect(stderr).toContain("\nexport SLUICE_CLIENT_KEY='it'\\''s-mine'\n");
  });
});

describe("openclaw", () => {
  test("a patch of openclaw.json, which falls back to nobody", async () => {
    const { code, stdout, stderr } = await runCommand(["connect", "openclaw"], { env: { SLUICE_CLIENT_KEY: "mine" } });
    expect([code, stderr]).toEqual([
      0,
      "Into ~/.openclaw/openclaw.json:\nsluice connect openclaw | openclaw config patch --stdin\n",
    ]);
    const { models, agents } = JSON.parse(stdout);
    expect(models.providers.sluice).toMatchObject({
      baseUrl: "http://127.0.0.1:3456",
      apiKey: "mine",
      api: "anthropic-messages",
      models: [{ id: "sonnet" }, { id: "opus" }, { id: "haiku" }],
    });
    expect(agents.defaults).toEqual({
      model: { primary: "sluice/sonnet", fallbacks: [] },
      models: {
        "sluice/sonnet": { alias: "sluice-sonnet" },
        "sluice/opus": { alias: "sluice-opus" },
        "sluice/haiku": { alias: "sluice-haiku" },
      },
    });
  });

  test("names the models of the Sluice that runs, the known ones first", async () => {
    using running = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        const ids = request.headers.get("authorization") === "Bearer mine" ? ["claude-opus-9", "opus", "sonnet"] : [];
        return Response.json({ object: "list", data: ids.map((id) => ({ id, object: "model" })) });
      },
    });
    const args = ["connect", "openclaw", "--port", String(running.port)];
    const { stdout } = await runCommand(args, { env: { SLUICE_CLIENT_KEY: "mine" } });
    const { models, agents } = JSON.parse(stdout);
    expect(models.providers.sluice.models.map(({ id }: { id: string }) => id)).toEqual([
      "sonnet",
      "opus",
      "claude-opus-9",
    ]);
    expect(agents.defaults.models["sluice/claude-opus-9"]).toEqual({ alias: "sluice-opus-9" });
  });
});

describe("refused with one sentence", () => {
  test.each<[string[], string]>([
    [["connect"], "Name a client first: sluice connect knows codex, openclaw."],
    [["connect", "--port", "4"], "Name a client first: sluice connect knows codex, openclaw."],
    [["connect", "codx"], 'Unknown client "codx": did you mean codex?'],
    [["connect", "toString"], 'Unknown client "toString": sluice connect knows codex, openclaw.'],
    [["connect", "codex", "--prot", "4"], 'Unknown option "--prot": did you mean --port?'],
    [["connect", "codex", "--port", "0"], "A client needs a port that stays: --port PORT."],
  ])("%p", async (args, sentence) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout, stderr }).toEqual({ code: exitCodes.usage, stdout: "", stderr: `sluice: ${sentence}\n` });
  });
});
