import type { Message, MessagesRequest, Tool } from "../../messages/types.ts";
import type { Frame } from "./frame.ts";
import { composeHistory } from "./history.ts";
import type { ControlRequest } from "./lines.ts";
import type { CliProcess } from "./process.ts";
import { recite } from "./replay.ts";
import { type CliModel, openingSettings, turnSettings } from "./settings.ts";
import { disconnectServers, serverName, ToolServer } from "./tools.ts";

/** All that the model would read. */
export interface Prompt {
  /** What stands in the system prompt, or is put there by the API. */
  texts: string[];
  tools: Tool[];
  messages: Message[];
  betas: string[] | undefined;
}

/** The prompt of a request, in the frame that Claude Code puts around it. */
export function promptOf(
  { system, tools = [], messages, output_config, betas }: MessagesRequest,
  frame: Frame,
): Prompt {
  const format = output_config?.format;
  return {
    texts: [...frame.texts, ...system.map(({ text }) => text), ...(format ? [JSON.stringify(format.schema)] : [])],
    tools: [...frame.tools, ...tools],
    messages: composeHistory(messages),
    betas,
  };
}

/**
 * The prompt as messages, which the CLI has counted as they are: the texts of the system prompt in front of the first,
 * and with them what it would leave out of the tools.
 */
export function recital({ texts, tools, messages }: Prompt): Message[] {
  const left = tools.flatMap(({ description = "", input_examples }) => [
    description.slice(longestDescription),
    input_examples ? JSON.stringify(input_examples) : "",
  ]);
  const blocks = [...texts, ...left]
    .filter((text) => text.trim() !== "")
    .map((text) => ({ type: "text" as const, text }));
  return messages.map(({ role, content }, position) => ({
    role,
    content: position === 0 ? [...blocks, ...content] : content,
  }));
}

/** The CLI cuts longer descriptions (cli-protocol.md 6.2). */
const longestDescription = 4000;

/**
 * Has the upstream count a prompt, by way of what the CLI shows of its context: no model is asked. `messages` are those
 * of the recital that the process does not hold yet. Undefined where the upstream did not count. The process can be used
 * for nothing else afterwards.
 */
export async function countIn(
  process: CliProcess,
  { tools, betas }: Prompt,
  messages: readonly Message[],
  model: CliModel,
): Promise<number | undefined> {
  const request: MessagesRequest = { model: model.name, system: [], messages: [], betas };
  const settings = turnSettings(request, model, "chat", undefined);
  await control(process, ...openingSettings(settings, model, besideTools));
  const around = tools.length === 0 ? 0 : await countTools(process, tools);
  if (around === undefined) return undefined;
  await recite(process, [], messages, model.resolved);
  const said = (await look(process, "messages"))?.messages;
  return said === undefined ? undefined : said + around;
}

/** Beside the tools the CLI has a message of this text counted. As the system prompt it has it counted alone, too. */
const besideTools = "foo";
/** What the CLI takes off the count of the tools, for what the API puts around them. It never shows less than nothing. */
const discount = 500;

async function countTools(process: CliProcess, tools: readonly Tool[]): Promise<number | undefined> {
  const shown = tools.map((tool) => ({ ...tool, description: tool.description?.slice(0, longestDescription) }));
  const servers: Record<string, ToolServer> = { [serverName]: new ToolServer(shown) };
  for (const pad of pads) servers[pad.name] = new ToolServer([pad]);
  process.serve(async (request) => servers[String(request["server_name"])]?.handle(request) ?? {});

  // One that waited is connected to its own server, which has none.
  await control(process, disconnectServers);
  await connect(process, [serverName], shown.length);
  const counted = await look(process, "system_prompt", "mcp_tools");
  if (!counted) return undefined;
  const tokens = counted.mcp_tools > 0 ? counted.mcp_tools : await countFew(process, shown.length);
  return tokens === undefined ? undefined : tokens + discount - counted.system_prompt;
}

/**
 * What the CLI would show of tools that are too few to outweigh the discount: less than nothing. They are counted beside
 * one tool that is large enough, and beside two of its size, which tells that.
 */
async function countFew(process: CliProcess, count: number): Promise<number | undefined> {
  const [first, second] = pads.map(({ name }) => name) as [string, string];
  await connect(process, [serverName, first], count + 1);
  const one = await look(process, "mcp_tools");
  await connect(process, [serverName, first, second], count + 2);
  const two = await look(process, "mcp_tools");
  return one && two && 2 * one.mcp_tools - two.mcp_tools;
}

const pads: Tool[] = ["sluice_pad_1", "sluice_pad_2"].map((name) => ({
  name,
  description: "word ".repeat(700),
  input_schema: { type: "object" },
}));

/** Connects MCP servers, and waits for their tools: they are there a moment later. */
async function connect(process: CliProcess, names: readonly string[], tools: number): Promise<void> {
  const servers = Object.fromEntries(names.map((name) => [name, { type: "sdk", name }]));
  await control(process, { subtype: "mcp_set_servers", servers });
  while ((await usage(process, "summary")).tools < tools) await Bun.sleep(5);
}

type Category = "messages" | "system_prompt" | "mcp_tools";

/** What the CLI shows of its context. Undefined where it shows just what it would guess: then the upstream did not count. */
async function look<C extends Category>(process: CliProcess, ...wanted: C[]): Promise<Record<C, number> | undefined> {
  const guessed = await usage(process, "summary");
  const shown = await usage(process, "full");
  if (wanted.some((category) => shown.tokens(category) === guessed.tokens(category))) return undefined;
  return Object.fromEntries(wanted.map((category) => [category, shown.tokens(category)])) as Record<C, number>;
}

interface ContextUsage {
  categories?: { id?: string; tokens: number }[];
  mcpTools?: unknown[];
}

/** What the CLI has in its context: `full` as the upstream counts it, `summary` as it guesses itself. */
async function usage(process: CliProcess, detail: "full" | "summary") {
  const [shown] = await control(process, { subtype: "get_context_usage", detail });
  const { categories = [], mcpTools = [] } = shown as ContextUsage;
  const tokens = (category: Category) => categories.find(({ id }) => id === category)?.tokens ?? 0;
  return { tokens, tools: mcpTools.length };
}

async function control(process: CliProcess, ...requests: ControlRequest[]): Promise<Record<string, unknown>[]> {
  const controls = requests.map((request) => process.control(request));
  process.write(controls.map(({ message }) => message));
  return await Promise.all(controls.map(({ answer }) => answer));
}
