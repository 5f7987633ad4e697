/** A Sluice at work, for the eye: clients of many kinds, some of whose requests run, have ended or have failed. */

import { eventually } from "../support/environment.ts";
import { error, type Reply, text, thinking } from "../support/mock-anthropic.ts";
import { startSluice, type TestOptions, type TestSluice } from "../support/sluice.ts";

const prefix = "anthropic-ratelimit-unified-";
const now = Math.floor(Date.now() / 1000);
const limits = {
  status: "allowed",
  reset: now + 8_400,
  "representative-claim": "five_hour",
  "5h-status": "allowed",
  "5h-utilization": 0.42,
  "5h-reset": now + 8_400,
  "7d-status": "allowed_warning",
  "7d-utilization": 0.83,
  "7d-reset": now + 190_000,
};
const headers = Object.fromEntries(Object.entries(limits).map(([name, value]) => [prefix + name, String(value)]));

interface Visitor {
  client: string;
  api: "messages" | "chat" | "responses";
  model: string;
  /** Output tokens. */
  tokens: number;
  input: number;
  /** Between two pieces of the answer (milliseconds). */
  delayMs: number;
  thinks?: boolean;
  fails?: Reply;
}

/** Who came, and has been answered. */
const past: Visitor[] = [
  {
    client: "claude-cli/2.1.329 (external, cli)",
    api: "messages",
    model: "opus",
    tokens: 412,
    input: 48_210,
    delayMs: 30,
  },
  { client: "codex_cli_rs/0.98.0", api: "responses", model: "sonnet", tokens: 188, input: 21_304, delayMs: 20 },
  { client: "OpenAI/JS 7.55.0", api: "chat", model: "haiku", tokens: 96, input: 830, delayMs: 10 },
  { client: "opencode/1.3.2", api: "messages", model: "sonnet", tokens: 655, input: 12_877, delayMs: 35, thinks: true },
  {
    client: "curl/8.5.0",
    api: "messages",
    model: "sonnet",
    tokens: 0,
    input: 12,
    delayMs: 0,
    fails: error(429, "rate_limit_error", "This request would exceed the rate limit of your organization."),
  },
  { client: "Anthropic/Python 1.11.0", api: "messages", model: "haiku", tokens: 240, input: 3_411, delayMs: 8 },
  { client: "openclaw/2026.11", api: "messages", model: "sonnet", tokens: 331, input: 9_020, delayMs: 15 },
  { client: "continue/1.4.0", api: "chat", model: "no-such-model", tokens: 0, input: 0, delayMs: 0 },
];

/** Who is being answered. */
const present: Visitor[] = [
  {
    client: "claude-cli/2.1.329 (external, cli)",
    api: "messages",
    model: "opus",
    tokens: 900,
    input: 48_900,
    delayMs: 220,
    thinks: true,
  },
  { client: "codex_cli_rs/0.98.0", api: "responses", model: "sonnet", tokens: 700, input: 22_180, delayMs: 160 },
  { client: "OpenAI/JS 7.55.0", api: "chat", model: "haiku", tokens: 900, input: 1_204, delayMs: 110 },
];

const words = "water gates open and close and the level holds while boats wait in the lock ".repeat(40);

function reply({ tokens, input, delayMs, thinks }: Visitor): Reply {
  const answer = words.slice(0, tokens * 4);
  const options = {
    chunks: Math.max(2, Math.round(tokens / 6)),
    delayMs,
    headers,
    usage: {
      input_tokens: input % 1000,
      output_tokens: tokens,
      cache_read_input_tokens: input - (input % 1000),
      cache_creation_input_tokens: 0,
    },
  };
  return thinks ? thinking(answer.slice(0, tokens * 2), answer, options) : text(answer, options);
}

async function ask(sluice: TestSluice, visitor: Visitor, n: number): Promise<Response> {
  const prompt = `A question of the visitor ${n}.`;
  const messages = [{ role: "user", content: prompt }];
  const { model } = visitor;
  const bodies = {
    messages: ["/v1/messages", { model, max_tokens: 4000, stream: true, messages }],
    chat: ["/v1/chat/completions", { model, stream: true, messages }],
    responses: ["/v1/responses", { model, stream: true, input: prompt }],
  } as const;
  const [path, body] = bodies[visitor.api];
  return await sluice.post(path, body, { headers: { "user-agent": visitor.client } });
}

/** Starts a Sluice that has answered some, and is answering others as long as it lives. */
export async function startScene(options: TestOptions = {}): Promise<TestSluice> {
  const sluice = await startSluice({
    args: ["--spares", "3"],
    ...options,
    env: { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: "dummy", SLUICE_MAX_PROCESSES: "9", ...options.env },
  });
  const all = [...past, ...present];
  sluice.mock.respond((body) => {
    const n = /visitor (\d+)/.exec(JSON.stringify(body.messages))?.[1];
    const visitor = all[Number(n)];
    if (visitor === undefined) return text("Fine.");
    return visitor.fails ?? reply(visitor);
  });
  for (const [n, visitor] of past.entries()) await (await ask(sluice, visitor, n)).text();
  // All come at once, and each finds a process.
  await sluice.quiet();
  for (const [n, visitor] of present.entries()) {
    void ask(sluice, visitor, past.length + n).then((response) => response.text().catch(() => {}));
  }
  await eventually(async () => sluice.mock.requests.length >= all.length - 1);
  await Bun.sleep(2_000);
  return sluice;
}
