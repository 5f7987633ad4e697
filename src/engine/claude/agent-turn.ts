import { ProxyError } from "../../error.ts";
import { blockTypes, deltaTypes } from "../../messages/known-blocks.ts";
import type { ToolNames } from "../../messages/tool-names.ts";
import type { BlockDelta, MessageEvent, TextBlock, ToolUseBlock } from "../../messages/types.ts";
import { FailureSigns } from "./failures.ts";
import { Fold, type Stop } from "./fold.ts";
import { type CliLine, isResult, isStreamEvent, type ResultLine } from "./lines.ts";
import { usageBeyond } from "./sub-agents.ts";
import type { Step, TurnReader } from "./turn.ts";

/** How much of a tool's result is shown, in UTF-16 units. */
const longestExcerpt = 1_000;
/** The reason of a denial; what follows its first sentence is advice to the model. */
const longestReason = 300;

export interface AgentTurnOptions {
  /** Whether the CLI's own tool calls are told as thinking; otherwise they are hidden. */
  showTools: boolean;
}

interface DenialLine extends CliLine {
  tool_name: string;
  tool_use_id: string;
  message?: string;
}

interface ToolResult {
  type: "tool_result";
  tool_use_id: string;
  content?: string | { type: string; text?: string }[];
  is_error?: boolean;
}

const nothing: Step = { events: [] };

/**
 * One turn of the CLI as an agent, line by line: many messages of the upstream, with the CLI's own tools between them,
 * as the events of one message. A call of a client's tool ends that message, as in any Messages answer, and the process
 * is parked; the lines that follow belong to the next answer, so the same AgentTurn must read them too: a permission
 * may be refused while the process is parked. As pure as `Turn`, and it fails in the same way.
 */
export class AgentTurn implements TurnReader {
  #fold = new Fold();
  /** Whether a block of the upstream's message was sent on; what only tells of an own call may come twice. */
  #sent = false;
  /** How that message ended, once it did. */
  #stop: Stop | undefined;
  #clientCall = false;
  /** The upstream's block that is being sent on, and whether as an own call. */
  #block: { index: number; call: boolean; input: boolean } | undefined;
  /** Whether the next text follows own calls: in Chat it would run into the words before them. */
  #afterTools = false;
  /** Own calls that are shown and wait for their result: id → name. */
  readonly #calls = new Map<string, string>();
  readonly #denied = new Set<string>();
  readonly #signs = new FailureSigns();
  #acted = false;

  constructor(
    readonly names: ToolNames,
    readonly options: AgentTurnOptions,
    readonly clock: () => number = Date.now,
  ) {}

  get acted(): boolean {
    return this.#acted;
  }

  next(): this {
    return this;
  }

