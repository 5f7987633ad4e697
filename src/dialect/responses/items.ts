/** The items that a response is made of and made from, in the one form in which they are stored, listed and replayed. */

export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** What a user, a tool or the system says. */
export type InputPart =
  | { type: "input_text"; text: string }
  | { type: "input_image"; image_url: string; detail: ImageDetail }
  | {
      type: "input_file";
      file_data?: string | undefined;
      file_url?: string | undefined;
      filename?: string | undefined;
    };

export type ImageDetail = "low" | "high" | "auto" | "original";

/** What the model says: a text, which is never annotated, or why it will not answer. */
export type OutputPart =
  { type: "output_text"; text: string; annotations: []; logprobs: [] } | { type: "refusal"; refusal: string };

export type Part = InputPart | OutputPart;

export interface QuestionItem {
  type: "message";
  id: string;
  status: ItemStatus;
  role: "user" | "system" | "developer";
  content: InputPart[];
}

export interface AnswerItem {
  type: "message";
  id: string;
  status: ItemStatus;
  role: "assistant";
  content: OutputPart[];
}

export type MessageItem = QuestionItem | AnswerItem;

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
  output: string | InputPart[];
}

/** A call of a tool that takes a text: of another server's, as Sluice offers none. */
export interface CustomCallItem {
  type: "custom_tool_call";
  id: string;
  status: ItemStatus;
  call_id: string;
  name: string;
  input: string;
}

export interface CustomCallOutputItem {
  type: "custom_tool_call_output";
  id: string;
  status: ItemStatus;
  call_id: string;
  output: string | InputPart[];
}

export interface SummaryPart {
  type: "summary_text";
  text: string;
}

export interface ReasoningItem {
  type: "reasoning";
  id: string;
  summary: SummaryPart[];
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
export type OutputItem = AnswerItem | CallItem | ReasoningItem;

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

/** An item as a client that did not ask for `reasoning.encrypted_content` sees it. */
export function withoutSeal<I extends Item>(item: I): I {
  if (item.type !== "reasoning") return item;
  const { encrypted_content: _, ...shown } = item;
  return shown as I;
}
