import { invalidRequest, listSome } from "../../messages/invalid.ts";
import type { MessagesRequest, Tool } from "../../messages/types.ts";
import { requireTool, uniqueNames } from "../validate.ts";
import type { WireRequest } from "./schema.ts";

interface Tools {
  request: Pick<MessagesRequest, "tools" | "tool_choice">;
  warnings: string[];
}

/**
 * The functions and the choice among them (api-dialects 3.1). Other tools are left out: some clients send them always.
 * Throws `invalid_request` for two tools of one name and for a choice that can't be kept.
 */
export function toTools({ tools: wireTools = [], tool_choice, parallel_tool_calls }: WireRequest): Tools {
  const tools: Tool[] = [];
  const positions: number[] = [];
  const hosted: string[] = [];
  for (const [index, tool] of wireTools.entries()) {
    if (tool.type === "hosted") hosted.push(`tools.${index} (${tool.hosted})`);
    else {
      const { name, description, parameters = { type: "object", properties: {} }, strict } = tool;
      tools.push({ name, description, input_schema: parameters, strict });
      positions.push(index);
    }
  }
  const names = uniqueNames(tools, (index) => `tools.${positions[index]}.name`);
  const warnings = hosted.length === 0 ? [] : [`${listSome(hosted)}: only functions are available`];
  return { request: choose(tools, names, tool_choice, parallel_tool_calls === false), warnings };
}

const modes = { auto: "auto", required: "any" } as const;

function choose(
  tools: Tool[],
  names: ReadonlySet<string>,
  choice: WireRequest["tool_choice"],
  one: boolean,
): Tools["request"] {
  if (tools.length === 0) {
    if (choice === undefined || choice === "auto" || choice === "none") return {};
    throw invalidRequest("tool_choice", "it may only be used while providing functions in `tools`", "invalid_value");
  }
  const calls = one ? { disable_parallel_tool_use: true } : {};
  const wanted = choice ?? (one ? "auto" : undefined);
  if (wanted === undefined) return { tools };
  if (wanted === "none") return { tools, tool_choice: { type: "none" } };
  if (typeof wanted === "string") return { tools, tool_choice: { type: modes[wanted], ...calls } };
  if (wanted.type === "function") {
    requireTool(names, wanted.name, "tool_choice.name");
    return { tools, tool_choice: { type: "tool", name: wanted.name, ...calls } };
  }
  return only(allowedOf(wanted, names), tools, { type: modes[wanted.mode], ...calls });
}

type AllowedTools = Extract<WireRequest["tool_choice"], { type: "allowed_tools" }>;

/** The functions that a choice allows; hosted tools in it are not there, whether allowed or not. */
function allowedOf({ tools, mode }: AllowedTools, names: ReadonlySet<string>): ReadonlySet<string> {
  const allowed = new Set<string>();
  for (const [index, { type, name }] of tools.entries()) {
    if (type !== "function") continue;
    const path = `tool_choice.tools.${index}.name`;
    if (name === undefined) throw invalidRequest(path, "Field required", "missing_required_parameter");
    requireTool(names, name, path);
    allowed.add(name);
  }
  if (allowed.size === 0 && mode === "required") {
    throw invalidRequest("tool_choice.tools", "none of these tools is available", "invalid_value");
  }
  return allowed;
}

function only(
  allowed: ReadonlySet<string>,
  tools: readonly Tool[],
  tool_choice: MessagesRequest["tool_choice"],
): Tools["request"] {
  const left = tools.filter(({ name }) => allowed.has(name));
  return left.length === 0 ? {} : { tools: left, tool_choice };
}
