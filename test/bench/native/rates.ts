/** How many requests a second a program serves, and what each takes of the processors. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "./programs.ts";
import { modelOf, type Pace, words } from "./upstream.ts";

export const apis = { messages: "/v1/messages", chat: "/v1/chat/completions" } as const;
export type Api = keyof typeof apis;

/** How long one measurement takes (seconds), and from how many connections it comes. */
const seconds = 2;
const connections = 64;

export interface Rate {
  /** Requests a second. */
  rps: number;
  /** What one request takes of the program's processors (µs). */
  cpu: number;
}

/** A request of about 300 bytes, which both APIs understand. */
export function bodyOf(pace: Pace): string {
  const content = "tell me more ".repeat(14).trim();
  const messages = [{ role: "user", content }];
  return JSON.stringify({ model: modelOf(pace), max_tokens: 1024, stream: true, messages });
}

export function headersOf(program: Program): Record<string, string> {
  return {
    "content-type": "application/json",
    "anthropic-version": "2023-06-01",
    "x-api-key": "dummy",
    ...program.headers,
  };
}

/** Sees that a program answers what the upstream says; throws where it does not. */
export async function check(program: Program, api: Api, pace: Pace): Promise<void> {
  const url = program.url + apis[api];
  const response = await fetch(url, { method: "POST", headers: headersOf(program), body: bodyOf(pace) });
  const answer = await response.text();
  const said = answer.matchAll(/"(?:text|content)":("(?:[^"\\]|\\.)*")/g);
  const text = Array.from(said, ([, json = '""']) => JSON.parse(json) as string).join("");
  if (response.ok && text === words.join("")) return;
  throw new Error(`${program.title} answers ${response.status} and ${JSON.stringify(answer.slice(0, 300))}`);
}

/** Puts a program under load. `folder` takes the script of the load's generator. */
export async function measureRate(
  program: Program,
  api: Api,
  pace: Pace,
  folder: string,
  signal: AbortSignal,
): Promise<Rate> {
  const script = join(folder, `${pace}.lua`);
  await Bun.write(script, `wrk.method = "POST"\nwrk.body = ${JSON.stringify(bodyOf(pace))}\n`);
  const headers = Object.entries(headersOf(program)).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", script];
  const before = processorTime(program);
  const child = Bun.spawn(["wrk", ...load, ...headers, program.url + apis[api]], { stderr: "pipe", signal });
  const [told, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const used = processorTime(program) - before;
  const [, requests] = /(\d+) requests in/.exec(told) ?? [];
  const [, rps] = /Requests\/sec: +([\d.]+)/.exec(told) ?? [];
  const [fault] = /Non-2xx.*|Socket errors.*/.exec(told) ?? [];
  if (rps === undefined || fault !== undefined) {
    throw new Error(`${program.title}: ${fault ?? `wrk has told nothing: ${complaint.trim()}`}`);
  }
  return { rps: Number(rps), cpu: used / Number(requests) };
}

/** What a program's processes have taken so far (µs). */
function processorTime(program: Program): number {
  return program
    .pids()
    .map((pid) => {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // "pid (command) state …", where the command may contain anything; user and system time in ticks of 10 ms.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return (Number(fields[11]) + Number(fields[12])) * 10_000;
    })
    .reduce((sum, time) => sum + time, 0);
}
