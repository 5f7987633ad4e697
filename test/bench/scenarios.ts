/** What is measured, and what it may cost. */

import type { Message, ToolResultBlock } from "../../src/messages/types.ts";
import type { Answer } from "./client.ts";
import { Chat } from "./client.ts";
import { errand, pairs, question } from "./material.ts";
import type { Subject } from "./subject.ts";

export interface Figure {
  /** Its key in the JSON, and what others refer to. */
  name: string;
  title: string;
  /** The figure that its ratio is told against; bare `claude -p` where there is none. */
  against?: string;
  /** The highest ratio of medians that is accepted. */
  limit?: number;
}

export interface Sample {
  /** Milliseconds to the first text. */
  ms: number;
  /** How Sluice served it; empty for the bare CLI. */
  way: string;
}

export interface Lab {
  /** One with room for a single spare, so that nothing goes on beside what is measured. */
  subject: Subject;
  /** One with room for as many spares as are of use. */
  roomy: Subject;
  /** Bounds the measurement that runs. */
  signal: AbortSignal;
}

export interface Scenario {
  name: string;
  figures: readonly Figure[];
  /** A sample for each figure, in the same order. Called when a spare waits and nothing else goes on. */
  measure(lab: Lab): Promise<Sample[]>;
}

export const bareName = "bare";

/** Turns of the conversation that is followed for long. */
const longTurns = 50;
const burstSize = 5;
const history = ["replay", "resume"];

export const scenarios: readonly Scenario[] = [
  {
    name: bareName,
    figures: [{ name: bareName, title: "bare claude -p" }],
    measure: async ({ subject, signal }) => [{ ms: await subject.bare(signal), way: "" }],
  },
  {
    name: "spare",
    figures: [{ name: "spare", title: "new conversation on a spare", limit: 0.35 }],
    measure: async (lab) => [timed(await chat(lab).say(question(), "spare"))],
  },
  {
    name: "live",
    figures: [
      { name: "live-2", title: "follow-up in a live conversation, turn 2", limit: 0.12 },
      { name: "live-50", title: `follow-up, turn ${longTurns}`, against: "live-2", limit: 1.3 },
    ],
    measure: async (lab) => {
      const long = chat(lab);
      await long.say(question(), "spare");
      await lab.subject.settled();
      const second = timed(await long.say(question(), "live"));
      for (let turn = 3; turn < longTurns; turn++) await long.say(question(), "live");
      await lab.subject.settled();
      return [second, timed(await long.say(question(), "live"))];
    },
  },
  {
    name: "parked",
    figures: [{ name: "parked", title: "tool result to a parked process", limit: 0.12 }],
    measure: async (lab) => {
      const parked = chat(lab);
      const call = await parked.say(errand(), "spare");
      await lab.subject.settled();
      return [timed(await parked.say([resultOf(call)], "parked"))];
    },
  },
  {
    name: "results-text",
    figures: [{ name: "results-text", title: "tool result with text behind it, 5 prior pairs", limit: 0.95 }],
    measure: async (lab) => {
      const id = `toolu_01${crypto.randomUUID().replaceAll("-", "").slice(0, 22)}`;
      const late = chat(lab, [
        ...pairs(5),
        { role: "user", content: [{ type: "text", text: errand() }] },
        { role: "assistant", content: [{ type: "tool_use", id, name: "read_file", input: { path: "notes.txt" } }] },
      ]);
      return [timed(await late.say([result(id), { type: "text", text: question() }], ...history))];
    },
  },
  miss(1),
  miss(20),
  miss(60),
  miss(200, 1.6),
  {
    // Sluice keeps more spares for a while after the first: what comes in fives comes in fives again.
    name: "burst",
    figures: [
      { name: "burst", title: `burst of ${burstSize} new conversations, slowest`, limit: 2.5 },
      { name: "burst-again", title: "another such burst, slowest", limit: 2.5 },
    ],
    measure: async (lab) => {
      const { roomy, signal } = lab;
      await roomy.settled({ spares: 1 });
      await chat({ subject: roomy, signal }).say(question(), "spare");
      // In use as it is then, three more wait.
      await roomy.settled({ spares: 4 });
      const first = await burst(roomy, signal);
      await roomy.settled({ spares: burstSize });
      return [first, await burst(roomy, signal)];
    },
  },
  {
    name: "burst-at-rest",
    figures: [{ name: "burst-at-rest", title: "such a burst after a rest, on one spare, slowest" }],
    measure: async ({ subject, signal }) => [await burst(subject, signal)],
  },
  {
    // What as many starts cost on this machine's cores, whoever makes them: without it the burst can't be judged.
    name: "bare-burst",
    figures: [{ name: "bare-burst", title: `${burstSize} bare claude -p at once, slowest` }],
    measure: async ({ subject, signal }) => {
      const times = await Promise.all(Array.from({ length: burstSize }, () => subject.bare(signal)));
      return [{ ms: Math.max(...times), way: "" }];
    },
  },
];

async function burst(subject: Subject, signal: AbortSignal): Promise<Sample> {
  const asked = Array.from({ length: burstSize }, () => chat({ subject, signal }).say(question(), "spare", "cold"));
  const samples = (await Promise.all(asked)).map(timed);
  const spares = samples.filter(({ way }) => way === "spare").length;
  if (spares === 0) throw new Error("None of the burst was served by a spare");
  return { ms: Math.max(...samples.map(({ ms }) => ms)), way: `${spares} spare + ${burstSize - spares} cold` };
}

/** A conversation that no process knows. */
function miss(count: number, limit?: number): Scenario {
  const name = `miss-${count}`;
  return {
    name,
    figures: [{ name, title: `miss with ${count} prior pair${count === 1 ? "" : "s"}`, ...(limit && { limit }) }],
    measure: async (lab) => [timed(await chat(lab, pairs(count)).say(question(), ...history))],
  };
}

function chat({ subject, signal }: Pick<Lab, "subject" | "signal">, messages: readonly Message[] = []): Chat {
  return new Chat(subject.url, signal, messages);
}

function resultOf(call: Answer): ToolResultBlock {
  const use = call.content.find((block) => block.type === "tool_use");
  if (!use) throw new Error("The answer called no tool");
  return result(use.id);
}

function result(id: string): ToolResultBlock {
  return { type: "tool_result", tool_use_id: id, content: [{ type: "text", text: question() }] };
}

function timed({ firstText, way }: Answer): Sample {
  if (firstText === undefined) throw new Error("The answer had no text");
  return { ms: firstText, way };
}
