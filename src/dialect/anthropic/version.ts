import { invalidRequest } from "../../messages/invalid.ts";
import type { WireMessage, WireRequest } from "./schema.ts";

type Block = WireMessage["content"][number];

/**
 * Throws `invalid_request` for what the version of the API that the client speaks has no more (api-dialects 1.1). Only
 * 2026-10-21 took anything away; any other version, and none, is taken as 2023-06-01.
 */
export function refuseRemoved(wire: WireRequest, version: string | null): void {
  if (version !== "2026-10-21") return;
  for (const name of ["temperature", "top_p", "top_k"] as const) {
    if (wire[name] !== undefined) {
      throw invalidRequest(name, `Extra inputs are not permitted in version ${version}`, "unsupported_parameter");
    }
  }
  for (const [index, { role, content }] of wire.messages.entries()) {
    for (const [position, block] of content.entries()) {
      const path = `messages.${index}.content.${position}`;
      if (role === "assistant" && block.type === "document") {
        throw invalidRequest(path, `\`document\` blocks can't be in \`assistant\` messages in version ${version}`);
      }
      if (role === "user" && hasCitations(block)) {
        throw invalidRequest(path, `text of \`user\` messages can't have \`citations\` in version ${version}`);
      }
    }
  }
}

function hasCitations(block: Block): boolean {
  if (block.type === "text") return (block.citations ?? []).length > 0;
  return (block.type === "search_result" || block.type === "tool_result") && block.content.some(hasCitations);
}
