/** What goes wrong during a soak, each as often as the others, and how such a request must end. */

import { exit, hang, kill, raw, type Script, stderr } from "../support/fake-claude.ts";
import {
  cut,
  error,
  lastUserText,
  type MessageReply,
  type Reply,
  type RequestBody,
  stall,
  text,
} from "../support/mock-anthropic.ts";

export interface Fault {
  by: "claude" | "upstream" | "client";
  /** It ends when patience does, in a second process too. */
  slow?: true;
  /** The statuses of a right refusal; where there are none, the request is answered. */
  refused?: readonly number[];
}

export const faults = {
  "killed at once": { by: "claude" },
  "killed midway": { by: "claude", refused: [502] },
  hangs: { by: "claude", slow: true, refused: [504] },
  "prints noise": { by: "claude" },
  "exits with 0": { by: "claude", refused: [502] },
  "429": { by: "upstream", refused: [429] },
  "500": { by: "upstream", refused: [500] },
  "529": { by: "upstream", refused: [529, 503] },
  cut: { by: "upstream", refused: [502] },
  stalls: { by: "upstream", slow: true, refused: [504] },
  "client gone": { by: "client" },
  "slow client": { by: "client" },
  "bad body": { by: "client", refused: [400] },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** How often each comes. */
const share = 0.05;

/** What goes wrong with a request, if anything does. The real CLI can't be told to fail. */
export function pickFault(claude: "fake" | "real", which: "any" | "quick"): FaultName | undefined {
  const name = (Object.keys(faults) as FaultName[])[Math.floor(Math.random() / share)];
  const { by, slow }: Partial<Fault> = name === undefined ? {} : faults[name];
  return (claude === "real" && by === "claude") || (which === "quick" && slow) ? undefined : name;
}

/** The question carries its fault, for whoever is to make it. */
export const questionOf = (words: string, fault: FaultName | undefined): string =>
  fault === undefined ? words : `${words} ${inWords(fault)}`;

const inWords = (fault: FaultName): string => `(fault: ${fault})`;

/** A CLI that asks the upstream, and fails where the question says so. */
export const claudeScript: Script = {
  asks: true,
  troubles: [
    { words: inWords("killed at once"), once: true, steps: [kill] },
    // The lines before the message, its start, its block, and the first words.
    { words: inWords("killed midway"), after: 6, steps: [kill] },
    { words: inWords("hangs"), steps: [hang] },
    { words: inWords("exits with 0"), steps: [exit(0)] },
    {
      words: inWords("prints noise"),
      after: 5,
      steps: [raw("warning: {noise\n\n"), raw('{"type":"noise","of":["tomorrow"]}\n'), stderr("noise\n")],
    },
  ],
};

/** The right answer to a question: no two questions have the same. */
export function answerTo(question: string): string {
  const words = question.includes(inWords("slow client")) ? 150_000 : 20 + (Number(Bun.hash(question)) % 200);
  return `answer to ${question}:${" word".repeat(words)}`;
}

/** What the upstream does. An answer takes `pace` seconds on average. */
export function reply(body: RequestBody, pace: number): Reply {
  const question = lastUserText(body);
  const chunks = question.includes(inWords("slow client")) ? 300 : 12;
  const delayMs = chunks > 12 ? 0 : (Math.random() * 2 * pace * 1000) / chunks;
  const right: MessageReply = text(answerTo(question), { chunks, delayMs });
  const fault = (Object.keys(faults) as FaultName[]).find((name) => question.includes(inWords(name)));
  const final = { "x-should-retry": "false" };
  switch (fault) {
    case "429":
      return error(429, "rate_limit_error", "Slow down", final);
    case "500":
      return error(500, "api_error", "Internal server error", final);
    case "529":
      return error(529, "overloaded_error", "Overloaded", final);
    case "cut":
      return cut(6, { of: right });
    case "stalls":
      return stall(6, { of: right });
    default:
      return right;
  }
}
