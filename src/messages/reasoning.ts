import { ProxyError } from "../error.ts";
import type { Effort, MessagesRequest } from "./types.ts";

/**
 * The request with the reasoning that an OpenAI API asks for as an effort: it thinks as far as it sees fit, and tells its
 * thoughts. `none` turns thinking off.
 *
 * The Messages API refuses thinking beside a call that is forced, and beside sampling that is not the default; the OpenAI
 * APIs do not. A forced call is kept and not thought about, sampling is left out; either is told in a warning.
 */
export function withReasoning(
  request: MessagesRequest,
  effort: Effort | "none" | undefined,
): { request: MessagesRequest; warnings: string[] } {
  if (effort === undefined) return { request, warnings: [] };
  if (effort === "none") return { request: { ...request, thinking: { type: "disabled" } }, warnings: [] };
  const { temperature, top_p, tool_choice } = request;
  const asked = { ...request, output_config: { ...request.output_config, effort } };
  if (tool_choice?.type === "any" || tool_choice?.type === "tool") {
    return { request: asked, warnings: ["no reasoning before a forced tool call"] };
  }
  const clashes = {
    temperature: temperature !== undefined && temperature !== 1,
    top_p: top_p !== undefined && top_p < 0.95,
  };
  return {
    request: {
      ...asked,
      thinking: { type: "adaptive", display: "summarized" },
      temperature: clashes.temperature ? undefined : temperature,
      top_p: clashes.top_p ? undefined : top_p,
    },
    warnings: Object.entries(clashes).flatMap(([name, is]) => (is ? `${name} ignored while reasoning` : [])),
  };
}

/**
 * Whether the model thinks within a budget and insists on the thinking that led to the calls whose results it is given.
 * Clients drop it, other APIs have no place for it, and where it was another provider's it is left out.
 */
export function missesThinking(error: unknown): boolean {
  return error instanceof ProxyError && /Expected `thinking` or `redacted_thinking`, but found/.test(error.message);
}
