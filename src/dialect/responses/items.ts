/** The items that a response is made of and made from, in the one form in which they are stored, listed and replayed. */

export type ItemStatus = "in_progress" | "completed" | "incomplete";

export type Part =
  | { type: "input_text"; text: string }
  | { type: "output_text"; text: string; annotations: unknown[]; logprobs: unknown[] }
  | { type: "refusal"; refusal: string }
  | { type: "input_image"; image_url: string; detail: string }
  | {
      type: "input_file";
      file_data?: string | undefined;
      file_url?: string | undefined;
      filename?: string | undefined;
    };

export interface MessageItem {
  type: "message";
  id: string;
  status: ItemStatus;
  role: "user" | "assistant" | "system" | "developer";
  content: Part[];
}

export interface CallItem {
  type: "function_call";
  id: string;
  status: ItemStatus;
  /** The tool-use id, which the item's own id is not. */
  call_id: string;
  name: string;
  /** JSON. */
  arguments: string;
}

export interface CallOutputItem {
  type: "function_call_output";
  id: string;
  status: ItemStatus;
  call_id: string;
  output: string | Part[];
}

/** A call of a tool that takes a text: of another server's, as Sluice offers none. */
export interface CustomCallItem {
  type: "custom_tool_call";
  id: string;
  call_id: string;
  name: string;
  input: string;
}

export interface CustomCallOutputItem {
  type: "custom_tool_call_output";
  id: string;
  call_id: string;
  output: string | Part[];
}

export interface ReasoningItem {
  type: "reasoning";
  id: string;
  summary: { type: "summary_text"; text: string }[];
  /** Thinking and signature, sealed. */
  encrypted_content?: string | undefined;
}

/** A whole conversation in one item, sealed. */
export interface CompactionItem {
  type: "compaction";
  id: string;
  encrypted_content: string;
}

export type Item =
  MessageItem | CallItem | CallOutputItem | CustomCallItem | CustomCallOutputItem | ReasoningItem | CompactionItem;

/** What an answer may consist of. */
export type OutputItem = MessageItem | CallItem | ReasoningItem;

const prefixes = {
  message: "msg",
  function_call: "fc",
  function_call_output: "fco",
  custom_tool_call: "ctc",
  custom_tool_call_output: "ctco",
  reasoning: "rs",
  compaction: "cmp",
} as const satisfies Record<Item["type"], string>;

/** `msg_…`, `fc_…`, `rs_…`: an item of a response. */
export const mintItemId = (type: Item["type"]): string => `${prefixes[type]}_${random()}`;

/** `resp_…`: a response, by which it can be retrieved and continued. */
export const mintResponseId = (): string => `resp_${random()}`;

function random(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString("hex");
}

/** The items as a client that did not ask for `reasoning.encrypted_content` sees them. */
export function withoutSeals<I extends Item>(items: readonly I[]): I[] {
  return items.map((item) => {
    if (item.type !== "reasoning") return item;
    const { encrypted_content: _, ...shown } = item;
    return shown as I;
  });
}
