import type { ErrorKind } from "../../error.ts";

/** What a person can do about a failure, where its own words don't say. */
export const advice: Readonly<Record<ErrorKind, string>> = {
  invalid_request: "The client asked for something that can't be done: change its settings, or update it.",
  authentication: "Give the client the key that Sluice was started with.",
  login_required: "Run `claude auth login` in a terminal; Sluice need not be restarted.",
  billing: "Look at the account's plan and balance at claude.ai/settings.",
  permission: "Allow the host or the origin with --allow-host or --allow-origin, if it is yours.",
  not_found: "Ask for a model that /v1/models lists.",
  too_large: "Begin a new conversation, or raise --max-body.",
  rate_limit: "Wait until the window resets; with an API key, --fallback native serves in the meantime.",
  canceled: "Nothing: the client went away.",
  bug: "Look into Sluice's log, and report what it says there.",
  upstream: "Try again. If it stays, look at status.claude.com, and into Sluice's log.",
  timeout: "Try again. If it stays, look at the network, and at --stall-timeout.",
  overloaded: "Try again in a moment. If it stays, raise --max-processes or --queue.",
};
