import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OpenClawConfig, OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import { providerEntry } from "../../src/openclaw/entry.ts";
import { createService } from "../../src/openclaw/service.ts";
import { eventually, temporaryFolder } from "../support/environment.ts";

/** A host with this config: it starts a Sluice by opening the port, as its `localService` says. */
function host(config: OpenClawConfig) {
  const logged: string[] = [];
  const health: string[] = [];
  let sluice: { stop(close: boolean): Promise<void> } | undefined;
  let leases = 0;
  let starts = 0;
  const fails = { once: false };
  let reload = async (): Promise<void> => {};
  const api: OpenClawPluginApi = {
    registerProvider: () => {},
    registerService: () => {},
    runtime: {
      config: {
        mutateConfigFile: async ({ mutate }) => {
          await Bun.sleep(1);
          mutate(config);
          await reload();
        },
      },
      llm: {
        acquireLocalService: async ({ providerId, baseUrl }) => {
          const entry = config.models?.providers?.[providerId];
          if (entry?.localService === undefined) return undefined;
          if (entry.baseUrl !== baseUrl) throw new Error("Local endpoint must match");
          if (fails.once) {
            fails.once = false;
            throw new Error("It exited before readiness");
          }
          starts++;
          leases++;
          sluice = serve(Number(new URL(baseUrl).port));
          return { release: () => void leases-- };
        },
      },
    },
  };
  const service = createService(api);
  const log = (message: string) => void logged.push(message);
  const context = {
    config,
    logger: { info: log, warn: log, error: log },
    serviceHealth: { reportFailure: () => void health.push("down"), clearFailure: () => void health.push("up") },
  };
  return {
    config,
    logged,
    health,
    fails,
    /** What follows from a write of the config, before that resolves. */
    onWrite: (run: () => Promise<void>) => {
      reload = run;
    },
    get starts() {
      return starts;
    },
    get leases() {
      return leases;
    },
    start: () => service.start(structuredCloneOf(context)),
    stop: () => service.stop?.(context),
    kill: () => sluice?.stop(true),
    [Symbol.asyncDispose]: async () => {
      await service.stop?.(context);
      await sluice?.stop(true);
    },
  };
}

/** The service must not see what is changed later through what it was given. */
function structuredCloneOf<T extends { config: OpenClawConfig }>(context: T): T {
  return { ...context, config: structuredClone(context.config) };
}

function serve(port: number) {
  return Bun.serve({ port, hostname: "127.0.0.1", fetch: () => Response.json({ ok: true }) });
}

async function freePort(): Promise<number> {
  const server = serve(0);
  const port = server.port ?? 0;
  await server.stop(true);
  return port;
}

/** A config after a login, with a program that exists. */
function configOf(port: number, settings: Record<string, unknown> = {}): OpenClawConfig {
  return {
    models: { providers: { sluice: providerEntry("http://127.0.0.1:1", "sluice", ["sonnet"]) } },
    plugins: { entries: { sluice: { config: { port, restartDelayMs: 1, command: [process.execPath], ...settings } } } },
  };
}

const entryOf = (config: OpenClawConfig) => config.models?.providers?.["sluice"];

test("it writes where Sluice is, starts it, and starts it again when it has ended", async () => {
  const port = await freePort();
  await using gateway = host(configOf(port));
  await gateway.start();
  await eventually(() => gateway.health.includes("up"));
  expect(entryOf(gateway.config)).toMatchObject({
    baseUrl: `http://127.0.0.1:${port}`,
    localService: { command: process.execPath, healthUrl: `http://127.0.0.1:${port}/health` },
  });
  expect(gateway.logged).toContain(`Sluice answers on http://127.0.0.1:${port}`);

  await gateway.kill();
  await eventually(() => gateway.health.length === 3);
  expect(gateway.health).toEqual(["up", "down", "up"]);
  expect(gateway.leases).toBe(1);
  await gateway.stop();
  expect(gateway.leases).toBe(0);
});

test("what does not start is reported, and tried again", async () => {
  await using gateway = host(configOf(await freePort()));
  gateway.fails.once = true;
  await gateway.start();
  await eventually(() => gateway.health.join() === "down,up");
  expect(gateway.logged).toContain(`It exited before readiness; \`${process.execPath} serve\` says more`);
});

test("one that answers is as good, where there is none to start", async () => {
  const other = serve(0);
  const port = other.port ?? 0;
  await using gateway = host(configOf(port, { command: ["/no/such/sluice"] }));
  await gateway.start();
  await eventually(() => gateway.health.includes("up"));
  expect([gateway.starts, entryOf(gateway.config)?.localService]).toEqual([0, undefined]);

  await other.stop(true);
  await eventually(() => gateway.logged.some((line) => line.startsWith("There is no Sluice to start")));
});

test("without autoStart it only says where Sluice is", async () => {
  const port = await freePort();
  await using gateway = host(configOf(port, { autoStart: false }));
  await gateway.start();
  await eventually(() => entryOf(gateway.config)?.baseUrl === `http://127.0.0.1:${port}`);
  await gateway.stop();
  expect([gateway.starts, gateway.health]).toEqual([0, []]);
});

test.each([true, false])(
  "what it writes may restart it: it does not wait for that (autoStart: %p)",
  async (autoStart) => {
    await using gateway = host(configOf(await freePort(), { autoStart }));
    const stopped = Promise.withResolvers<void>();
    gateway.onWrite(async () => {
      await gateway.stop();
      stopped.resolve();
    });
    await gateway.start();
    await stopped.promise;
    expect([gateway.starts, gateway.logged]).toEqual([0, []]);
  },
);

test("a program of the config counts from the next start on", async () => {
  await using folder = await temporaryFolder();
  const own = join(folder.path, "sluice");
  writeFileSync(own, "");
  chmodSync(own, 0o755);
  const config = configOf(await freePort());
  await using gateway = host(config);
  await gateway.start();
  await eventually(() => gateway.health.includes("up"));
  await gateway.stop();
  await gateway.kill();

  Object.assign(config.plugins?.entries?.["sluice"]?.config ?? {}, { command: [own, "-x"] });
  await gateway.start();
  await eventually(() => gateway.starts === 2);
  expect(entryOf(config)?.localService).toMatchObject({ command: own, args: expect.arrayContaining(["-x", "serve"]) });
});

test("before a login it says what to do", async () => {
  await using gateway = host({});
  await gateway.start();
  await eventually(() => gateway.logged.length > 0);
  expect(gateway.logged[0]).toContain("openclaw models auth login --provider sluice");
  expect(gateway.starts).toBe(0);
});
