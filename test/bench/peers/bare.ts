/** Conversations with `claude -p` itself: a process for each turn, which resumes what the one before has written. */

import { realClaude } from "../../support/environment.ts";
import { readLines } from "../../../src/wire/ndjson.ts";
import type { Answer, Conversation } from "./chat.ts";

const flags = ["--model", "sonnet", "--output-format", "stream-json", "--verbose", "--include-partial-messages"];

export interface BareOptions {
  cwd: string;
  env: Record<string, string>;
  /** Told of each process, and of the seconds of processor time that it took in the end. */
  began(pid: number): void;
  ended(pid: number, seconds: number): void;
}

export function converseBare(options: BareOptions, signal: AbortSignal): Conversation {
  const session = crypto.randomUUID();
  let turns = 0;
  const say = (question: string) =>
    ask([...flags, turns++ === 0 ? "--session-id" : "--resume", session], question, options, signal);
  return { callsAreTold: true, say, result: (_, text) => say(text) };
}

interface Line {
  type: string;
  event?: { delta?: { type?: string; text?: string } };
}

async function ask(args: string[], question: string, options: BareOptions, signal: AbortSignal): Promise<Answer> {
  const { cwd, env, began, ended } = options;
  const start = performance.now();
  const child = Bun.spawn([realClaude, "-p", question, ...args], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    signal,
  });
  began(child.pid);
  const complaint = new Response(child.stderr).text();
  let first: number | undefined;
  let text = "";
  const pieces: Answer["pieces"] = [];
  for await (const lines of readLines(child.stdout, { maxLine: 1e8 })) {
    const at = performance.timeOrigin + performance.now();
    for (const { event } of lines as Line[]) {
      if (event?.delta?.type !== "text_delta") continue;
      first ??= performance.now() - start;
      text += event.delta.text ?? "";
      pieces.push({ text: event.delta.text ?? "", at });
    }
  }
  const code = await child.exited;
  const total = performance.now() - start;
  ended(child.pid, Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6);
  if (code === 0 && first !== undefined) return { first, total, text, pieces };
  throw new Error(`claude -p ended with ${child.signalCode ?? code}: ${await complaint}`);
}
