import { ProxyError } from "../../error.ts";
import { invalidRequest } from "../../messages/invalid.ts";
import type { WireItem, WirePart } from "./item-schema.ts";
import {
  type InputPart,
  type Item,
  type MessageItem,
  mintItemId,
  type OutputPart,
  type QuestionItem,
} from "./items.ts";
import type { Memory } from "./memory.ts";
import type { WireRequest } from "./schema.ts";

/** An item and the field of the request that it came with: what errors name. */
export interface PlacedItem {
  item: Item;
  path: string;
}

/** A request's input as items with ids, and the fields of what means nothing here and was left out. */
export interface Input {
  items: PlacedItem[];
  droppedPaths: string[];
}

/**
 * The items of a request's own input. Throws `invalid_request` for what no engine can read, and `not_found` for a
 * reference to an item that is not stored.
 */
export function readInput(input: WireRequest["input"], memory: Memory | undefined): Input {
  if (input === undefined) return { items: [], droppedPaths: [] };
  if (typeof input === "string")
    return { items: [{ item: message("user", input, "input"), path: "input" }], droppedPaths: [] };
  const items: PlacedItem[] = [];
  const droppedPaths: string[] = [];
  for (const [index, wire] of input.entries()) {
    const path = `input.${index}`;
    const item = readItem(wire, path, memory);
    if (item === undefined) droppedPaths.push(path);
    else items.push({ item, path });
  }
  return { items, droppedPaths };
}

/** The items of the response that a request continues and of all before it; none where it continues none. */
export function readHistory(id: string | undefined, memory: Memory | undefined): PlacedItem[] {
  if (id === undefined) return [];
  const path = "previous_response_id";
  const chain = memory?.responses.chain(id);
  if (chain === undefined) {
    throw new ProxyError("invalid_request", `Previous response with id '${id.slice(0, 100)}' not found.`, {
      param: path,
      code: "previous_response_not_found",
    });
  }
  if (chain.at(-1)?.response.status === "failed") {
    throw invalidRequest(path, "a response that failed can't be continued", "invalid_value");
  }
  return chain.flatMap(({ input, response }) => [...input, ...response.output].map((item) => ({ item, path })));
}

function readItem(wire: WireItem, path: string, memory: Memory | undefined): Item | undefined {
  switch (wire.type) {
    case "message": {
      const { role, content, status = "completed" } = wire;
      return { ...message(role, content, path), ...(wire.id && { id: wire.id }), status };
    }
    case "function_call": {
      const { id = mintItemId(wire.type), status = "completed" } = wire;
      return { ...wire, id, status };
    }
    case "custom_tool_call":
      return { ...wire, id: wire.id ?? mintItemId(wire.type), status: "completed" };
    case "function_call_output":
    case "custom_tool_call_output":
      return { ...wire, id: wire.id ?? mintItemId(wire.type), status: "completed", output: output(wire.output, path) };
    case "reasoning": {
      const { id = mintItemId(wire.type), summary = [], encrypted_content = sealOf(id, memory) } = wire;
      return { ...wire, id, summary, encrypted_content };
    }
    case "compaction":
      return { ...wire, id: wire.id ?? mintItemId(wire.type) };
    case "item_reference": {
      const item = memory?.responses.item(wire.id);
      if (item !== undefined) return item;
      const reason = `Item with id '${wire.id.slice(0, 100)}' not found.`;
      throw new ProxyError("not_found", reason, { param: `${path}.id` });
    }
    default:
      return undefined;
  }
}

/** A client that relies on the store replays reasoning by its id, without what is sealed in it. */
function sealOf(id: string, memory: Memory | undefined): string | undefined {
  if (memory === undefined || memory.responses.fault() !== undefined) return undefined;
  const item = memory.responses.item(id);
  return item?.type === "reasoning" ? item.encrypted_content : undefined;
}

function message(role: MessageItem["role"], content: string | WirePart[], path: string): MessageItem {
  const own = { type: "message", id: mintItemId("message"), status: "completed" } as const;
  const parts = placed(content, `${path}.content`);
  if (role === "assistant") return { ...own, role, content: parts.map(([part, at]) => readOutput(part, at)) };
  return { ...own, role, content: parts.map(([part, at]) => readPart(part, at, role)) };
}

function output(output: string | WirePart[], path: string): string | InputPart[] {
  if (typeof output === "string") return output;
  return placed(output, `${path}.output`).map(([part, at]) => readPart(part, at, "user"));
}

/** The parts with their paths; a bare text is one part. */
function placed(content: string | WirePart[], path: string): [part: WirePart, path: string][] {
  if (typeof content === "string") return [[{ type: "text", text: content }, path]];
  return content.map((part, index) => [part, `${path}.${index}`]);
}

function readOutput(part: WirePart, path: string): OutputPart {
  if (part.type === "refusal") return part;
  if ("text" in part) return { type: "output_text", text: part.text, annotations: [], logprobs: [] };
  throw notText(path, "assistant");
}

function readPart(part: WirePart, path: string, role: QuestionItem["role"]): InputPart {
  // Quoted, it is a text like any other.
  if (part.type === "refusal") return { type: "input_text", text: part.refusal };
  if ("text" in part) return { type: "input_text", text: part.text };
  if (role !== "user") throw notText(path, role);
  switch (part.type) {
    case "input_audio":
      throw invalidRequest(path, "audio input is not supported", "unsupported_value");
    case "input_image": {
      if (part.file_id !== undefined) throw storedFile(path, "image_url");
      if (part.image_url === undefined) throw missing(`${path}.image_url`);
      return { type: part.type, image_url: part.image_url, detail: part.detail ?? "auto" };
    }
    case "input_file": {
      const { type, file_id, file_data, file_url, filename } = part;
      if (file_id !== undefined) throw storedFile(path, "file_data");
      if (file_data === undefined && file_url === undefined) throw missing(`${path}.file_data`);
      return { type, file_data, file_url, filename };
    }
  }
}

function notText(path: string, role: MessageItem["role"]): ProxyError {
  return invalidRequest(path, `a message of the ${role} takes only text`, "invalid_value");
}

function storedFile(path: string, instead: string): ProxyError {
  return invalidRequest(`${path}.file_id`, `there is no file storage; send \`${instead}\``, "unsupported_parameter");
}

function missing(path: string): ProxyError {
  return invalidRequest(path, "Field required", "missing_required_parameter");
}
