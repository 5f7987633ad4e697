import { deepStrictEqual, match, notStrictEqual, strictEqual } from "node:assert";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { eventually, realClaude } from "../support/environment.ts";
import type { Client } from "./client.ts";
import type { Program, Stage } from "./stage.ts";
import { after, prompt, type Steps } from "./task.ts";

const root = resolve(import.meta.dir, "../..");

/** The gateway never needs nearly as long to get ready (milliseconds). */
const longest = 300_000;

/** OpenClaw with the plugin, from its installation to the end of the gateway, and what is left then: nothing. */
export const openclawPlugin = (steps: Steps): Client => ({
  api: "messages, by the plugin",
  steps,
  async perform(stage) {
    await checkTypes(stage);
    const host = new Host(stage);
    await host.installPlugin();
    await host.onboard();

    const gateway = await host.startGateway();
    match(await host.ask(prompt), new RegExp(after));
    await host.audit();

    const first = await eventually(() => host.sluice());
    process.kill(first, "SIGKILL");
    match(await host.ask("And what does it say now?"), new RegExp(after));
    notStrictEqual(host.sluice(), first);

    await host.moveSluice();
    match(await host.ask("Are you sure?"), new RegExp(after));

    gateway.kill("SIGTERM");
    strictEqual(await gateway.ended, 0, gateway.output());
    deepStrictEqual(stage.processes(), []);

    // A Sluice that runs already is as good. When it ends, the gateway starts its own.
    await host.setPort(Number(new URL(stage.url).port));
    const second = await host.startGateway();
    strictEqual(host.sluice(), undefined);
    await stage.restart();
    await eventually(() => host.sluice());

    second.kill("SIGKILL");
    await second.ended;
    await eventually(() => stage.processes().length === 0);

    // Without a gateway, whoever needs Sluice starts it.
    match(await host.exec(prompt), new RegExp(after));
    await eventually(() => stage.processes().length === 0);
  },
});

/** Checks the plugin's source against the real SDK instead of our own declarations of it. */
async function checkTypes(stage: Stage): Promise<void> {
  const sdk = join(stage.modules, "openclaw/dist/plugin-sdk");
  const project = join(stage.home, "tsconfig.json");
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      typeRoots: [join(root, "node_modules")],
      paths: { "openclaw/plugin-sdk/*": [join(sdk, "*.d.ts")] },
    },
    include: [],
    files: [join(root, "src/openclaw/index.ts")],
  };
  await Bun.write(project, JSON.stringify(config));
  await stage.run([process.execPath, "check", "--project", project]);
}

/** OpenClaw on this machine, with the plugin and the Sluice that the plugin brings. */
class Host {
  readonly #gatewayPort = freePort();
  #port = freePort();

  constructor(readonly stage: Stage) {}

  async installPlugin(): Promise<void> {
    const { home } = this.stage;
    await this.#run(["npm", "pack", join(root, "dist/openclaw"), "--pack-destination", home]);
    const archive = readdirSync(home).find((name) => name.endsWith(".tgz"));
    await this.#openclaw("plugins", "install", `npm-pack:${home}/${archive}`, "--force", "--accept-capabilities");
  }

  async onboard(): Promise<void> {
    const skipped = ["health", "channels", "skills", "ui", "search", "bootstrap"].map((step) => `--skip-${step}`);
    const choice = ["--auth-choice", "sluice", "--sluice-url", `http://127.0.0.1:${this.#port}`];
    const place = ["--workspace", this.stage.work, "--gateway-port", String(this.#gatewayPort)];
    const mode = ["--non-interactive", "--accept-risk", "--mode", "local", "--json"];
    await this.#openclaw("onboard", ...mode, ...choice, ...place, ...skipped);
    const { agents } = JSON.parse(await Bun.file(join(this.stage.home, ".openclaw/openclaw.json")).text());
    deepStrictEqual(agents.defaults.model, { primary: "sluice/sonnet", fallbacks: [] });
  }

  /** Starts the gateway; resolves when it has started Sluice. */
  async startGateway(): Promise<Program> {
    const command = ["openclaw", "gateway", "run", "--port", String(this.#gatewayPort), "--bind", "loopback"];
    const gateway = this.stage.start(command, this.#env);
    const ready = eventually(() => gateway.output().includes(`Sluice answers on ${this.#url}`), longest);
    const ended = gateway.ended.then((how) => Promise.reject(new Error(`It ended with ${how}`)));
    await Promise.race([ready, ended]).catch((error: unknown) => {
      throw new Error(`The gateway has not started Sluice: ${error}\n${gateway.output()}`);
    });
    return gateway;
  }

  /** What the agent answers through the gateway. */
  async ask(words: string): Promise<string> {
    const printed = await this.#openclaw("agent", "--agent", "main", "--message", words, "--json");
    return (JSON.parse(printed) as { result: { payloads: { text: string }[] } }).result.payloads[0]?.text ?? "";
  }

  /** What the agent answers without the gateway. */
  async exec(words: string): Promise<string> {
    const flags = ["--cwd", this.stage.work, "--json", "--no-auth-env-only"];
    return (JSON.parse(await this.#openclaw("agent", "exec", words, ...flags)) as { final: string }).final;
  }

  /** Throws for a critical finding. */
  async audit(): Promise<void> {
    const { findings } = JSON.parse(await this.#openclaw("security", "audit", "--deep", "--json"));
    const critical = (findings as { severity: string }[]).filter(({ severity }) => severity === "critical");
    deepStrictEqual(critical, []);
  }

  async setPort(port: number): Promise<void> {
    this.#port = port;
    await this.#openclaw("config", "set", "plugins.entries.sluice.config.port", String(port));
  }

  /** Gives Sluice another port while the gateway runs; resolves when it answers there. */
  async moveSluice(): Promise<void> {
    // The gateway does not reload a plugin that it is busy with, and looks again at the next change.
    for (let tries = 1; ; tries++) {
      await this.setPort(freePort());
      try {
        await eventually(async () => (await fetch(`${this.#url}/health`).catch(() => undefined))?.ok);
        return;
      } catch (error) {
        if (tries === 5) throw error;
      }
    }
  }

  /** The process of the Sluice that OpenClaw has started. */
  sluice(): number | undefined {
    return this.stage.processes().find(({ command }) => command.includes("sluice serve"))?.pid;
  }

  get #url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What a person's environment and login would be to Claude Code. */
  get #env(): Record<string, string> {
    return {
      SLUICE_CLAUDE: realClaude,
      SLUICE_PASS_ENV: "SLUICE_TEST",
      ANTHROPIC_BASE_URL: this.stage.mock.url,
      ANTHROPIC_API_KEY: "dummy",
      OPENCLAW_NO_AUTO_UPDATE: "1",
      npm_config_update_notifier: "false",
    };
  }

  #openclaw(...args: readonly string[]): Promise<string> {
    return this.#run(["openclaw", ...args]);
  }

  #run(command: readonly string[]): Promise<string> {
    return this.stage.run(command, this.#env);
  }
}

function freePort(): number {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  if (server.port === undefined) throw new Error("There is no port");
  return server.port;
}
