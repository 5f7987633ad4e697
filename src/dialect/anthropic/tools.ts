import { invalidRequest } from "../../messages/invalid.ts";
import type { MessagesRequest } from "../../messages/types.ts";
import { requireTool, uniqueNames } from "../validate.ts";
import type { WireRequest } from "./schema.ts";

/**
 * The tools and the choice among them, which says nothing where there are none. Throws `invalid_request` for two tools
 * of one name and for a choice that can't be kept.
 */
export function toTools({ tools = [], tool_choice }: WireRequest): Pick<MessagesRequest, "tools" | "tool_choice"> {
  if (tools.length === 0) {
    if (tool_choice?.type === "any" || tool_choice?.type === "tool") {
      throw invalidRequest("tool_choice", `\`${tool_choice.type}\` may only be used while providing \`tools\``);
    }
    return {};
  }
  const names = uniqueNames(tools, (index) => `tools.${index}.name`);
  if (tool_choice?.type === "tool") requireTool(names, tool_choice.name, "tool_choice.name");
  return { tools, tool_choice };
}
