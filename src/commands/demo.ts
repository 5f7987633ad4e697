import { defineCommand } from "citty";
import { type LoadedConfig, loadConfig } from "../config.ts";
import { placeholderKey } from "../engine/own-address.ts";
import { exitCodes, StartError } from "../error.ts";
import type { Log } from "../log.ts";
import { type RunningServer, startServer } from "../server.ts";
import { helpArgs } from "./args.ts";
import { openLog } from "./logging.ts";
import { clientLines, stopSignal } from "./serve.ts";

export const demo = defineCommand({
  meta: { name: "demo", description: "Try every API without Claude Code: an embedded engine echoes what it is told" },
  args: helpArgs(),
  async run({ rawArgs }) {
    const loaded = loadConfig(rawArgs, { mode: "echo" });
    const { config, sources } = loaded;
    // Lines of the log between those of the demo would only confuse, unless they were asked for.
    const logLevel = sources.logLevel === "default" ? "warn" : config.logLevel;
    const log = openLog({ ...loaded, config: { ...config, logLevel } });
    const stopped = stopSignal(config);

    const server = await start(loaded, log);
    console.log(`Sluice answers on ${server.url} with its embedded echo engine: no Claude Code, no login.`);
    try {
      await Promise.race([showEveryApi(server.url, config.clientKey), stopped]);
    } catch (error) {
      console.error(`sluice: The demo failed: ${(error as Error).message}`);
      await server.stop();
      return 1;
    }
    console.log(clientLines(server.url, config).join("\n"));
    console.log("\nThe server keeps running for requests of your own. Ctrl-C stops it.");
    await stopped;
    await server.stop(config.drainTimeout / 1000);
    return 0;
  },
});

/** A port that was asked for is the one; a default that is taken gives way to a free one. */
async function start({ config, sources }: LoadedConfig, log: Log): Promise<RunningServer> {
  try {
    return await startServer(config, log);
  } catch (error) {
    const taken = error instanceof StartError && error.exitCode === exitCodes.port_taken;
    if (taken && sources.port === "default") return await startServer({ ...config, port: 0 }, log);
    throw error;
  }
}

async function showEveryApi(url: string, clientKey: string | undefined): Promise<void> {
  const show = async (api: Api) => {
    console.log(`\n${bold(api.title)}\n${curlLine(url, api, clientKey !== undefined)}`);
    const response = await send(url, api, clientKey);
    if (!response.ok) throw new Error(`${api.path} answered ${response.status}: ${await response.text()}`);
    return response;
  };

  const models = (await (await show(modelsApi)).json()) as { data?: { id: string }[] };
  console.log(dim(JSON.stringify(models)));
  const model = models.data?.[0]?.id;
  if (model === undefined) throw new Error("the server knows no model.");

  for (const api of streamedApis(model)) {
    const text = await showStream(await show(api));
    if (text === "") throw new Error(`${api.path} answered without text.`);
    console.log(`The whole text: ${bold(text)}`);
  }
}

interface Api {
  title: string;
  path: string;
  headers: Record<string, string>;
  body?: unknown;
}

const modelsApi: Api = { title: "The models", path: "/v1/models", headers: {} };

function streamedApis(model: string): Api[] {
  const messages = [{ role: "user", content: "Hello, Sluice!" }];
  const json = { "content-type": "application/json" };
  return [
    {
      title: "Anthropic Messages, streamed",
      path: "/v1/messages",
      headers: { ...json, "anthropic-version": "2023-06-01" },
      body: { model, max_tokens: 100, stream: true, messages },
    },
    {
      title: "OpenAI Chat Completions, streamed",
      path: "/v1/chat/completions",
      headers: json,
      body: { model, stream: true, messages },
    },
    {
      title: "OpenAI Responses, streamed",
      path: "/v1/responses",
      headers: json,
      body: { model, stream: true, store: false, input: "Hello, Sluice!" },
    },
  ];
}

function send(url: string, { path, headers, body }: Api, clientKey = placeholderKey): Promise<Response> {
  return fetch(url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: { ...headers, authorization: `Bearer ${clientKey}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    // A proxy for the outside world cannot reach this machine's loopback.
    proxy: false,
  });
}

/** The same request for a shell, without the key itself. */
function curlLine(url: string, { path, headers, body }: Api, needsKey: boolean): string {
  const key = needsKey ? ["-H 'authorization: Bearer <your client key>'"] : [];
  const heads = Object.entries(headers).map(([name, value]) => `-H '${name}: ${value}'`);
  const data = body === undefined ? [] : [`-d '${JSON.stringify(body)}'`];
  return `$ ${["curl -N", url + path, ...key, ...heads, ...data].join(" ")}`;
}

/** Prints the lines of an event stream as they come, with the text that each brings beside it; answers with it all. */
async function showStream(response: Response): Promise<string> {
  let whole = "";
  for await (const line of linesOf(response)) {
    if (line === "") continue;
    const text = textOf(line);
    whole += text;
    console.log(`  ${dim(line)}${text === "" ? "" : `  ${bold(`← ${text.trim()}`)}`}`);
  }
  return whole;
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = "";
  for await (const chunk of response.body ?? []) {
    const lines = (open + decoder.decode(chunk, { stream: true })).split("\n");
    open = lines.pop() ?? "";
    yield* lines;
  }
}

interface StreamedEvent {
  type?: string;
  error?: { message?: string };
  delta?: { text?: string } | string;
  choices?: { delta?: { content?: string | null } }[];
}

/** The piece of text in one line of any API's stream. */
function textOf(line: string): string {
  if (!line.startsWith("data: {")) return "";
  const event = JSON.parse(line.slice("data: ".length)) as StreamedEvent;
  if (event.error !== undefined) throw new Error(event.error.message ?? "the stream broke off.");
  if (event.type === "response.output_text.delta") return String(event.delta);
  if (typeof event.delta === "string") return "";
  return event.delta?.text ?? event.choices?.[0]?.delta?.content ?? "";
}

function bold(text: string): string {
  return process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text;
}

function dim(text: string): string {
  return process.stdout.isTTY ? `\x1b[2m${text}\x1b[22m` : text;
}
