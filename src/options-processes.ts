/** The options of the pool of Claude Code processes (design.md section 4). */

import type { Config } from "./config.ts";
import { duration, expectsTime, whole } from "./option-values.ts";
import type { Option } from "./options.ts";

type Name = "spares" | "maxProcesses" | "queue" | "queueTimeout" | "idleTtl" | "parkTtl";

export const processOptions: { readonly [K in Name]: Option<Config[K]> } = {
  spares: {
    flag: "spares",
    description:
      "How many Claude Code processes wait for new conversations, more while it is in use; 0 starts one for each",
    hint: "NUMBER",
    expects: "a whole number from 0 to 32",
    schema: whole(0, 32),
    fallback: "1",
  },
  maxProcesses: {
    flag: "max-processes",
    description: "How many Claude Code processes there may be; otherwise 4 to 32, by the machine's memory",
    hint: "NUMBER",
    expects: "a whole number from 1 to 1000",
    schema: whole(1, 1000),
    oldVariables: ["CLAUDE_PROXY_MAX_CONCURRENT"],
  },
  queue: {
    flag: "queue",
    description: "How many requests may wait for a process",
    hint: "NUMBER",
    expects: "a whole number from 0 to 10000",
    schema: whole(0, 10_000),
    fallback: "100",
  },
  queueTimeout: {
    flag: "queue-timeout",
    description: "How long a request may wait for a process",
    hint: "TIME",
    expects: expectsTime,
    schema: duration,
    fallback: "60s",
  },
  idleTtl: {
    flag: "idle-ttl",
    description: "How long a process keeps a conversation for its next question",
    hint: "TIME",
    expects: expectsTime,
    schema: duration,
    fallback: "5m",
  },
  parkTtl: {
    flag: "park-ttl",
    description: "How long a process waits for the results of tools",
    hint: "TIME",
    expects: expectsTime,
    schema: duration,
    fallback: "30m",
  },
};
