import { setTimeout as sleep } from "node:timers/promises";
import type {
  OpenClawPluginApi,
  OpenClawPluginService,
  OpenClawPluginServiceContext,
} from "openclaw/plugin-sdk/plugin-entry";
import { agree, align, type ModelProviderConfig } from "./entry.ts";
import { findProgram } from "./program.ts";
import { addressOf, id, readSettings } from "./settings.ts";
import { keepRunning, type Lease } from "./supervisor.ts";

/** A Sluice that says nothing for this long is taken for dead (milliseconds). */
const patience = 10_000;

/** The gateway's service: Sluice runs as long as it does. */
export function createService(api: OpenClawPluginApi): OpenClawPluginService {
  let abort = new AbortController();
  let ended: Promise<void> = Promise.resolve();
  return {
    id,
    // The plugin's own config restarts it anyway. This is for a login while the gateway runs.
    reload: { configPrefixes: [`models.providers.${id}`] },
    start(context) {
      abort = new AbortController();
      const { signal } = abort;
      ended = run(api, context, signal).catch((error: unknown) => {
        if (!signal.aborted) context.logger.error(`Sluice is not supervised: ${String(error)}`);
      });
    },
    async stop() {
      abort.abort();
      await ended;
    },
  };
}

async function run(
  api: OpenClawPluginApi,
  { config, logger, serviceHealth }: OpenClawPluginServiceContext,
  signal: AbortSignal,
): Promise<void> {
  const settings = readSettings(config.plugins?.entries?.[id]?.config);
  const entry = config.models?.providers?.[id];
  if (entry === undefined) {
    logger.info(`Sluice is not set up: run \`openclaw models auth login --provider ${id}\`.`);
    return;
  }
  const program = findProgram(settings.command, api.rootDir);
  const change = (before: ModelProviderConfig) => align(before, settings, program);
  const wanted = change(entry);
  let aligned = agree(entry, wanted);
  const alignEntry = async () => {
    if (aligned) return;
    // OpenClaw may restart this service for what it writes, and is not to wait for it then.
    await unlessAborted(rewriteEntry(api, change), signal);
    aligned = true;
    // It counts a moment later, mostly with a restart of this service.
    await sleep(settings.restartDelayMs, undefined, { signal });
  };
  if (!settings.autoStart) return await alignEntry();

  const url = addressOf(settings);
  const health = `${url}/health`;
  await keepRunning(
    {
      acquire: async (stopped) => {
        await alignEntry();
        return await acquire(api, wanted.baseUrl, health, stopped);
      },
      answers: (stopped) => answers(health, stopped),
      sleep: (ms, stopped) => sleep(ms, undefined, { signal: stopped }),
      now: () => performance.now(),
      up: () => {
        logger.info(`Sluice answers on ${url}`);
        serviceHealth?.clearFailure();
      },
      down: (reason) => {
        const sentence = program === undefined ? reason : `${reason}; \`${program.command} serve\` says more`;
        logger.warn(sentence);
        serviceHealth?.reportFailure(new Error(sentence));
      },
    },
    settings,
    signal,
  );
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", stop));
}

/** Changes the provider's entry in the config file. */
async function rewriteEntry(
  api: OpenClawPluginApi,
  change: (entry: ModelProviderConfig) => ModelProviderConfig,
): Promise<void> {
  await api.runtime.config.mutateConfigFile({
    afterWrite: { mode: "auto" },
    mutate(draft) {
      const providers = draft.models?.providers;
      const entry = providers?.[id];
      if (providers !== undefined && entry !== undefined) providers[id] = change(entry);
    },
  });
}

/** A hold on the host's Sluice, or on one that someone else has started. */
async function acquire(api: OpenClawPluginApi, baseUrl: string, health: string, signal: AbortSignal): Promise<Lease> {
  const lease = await api.runtime.llm.acquireLocalService({ providerId: id, baseUrl }, signal);
  if (lease !== undefined) return lease;
  if (await answers(health, signal)) return { release: () => {} };
  throw new Error("There is no Sluice to start: set the plugin's `command`, or put `sluice` on PATH");
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(patience)]) })).ok;
  } catch {
    return false;
  }
}