  line(line: CliLine): Step {
    // What a sub-agent says and does is between it and the agent; only its refused permissions are told, like all.
    if (line["parent_tool_use_id"]) return nothing;
    this.#signs.take(line);
    if (isStreamEvent(line)) return this.#event(line.event as MessageEvent);
    if (isDenial(line)) return { events: this.#deny(line) };
    if (line.type === "user") return { events: resultsIn(line).flatMap((result) => this.#show(result)) };
    return isResult(line) ? this.#end(line) : nothing;
  }

  /** What the upstream sent, which may hold types that are newer than ours. */
  #event(event: MessageEvent): Step {
    switch (event.type) {
      case "message_start":
        this.#refuseTorn();
        this.#fold.message(event.message);
        if (this.#stop) this.#afterTools = this.#stop.stop_reason === "tool_use";
        return { events: this.#begin() };
      case "content_block_start":
        return { events: this.#open(event) };
      case "content_block_delta":
        if (this.#block?.index !== event.index || !deltaTypes.has(event.delta.type)) return nothing;
        return { events: this.#block.call ? this.#input(event.delta) : this.#fold.delta(event.delta) };
      case "content_block_stop":
        return this.#block?.index === event.index ? { events: this.#close(this.#block) } : nothing;
      case "message_delta":
        this.#fold.count(event.usage ?? {});
        if (!event.delta.stop_reason) return nothing;
        // The CLI would run the call and go on, but the client has an answer that was cut.
        if (this.#clientCall && event.delta.stop_reason !== "tool_use")
          return { events: this.#fold.end(event.delta), end: "overrun" };
        this.#stop = event.delta;
        return nothing;
      case "message_stop":
        return this.#clientCall && this.#stop ? { events: this.#finish(this.#stop), end: "answered" } : nothing;
      default:
        return nothing;
    }
  }

  /** Forgets the upstream's last message. One that broke off leaves at most an own call open. */
  #begin(): MessageEvent[] {
    const torn = this.#block;
    this.#sent = false;
    this.#stop = undefined;
    this.#clientCall = false;
    this.#block = undefined;
    return torn ? [...this.#fold.delta({ type: "thinking_delta", thinking: "…]\n" }), ...this.#fold.close()] : [];
  }

  #open({ index, content_block: block }: Extract<MessageEvent, { type: "content_block_start" }>): MessageEvent[] {
    if (!blockTypes.has(block.type)) return [];
    const name = block.type === "tool_use" ? this.names.clientName(block.name) : undefined;
    const call = block.type === "tool_use" && name === undefined;
    this.#acted ||= call;
    if (call && !this.options.showTools) return [];
    this.#block = { index, call, input: false };
    this.#sent ||= !call;
    if (block.type === "text") return this.#openText(block);
    if (block.type !== "tool_use") return this.#fold.open(block);
    if (name === undefined) return this.#openCall(block);
    this.#clientCall = true;
    return this.#fold.open({ ...block, name });
  }

  #openText(block: TextBlock): MessageEvent[] {
    const paragraph = this.#afterTools && this.#fold.midLine;
    this.#afterTools = false;
    const events = this.#fold.open(block);
    return paragraph ? [...events, ...this.#fold.delta({ type: "text_delta", text: "\n\n" })] : events;
  }

  /** An own call as a thought: its name, then its input as the model writes it. */
  #openCall({ id, name }: ToolUseBlock): MessageEvent[] {
    this.#calls.set(id, name);
    return [
      ...this.#fold.open({ type: "thinking", thinking: "", signature: "" }),
      ...this.#fold.delta({ type: "thinking_delta", thinking: `\n[${name} ` }),
    ];
  }

  #input(delta: BlockDelta): MessageEvent[] {
    if (delta.type !== "input_json_delta" || delta.partial_json === "" || !this.#block) return [];
    this.#block.input = true;
    return this.#fold.delta({ type: "thinking_delta", thinking: delta.partial_json });
  }

  #close({ call, input }: { call: boolean; input: boolean }): MessageEvent[] {
    this.#block = undefined;
    if (!call) return this.#fold.close();
    const rest = this.#fold.delta({ type: "thinking_delta", thinking: input ? "]\n" : "{}]\n" });
    return [...rest, ...this.#fold.close()];
  }

  /** The result of an own call that was shown, as a thought. */
  #show({ tool_use_id, content, is_error }: ToolResult): MessageEvent[] {
    const name = this.#calls.get(tool_use_id);
    if (name === undefined) return [];
    this.#calls.delete(tool_use_id);
    const words = excerpt(textOf(content), longestExcerpt);
    const thinking = `\n[${name} ${is_error ? "failed" : "returned"}: ${words}]\n`;
    return this.#fold.insert({ type: "thinking", thinking, signature: "" });
  }

  #deny({ tool_name, tool_use_id, message }: DenialLine): MessageEvent[] {
    if (this.#denied.has(tool_use_id)) return [];
    this.#denied.add(tool_use_id);
    this.#calls.delete(tool_use_id);
    const reason = message ? ` — ${excerpt(firstSentence(message), longestReason)}` : "";
    return this.#fold.insert({ type: "text", text: `\n[Permission denied: ${tool_name}${reason}]\n` });
  }

  /** The CLI is done. Without an answer that is a failure, as it is in `Turn`. */
  #end(result: ResultLine): Step {
    const stop = this.#lastStop(result);
    if (!stop) {
      if (!result.is_error) this.#refuseTorn();
      throw this.#signs.error(result, this.clock());
    }
    this.#fold.spend(usageBeyond(result));
    const untold = (result["permission_denials"] ?? []) as DenialLine[];
    const events = untold.flatMap((denial) => this.#deny(denial));
    if (isOutOfTurns(result)) {
      const text = `\n[${result.errors?.join("; ") || "Reached the maximum number of turns"}]\n`;
      events.push(...this.#fold.insert({ type: "text", text }));
    }
    return { events: [...events, ...this.#finish(stop)], end: "answered" };
  }

  /**
   * The stop reason of the whole answer. Out of turns is `max_tokens`: every dialect knows it for an answer that was cut
   * (`length`, `incomplete`), where `pause_turn` would pass for a whole one in Chat and Responses.
   */
  #lastStop(result: ResultLine): Stop | undefined {
    const stop = this.#stop;
    if (!stop) return undefined;
    if (isOutOfTurns(result)) return { stop_reason: "max_tokens", stop_sequence: null };
    // What the CLI reports as an error is how the model ended, after the CLI asked it to go on in vain.
    if (result.is_error)
      return endedByModel(result, stop) || this.#signs.line?.error === "max_output_tokens" ? stop : undefined;
    // Without a call to the client that reason would be a riddle: a hook or a tool ended the turn.
    return stop.stop_reason === "tool_use" ? { ...stop, stop_reason: "end_turn" } : stop;
  }

  /** Ends this answer; what follows is the next one's. */
  #finish(stop: Stop): MessageEvent[] {
    const events = this.#fold.end(stop);
    this.#fold = new Fold();
    this.#afterTools = false;
    this.#acted = false;
    this.#begin();
    return events;
  }

  /** What was sent to the client can't be taken back: a message that starts over is a failure once a block of it is out. */
  #refuseTorn(): void {
    if (!this.#sent || this.#stop) return;
    throw new ProxyError("upstream", "The upstream broke off in the middle of the answer.");
  }
}

function isDenial(line: CliLine): line is DenialLine {
  return line.type === "system" && line["subtype"] === "permission_denied";
}

function isOutOfTurns(result: ResultLine): boolean {
  return result["subtype"] === "error_max_turns";
}

function endedByModel(result: ResultLine, { stop_reason }: Stop): boolean {
  return stop_reason === "refusal" && result["stop_reason"] === "refusal";
}

function resultsIn(line: CliLine): ToolResult[] {
  const { content } = (line["message"] ?? {}) as { content?: string | ToolResult[] };
  return Array.isArray(content) ? content.filter((block) => block.type === "tool_result") : [];
}

function textOf(content: ToolResult["content"]): string {
  if (!Array.isArray(content)) return content ?? "";
  return content.map((part) => part.text ?? `[${part.type}]`).join("\n");
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text;
}

/** The beginning of a text, never cut within a character. */
function excerpt(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…`;
}
