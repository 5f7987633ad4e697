import { describe, expect, test } from "bun:test";
import type {
  OpenClawConfig,
  ProviderAuthContext,
  ProviderAuthMethodNonInteractiveContext,
} from "openclaw/plugin-sdk/plugin-entry";
import { createProvider } from "../../src/openclaw/provider.ts";
import { login, onboard } from "../../src/openclaw/setup.ts";

/** A Sluice that lists models, for any key but this one. */
function listing(...ids: string[]) {
  const fetch = (request: Request) =>
    request.headers.get("authorization") === "Bearer wrong"
      ? Response.json({ error: {} }, { status: 401 })
      : Response.json({ data: ids.map((id) => ({ id })) });
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch });
  return { port: server.port ?? 0, [Symbol.dispose]: () => void server.stop(true) };
}

/** A port that nothing listens on. */
function deadPort(): number {
  using server = listing();
  return server.port;
}

/** The answers to the questions, in order; undefined takes what is offered. */
function terminal(config: OpenClawConfig, answers: (string | undefined)[]) {
  const asked: { message: string; initialValue?: string }[] = [];
  const context: ProviderAuthContext = {
    config,
    prompter: {
      text: async ({ validate, ...question }) => {
        asked.push(question);
        const answer = answers.shift() ?? question.initialValue ?? "";
        const objection = validate?.(answer);
        if (objection !== undefined) throw new Error(`${answer}: ${objection}`);
        return answer;
      },
    },
  };
  return { asked, context };
}

/** `command` keeps what is installed on this machine out of it. */
const none: OpenClawConfig = { plugins: { entries: { sluice: { config: { command: ["/no/such/sluice"] } } } } };

describe("login", () => {
  test("asks for host, port and models, and offers those that run", async () => {
    using sluice = listing("claude-opus-5", "haiku", "sonnet");
    const { asked, context } = terminal(none, [undefined, String(sluice.port), undefined]);
    const result = await login(context, undefined);
    expect(asked.map(({ initialValue }) => initialValue)).toEqual([
      "127.0.0.1",
      "3456",
      "sonnet, haiku, claude-opus-5",
    ]);
    expect(result).toMatchObject({
      profiles: [],
      defaultModel: "sluice/sonnet",
      notes: [`Sluice answers on http://127.0.0.1:${sluice.port}.`],
      configPatch: {
        models: { providers: { sluice: { baseUrl: `http://127.0.0.1:${sluice.port}` } } },
        agents: { defaults: { model: { primary: "sluice/sonnet", fallbacks: [] } } },
        // What was offered is what there is: no list of its own.
        plugins: { entries: { sluice: { config: { host: "127.0.0.1", port: sluice.port, models: [] } } } },
      },
    });
  });

  test("takes the models that were typed, also where nothing runs", async () => {
    const port = String(deadPort());
    const { asked, context } = terminal(none, ["::1", port, "opus,claude-sonnet-5  opus"]);
    const { configPatch, defaultModel, notes } = await login(context, undefined);
    expect(asked[2]?.initialValue).toBe("sonnet, opus, haiku");
    expect(defaultModel).toBe("sluice/opus");
    expect(notes?.[0]).toStartWith(`Nothing answers on http://[::1]:${port} yet`);
    expect(configPatch?.models?.providers?.["sluice"]?.models).toMatchObject([
      { id: "opus" },
      { id: "claude-sonnet-5" },
    ]);
    expect(configPatch?.plugins?.entries?.["sluice"]?.config).toMatchObject({ models: ["opus", "claude-sonnet-5"] });
  });

  test("says so where Sluice wants another key, which stays where it is", async () => {
    using sluice = listing("haiku");
    const entry = { baseUrl: "", apiKey: "wrong", models: [] };
    const { context } = terminal({ ...none, models: { providers: { sluice: entry } } }, [
      undefined,
      String(sluice.port),
    ]);
    const { configPatch, notes } = await login(context, undefined);
    expect(configPatch?.models?.providers?.["sluice"]).toMatchObject({
      apiKey: "wrong",
      models: [{ id: "sonnet" }, {}, {}],
    });
    expect(notes?.[0]).toContain("openclaw config set models.providers.sluice.apiKey KEY");
  });

  test.each([
    [["not an address"], "not an address: Not an address"],
    [[undefined, "70000"], "70000: A number from 1 to 65535"],
    [[undefined, "80x"], "80x: A number from 1 to 65535"],
    [[undefined, "1", " , "], " , : Name a model"],
  ])("refuses %p", async (answers, objection) => {
    await expect(login(terminal(none, answers).context, undefined)).rejects.toThrow(objection);
  });
});

