import type { ToolUseBlock } from "../../messages/types.ts";

/** What a chunk says of a call: its head, or a piece of its arguments. */
export type CallDelta =
  | { tool_calls: [{ index: number; id: string; type: "function"; function: Called }] }
  | { tool_calls: [{ index: number; function: Pick<Called, "arguments"> }] }
  | { function_call: Called | Pick<Called, "arguments"> };

/** What a whole message says of its calls. */
export interface Calls {
  tool_calls?: { id: string; type: "function"; function: Called }[];
  function_call?: Called;
}

interface Called {
  name: string;
  /** JSON. */
  arguments: string;
}

/** How an answer tells of its tool calls. Clients that sent `functions` know nothing of `tool_calls`. */
export interface CallSpelling {
  /** What the answer finishes with when it ends in a call. */
  readonly finishReason: "tool_calls" | "function_call";
  /** The delta that begins call `index`, which counts calls; undefined where there is no room for one more. */
  head(index: number, call: ToolUseBlock): CallDelta | undefined;
  /** The delta with a piece of its arguments. */
  arguments(index: number, json: string): CallDelta | undefined;
  /** The fields of a whole message. Without calls there are none: clients take their presence for a call. */
  whole(calls: readonly ToolUseBlock[]): Calls;
}

/** `tool_calls`: any number of them. */
export const toolCalls: CallSpelling = {
  finishReason: "tool_calls",
  head: (index, { id, name }) => ({
    tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }],
  }),
  arguments: (index, json) => ({ tool_calls: [{ index, function: { arguments: json } }] }),
  whole: (calls) =>
    calls.length === 0
      ? {}
      : { tool_calls: calls.map((call) => ({ id: call.id, type: "function", function: called(call) })) },
};

/** The deprecated `function_call`: the first call alone, which has no id. */
export const functionCall: CallSpelling = {
  finishReason: "function_call",
  head: (index, { name }) => (index === 0 ? { function_call: { name, arguments: "" } } : undefined),
  arguments: (index, json) => (index === 0 ? { function_call: { arguments: json } } : undefined),
  whole: ([first]) => (first === undefined ? {} : { function_call: called(first) }),
};

function called({ name, input }: ToolUseBlock): Called {
  return { name, arguments: JSON.stringify(input) };
}
