import { ProxyError } from "../../error.ts";
import type { AnswerBlock, Message, Tool, ToolResultBlock } from "../../messages/types.ts";
import type { ControlRequest } from "./lines.ts";
import { cliName } from "./names.ts";

/** The one MCP server of a process; `--allowedTools` names it too. */
export const serverName = "cli";

/** The longest result that the CLI passes on as it is (cli-protocol.md 6.4). */
const longestResult = 500_000;

/** Connects the server. A turn that begins meanwhile waits for its tools. */
export const connectServer: ControlRequest = {
  subtype: "mcp_set_servers",
  servers: { [serverName]: { type: "sdk", name: serverName } },
};

/** Forgets all servers, and what they have offered. */
export const disconnectServers: ControlRequest = { subtype: "mcp_set_servers", servers: {} };

/** Has the CLI ask for the list again. A turn that begins meanwhile does not wait for that. */
const toolsChanged: ControlRequest = {
  subtype: "mcp_message",
  server_name: serverName,
  message: { jsonrpc: "2.0", method: "notifications/tools/list_changed" },
};

interface JsonRpcRequest {
  id?: number | string;
  method: string;
  params?: { _meta?: Record<string, unknown> };
}

type McpContent = { type: "text"; text: string } | { type: "image"; data: string; mimeType: string };

interface McpResult {
  content: McpContent[];
  isError?: true;
}

/** What the CLI is to be told before a message, so that it knows the tools. */
export interface Offer {
  /** Connects it. A turn waits for that by itself. */
  connect?: ControlRequest;
  /** It is being connected, and will ask. Fails where the CLI refuses that. */
  connecting?: Promise<unknown>;
  /** Has it ask again. `taken` resolves when it does, and the message waits for that. */
  change?: { request: ControlRequest; taken: Promise<void> };
}

/**
 * The client's tools as an MCP server on the control channel (cli-protocol.md 6.1). A call of the model stays open until
 * the client comes back with its result: the process is parked meanwhile. While nobody has offered any there are none, and
 * the handshake, which takes a sixth of the time to the first text, can be over when somebody does.
 */
export class ToolServer {
  #tools: readonly Tool[];
  #connecting: Promise<unknown> | undefined;
  #taken = Promise.withResolvers<void>();
  readonly #open = new Map<string, PromiseWithResolvers<McpResult>>();
  readonly #announced = new Set<string>();

  constructor(tools: readonly Tool[] = []) {
    this.#tools = tools;
  }

  /** The CLI has been asked to connect it, ahead of whoever offers tools. */
  connecting(answer: Promise<unknown>): void {
    this.#connecting = answer;
  }

  /** From now on these are the tools. */
  offer(tools: readonly Tool[]): Offer {
    this.#tools = tools;
    if (!this.#connecting) return { connect: connectServer };
    if (Bun.peek.status(this.#taken.promise) === "pending") return { connecting: this.#connecting };
    this.#taken = Promise.withResolvers();
    return { change: { request: toolsChanged, taken: this.#taken.promise } };
  }

  /** Answers the CLI; for a call of a tool not before its result is there. */
  async handle(request: ControlRequest): Promise<Record<string, unknown>> {
    if (request.subtype !== "mcp_message") throw new Error(`Unsupported control request: ${request.subtype}`);
    const message = request["message"] as JsonRpcRequest;
    return { mcp_response: { jsonrpc: "2.0", id: message.id ?? 0, result: await this.#result(message) } };
  }

  /** Takes note of a call that the client sees, and so will answer. */
  announce(block: AnswerBlock): void {
    if (block.type === "tool_use") this.#announced.add(block.id);
  }

  /** Hands in the results of calls, which the CLI has asked for or is about to. */
  answer(results: readonly ToolResultBlock[]): void {
    for (const result of results) this.#call(result.tool_use_id).resolve(toMcp(result));
  }

  #result(message: JsonRpcRequest): object | Promise<object> {
    switch (message.method) {
      case "initialize":
        return {
          protocolVersion: "2025-11-25",
          capabilities: { tools: { listChanged: true } },
          serverInfo: { name: serverName, version: "1" },
        };
      case "tools/list":
        this.#taken.resolve();
        return { tools: this.#tools.map(describe) };
      case "tools/call":
        return this.#called(String(message.params?._meta?.["claudecode/toolUseId"]));
      default:
        return {};
    }
  }

  #called(id: string): Promise<McpResult> | McpResult {
    if (this.#announced.has(id)) return this.#call(id).promise;
    // A sub-agent's: the client will never hear of it.
    const text = "This tool can be called by the main agent only.";
    return { content: [{ type: "text", text }], isError: true };
  }

  #call(id: string): PromiseWithResolvers<McpResult> {
    const call = this.#open.get(id) ?? Promise.withResolvers<McpResult>();
    this.#open.set(id, call);
    return call;
  }
}

/** The tools as the upstream gets them: in the client's order, with descriptions of any length. */
export function bodyTools(tools: readonly Tool[]): Tool[] {
  return tools.map((tool) => ({ ...tool, name: cliName(tool.name) }));
}

/**
 * The results in a message that a parked process can take: one for each open call and nothing else, each in a form that
 * reaches the model unchanged, under the ids of the open calls. Undefined where it must be served from history
 * (cli-protocol.md 6.3). `answer` is the message with the calls as the client knows it: its ids may be the client's own.
 */
export function resultsFor(calls: readonly string[], answer: Message, message: Message): ToolResultBlock[] | undefined {
  const asked = answer.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
  const results = message.content.filter((block) => block.type === "tool_result");
  if (results.length !== message.content.length || results.length !== calls.length) return undefined;
  if (!results.every(passesUnchanged)) return undefined;
  // In the order of the calls: the CLI tells the model of each as soon as it has it.
  const ours = calls.map((tool_use_id, at) => {
    const result = results.find((one) => asked.indexOf(one.tool_use_id) === at);
    return result && { ...result, tool_use_id };
  });
  return ours.every((result) => result !== undefined) ? ours : undefined;
}

/** The CLI words empty results itself, joins the parts of failed ones, cuts long ones, and MCP knows no documents. */
function passesUnchanged({ content, is_error }: ToolResultBlock): boolean {
  const [first] = content;
  if (first === undefined || (is_error && (content.length > 1 || first.type !== "text"))) return false;
  const length = content.reduce((sum, part) => sum + (part.type === "text" ? part.text.length : 0), 0);
  if (length > longestResult) return false;
  return content.every((part) =>
    part.type === "text" ? part.text !== "" : part.type === "image" && part.source.type === "base64",
  );
}

function toMcp({ content, is_error }: ToolResultBlock): McpResult {
  const parts = content.map((part): McpContent => {
    if (part.type === "text") return { type: "text", text: part.text };
    if (part.type === "image" && part.source.type === "base64") {
      return { type: "image", data: part.source.data, mimeType: part.source.media_type };
    }
    throw new ProxyError("bug", `A ${part.type} block can't be an MCP result.`);
  });
  return { content: parts, ...(is_error && { isError: true }) };
}

function describe({ name, description, input_schema }: Tool) {
  return {
    name: cliName(name),
    description: description ?? "",
    inputSchema: input_schema,
    // Without the hint the CLI asks for parallel calls one after the other.
    annotations: { readOnlyHint: true },
    _meta: { "anthropic/maxResultSizeChars": longestResult },
  };
}