describe("onboard --non-interactive", () => {
  const run = async (config: OpenClawConfig, opts: Record<string, unknown>) => {
    const said: (string | number)[] = [];
    const runtime = { error: (message: string) => said.push(message), exit: (code: number) => said.push(code) };
    const context: ProviderAuthMethodNonInteractiveContext = { config, opts, runtime };
    return { result: await onboard(context, undefined), said };
  };

  test("returns the whole config, with the rest of it kept", async () => {
    using sluice = listing("sonnet", "fable");
    const other = { baseUrl: "https://api.example", models: [] };
    const before = {
      ...none,
      models: { providers: { other } },
      agents: {
        defaults: { model: { primary: "other/model", fallbacks: ["other/second"] }, models: { a: { alias: "b" } } },
      },
    };
    const { result } = await run(before, { sluiceUrl: `http://127.0.0.1:${sluice.port}/` });
    expect(result?.models?.providers).toMatchObject({ other, sluice: { models: [{ id: "sonnet" }, { id: "fable" }] } });
    expect(result?.agents?.defaults?.model).toEqual({ primary: "sluice/sonnet", fallbacks: [] });
    expect(result?.agents?.defaults?.models).toMatchObject({
      a: { alias: "b" },
      "sluice/fable": { alias: "sluice-fable" },
    });
    expect(result?.plugins?.entries?.["sluice"]?.config).toMatchObject({
      port: sluice.port,
      command: ["/no/such/sluice"],
    });
  });

  test("starts from the plugin's config, and knows models without a Sluice that runs", async () => {
    const port = deadPort();
    const config = { ...none, plugins: { entries: { sluice: { config: { port, command: [process.execPath] } } } } };
    const { result } = await run(config, {});
    expect(result?.models?.providers?.["sluice"]).toMatchObject({
      baseUrl: `http://127.0.0.1:${port}`,
      localService: { command: process.execPath, healthUrl: `http://127.0.0.1:${port}/health` },
      models: [{ id: "sonnet" }, { id: "opus" }, { id: "haiku" }],
    });
  });

  test.each(["127.0.0.1:3456", "https://127.0.0.1:3456", "nonsense"])("refuses the address %p", async (sluiceUrl) => {
    expect(await run(none, { sluiceUrl })).toEqual({
      result: null,
      said: ["--sluice-url must be an address such as http://127.0.0.1:3456.", 1],
    });
  });
});

describe("the provider's models", () => {
  const { catalog, staticCatalog } = createProvider(undefined);
  const at = (port: number, models: string[] = []): OpenClawConfig => ({
    models: { providers: { sluice: { baseUrl: "kept", models: [] } } },
    plugins: { entries: { sluice: { config: { port, models } } } },
  });
  const idsOf = async (source: typeof catalog, config: OpenClawConfig) => {
    const result = await source?.run({ config });
    return result && "provider" in result ? result.provider.models.map((model) => model.id) : result;
  };

  test("are those of the Sluice that runs, or else the known ones", async () => {
    using sluice = listing("haiku", "claude-haiku-5");
    expect(await idsOf(catalog, at(sluice.port))).toEqual(["haiku", "claude-haiku-5"]);
    expect(await idsOf(catalog, at(deadPort()))).toEqual(["sonnet", "opus", "haiku"]);
    expect(await idsOf(staticCatalog, at(sluice.port))).toEqual(["sonnet", "opus", "haiku"]);
  });

  test("are those of the plugin's config, where it names some", async () => {
    using sluice = listing("haiku");
    expect(await idsOf(catalog, at(sluice.port, ["opus"]))).toEqual(["opus"]);
  });

  test("are none before Sluice is set up", async () => {
    expect(await idsOf(catalog, {})).toBeNull();
  });
});
