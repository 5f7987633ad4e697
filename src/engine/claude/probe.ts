import type { MessagesRequest } from "../../messages/types.ts";
import { Conversation } from "./conversation.ts";
import { composeHistory, systemText } from "./history.ts";
import type { CliProcess } from "./process.ts";
import { toolNames } from "./names.ts";
import { type CliModel, openingSettings, type Profile, turnSettings } from "./settings.ts";
import { Turn } from "./turn.ts";

/** What Sluice needs of the CLI that is no promise of its makers (cli-protocol.md marks it as internal). */
export interface Features {
  /** `set_model` takes a system prompt. Where not, a request with one gets a process of its own. */
  systemPrompt: boolean;
  /** What else is not as it should be, for which there is no other way: fields of the upstream request. */
  missing: string[];
}

/** What an untested version does is not known until it was tried: the way that is sure to work is taken meanwhile. */
export const unproven: Features = { systemPrompt: false, missing: [] };
export const proven: Features = { systemPrompt: true, missing: [] };

const tool = { name: "probe", description: "d".repeat(5000), input_schema: { type: "object" as const } };

const request: MessagesRequest = {
  model: "sonnet",
  max_tokens: 321,
  temperature: 0.25,
  stop_sequences: ["probe-stop"],
  system: [{ type: "text", text: "probe-system" }],
  messages: [{ role: "user", content: [{ type: "text", text: "/probe @/etc/hostname" }] }],
  tools: [tool],
};

/**
 * How a process is started for the trial: with a configuration folder of its own, these variables changed, and undefined
 * ones taken away.
 */
export type StartProbe = (env: Record<string, string | undefined>) => { process: CliProcess; ready: Promise<unknown> };

/** Tries a CLI out: has it say a request that asks for everything. Throws when no turn comes about. */
export async function probe(start: StartProbe, signal: AbortSignal): Promise<Features> {
  const model = { name: "sonnet", resolved: "sonnet", listed: true };
  return compare(await rehearse(start, request, model, "chat", signal));
}

/**
 * The body that the CLI would send to the upstream for a request: one turn against an upstream of our own on loopback,
 * with a key that is none. Throws when no turn comes about.
 */
export async function rehearse(
  start: StartProbe,
  request: MessagesRequest,
  model: CliModel,
  profile: Profile,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const upstream = new ProbeUpstream();
  const { process, ready } = start({
    ANTHROPIC_BASE_URL: upstream.url,
    ANTHROPIC_API_KEY: "probe",
    ...Object.fromEntries(otherUpstreams.map((name) => [name, undefined])),
  });
  try {
    await ready;
    const { tools } = request;
    const conversation = new Conversation(process, {
      model: model.resolved,
      agent: profile === "agent",
      reader: () => new Turn(toolNames((tools ?? []).map(({ name }) => name))),
      tools,
      limits: { stallTimeout: 30_000 },
      replayed: () => {},
    });
    const settings = turnSettings(request, model, profile, undefined);
    const opening = openingSettings(settings, model, systemText(request.system));
    const question = { settings, signal, rest: () => {} };
    for await (const _ of conversation.begin(question, opening, composeHistory(request.messages)));
    return upstream.body;
  } finally {
    upstream.stop();
    await process.end();
  }
}

/** Whatever would lead elsewhere than to the probe's own upstream. */
const otherUpstreams = [
  "ANTHROPIC_AUTH_TOKEN CLAUDE_CODE_OAUTH_TOKEN CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX CLAUDE_CODE_USE_FOUNDRY",
  "HTTP_PROXY HTTPS_PROXY http_proxy https_proxy",
].flatMap((names) => names.split(" "));

function compare(body: Record<string, unknown>): Features {
  const system = JSON.stringify(body["system"] ?? "");
  const expected = {
    max_tokens: request.max_tokens,
    temperature: request.temperature,
    stop_sequences: request.stop_sequences,
    tools: request.tools,
  };
  const missing = Object.entries(expected)
    .filter(([field, value]) => !Bun.deepEquals(body[field], value))
    .map(([field]) => field);
  if (!JSON.stringify(body["messages"] ?? "").includes('"/probe @/etc/hostname"')) missing.push("messages");
  return { systemPrompt: system.includes("probe-system"), missing };
}

/** A Messages API that answers anything with a word, and keeps the last body. */
class ProbeUpstream {
  body: Record<string, unknown> = {};
  readonly #server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (call) => {
      this.body = (await call.json()) as Record<string, unknown>;
      return new Response(probeAnswer, { headers: { "content-type": "text/event-stream" } });
    },
  });

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  stop(): void {
    void this.#server.stop(true);
  }
}

const usage = { input_tokens: 1, output_tokens: 1 };

const probeAnswer = [
  { type: "message_start", message: { id: "msg_probe", type: "message", role: "assistant", content: [], usage } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "ok" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
  { type: "message_stop" },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join("");
