import type { ModelProviderConfig } from "./entry.ts";

/** Claude Code's names for its models, which outlive their versions. The first one is the default. */
export const knownModels = ["sonnet", "opus", "haiku"] as const;

/** How long a Sluice that answers at all may take (milliseconds). */
const patience = 5000;

/** Sluice wants a client key, and not the one that it got. */
export class KeyRefused extends Error {
  override readonly name = "KeyRefused";
}

/** The models that a running Sluice lists, the known names first. Throws when none answers, or it refuses the key. */
export async function listModels(url: string, key: string, signal?: AbortSignal): Promise<string[]> {
  const deadline = AbortSignal.timeout(patience);
  const response = await fetch(`${url}/v1/models`, {
    headers: { authorization: `Bearer ${key}` },
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
  });
  if (response.status === 401) throw new KeyRefused(`${url} wants another key`);
  if (!response.ok) throw new Error(`${url}/v1/models answered ${response.status}`);
  const { data } = (await response.json()) as { data: { id: string }[] };
  const ids = data.map((model) => model.id);
  const known: string[] = knownModels.filter((name) => ids.includes(name));
  return [...known, ...ids.filter((name) => !known.includes(name))];
}

/** A model as OpenClaw describes it. What it costs is the subscription's business. */
export function describeModel(name: string): ModelProviderConfig["models"][number] {
  return {
    id: name,
    name: `${name} (Sluice)`,
    reasoning: true,
    input: ["text", "image"],
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 200_000,
    maxTokens: 32_000,
  };
}
