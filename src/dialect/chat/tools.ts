import { invalidRequest } from "../../messages/invalid.ts";
import type { MessagesRequest, Tool } from "../../messages/types.ts";
import { requireTool, uniqueNames } from "../validate.ts";
import type { WireRequest } from "./schema.ts";

type Tools = Pick<MessagesRequest, "tools" | "tool_choice">;

/**
 * The tools and the choice among them (api-dialects 2.1, 5.1). Throws `invalid_request` for two tools of one name and
 * for a choice that can't be kept.
 */
export function toTools(wire: WireRequest): Tools {
  const { tools = [], functions = [] } = wire;
  if (tools.length > 0 && functions.length > 0) {
    throw invalidRequest("functions", "it can't be combined with `tools`", "invalid_value");
  }
  if (tools.length === 0) refuseStray("tool_choice", wire.tool_choice, "tools", functions.length > 0);
  if (functions.length === 0) refuseStray("function_call", wire.function_call, "functions", tools.length > 0);
  if (functions.length > 0) return fromFunctions(functions, wire.function_call);
  return tools.length > 0 ? fromTools(tools, wire) : {};
}

/** Whether the client still speaks of functions, so that the answer must too. */
export function speaksOfFunctions({ functions = [] }: WireRequest): boolean {
  return functions.length > 0;
}

/** A choice without its list asks for nothing when it is `auto`, nor when it is `none` and no other list is there. */
function refuseStray(param: string, choice: unknown, list: string, hasOther: boolean): void {
  if (choice === undefined || choice === "auto" || (choice === "none" && !hasOther)) return;
  throw invalidRequest(param, `it may only be used while providing \`${list}\``, "invalid_value");
}

type WireTools = NonNullable<WireRequest["tools"]>;

function fromTools(wireTools: WireTools, { tool_choice, parallel_tool_calls }: WireRequest): Tools {
  const tools = wireTools.map((tool) => tool.function);
  const names = uniqueNames(tools, (index) => `tools.${index}.function.name`);
  const one = parallel_tool_calls === false;
  const calls = one ? { disable_parallel_tool_use: true } : {};
  const choice = tool_choice ?? (one ? "auto" : undefined);
  if (choice === undefined) return { tools };
  if (choice === "none") return { tools, tool_choice: { type: "none" } };
  if (typeof choice === "string") return { tools, tool_choice: { type: modes[choice], ...calls } };
  if (choice.type === "function") {
    const { name } = choice.function;
    requireTool(names, name, "tool_choice.function.name");
    return { tools, tool_choice: { type: "tool", name, ...calls } };
  }
  const { mode, tools: allowed } = choice.allowed_tools;
  for (const [index, reference] of allowed.entries()) {
    requireTool(names, reference.function.name, `tool_choice.allowed_tools.tools.${index}.function.name`);
  }
  const allowedNames = new Set(allowed.map((reference) => reference.function.name));
  return {
    tools: tools.filter(({ name }) => allowedNames.has(name)),
    tool_choice: { type: modes[mode], ...calls },
  };
}

const modes = { auto: "auto", required: "any" } as const;

/** One call at a time: `function_call` has no room for a second. */
function fromFunctions(tools: Tool[], choice: WireRequest["function_call"] = "auto"): Tools {
  const names = uniqueNames(tools, (index) => `functions.${index}.name`);
  if (choice === "none") return { tools, tool_choice: { type: "none" } };
  if (choice === "auto") return { tools, tool_choice: { type: "auto", disable_parallel_tool_use: true } };
  requireTool(names, choice.name, "function_call.name");
  return { tools, tool_choice: { type: "tool", name: choice.name, disable_parallel_tool_use: true } };
}
