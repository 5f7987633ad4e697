import type { Effort } from "../messages/types.ts";

/** The efforts of the OpenAI APIs in the words of the Messages API; `none`, which turns thinking off, is no effort. */
export const efforts = {
  minimal: "low",
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "xhigh",
  max: "max",
} as const satisfies Record<string, Effort>;
