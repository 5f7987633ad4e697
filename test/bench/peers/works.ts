/** The works that everybody is given. */

import { median } from "../stats.ts";
import { type Answer, type Api, apis, type Call, type Conversation, Unable } from "./chat.ts";
import { answerText, type Kind, question } from "./questions.ts";

export const deltas = 2000;
const turns = 10;
const steps = 10;
export const crowd = 20;

/** Milliseconds: to the first text, where there are several, the median; and for the whole work. */
export interface Times {
  first: number;
  total: number;
}

export interface Work {
  readonly name: string;
  readonly title: string;
  /** What `first` is. */
  readonly first: string;
  readonly api: Api;
  /** How many ask at once. */
  readonly clients?: number;
  /** Throws `Unable` where a program can't do it. */
  run(converse: () => Conversation): Promise<Times>;
}

export const works: readonly Work[] = [
  {
    name: "short",
    title: "a short answer",
    first: "first text",
    api: "chat",
    run: (converse) => once(converse(), "short", 0),
  },
  ...apis.map((api) => ({
    name: api === "chat" ? "deltas" : `deltas-${api}`,
    title: `${deltas} deltas${{ chat: "", messages: ", Messages", responses: ", Responses" }[api]}`,
    first: "first text",
    api,
    run: (converse: () => Conversation) => once(converse(), "deltas", deltas),
  })),
  {
    name: "conversation",
    title: `${turns} turns`,
    first: "first text from turn 2 on",
    api: "chat",
    run: async (converse) => {
      const conversation = converse();
      const answers: Answer[] = [];
      for (let turn = 0; turn < turns; turn++) {
        answers.push(await right(conversation.say(question("short")), answerText("short", 0)));
      }
      return { first: median(answers.slice(1).map(({ first }) => first)), total: sum(answers) };
    },
  },
  {
    name: "loop",
    title: `${steps}-step tool loop`,
    first: "first text or call of each step",
    api: "chat",
    run: async (converse) => {
      const conversation = converse();
      const answers = [await conversation.say(question("errand", steps))];
      for (let step = 0; step < steps; step++) {
        const { call } = answers.at(-1) ?? {};
        answers.push(
          await conversation.result(call ?? noCall(conversation), `Result ${step} of ${crypto.randomUUID()}`),
        );
      }
      await right(answers.at(-1), answerText("errand", 0));
      return { first: median(answers.map(({ first }) => first)), total: sum(answers) };
    },
  },
  {
    name: "crowd",
    title: `${crowd} at once`,
    first: "first text of each",
    api: "chat",
    clients: crowd,
    run: async (converse) => {
      const began = performance.now();
      const all = Array.from({ length: crowd }, () => once(converse(), "short", 0));
      const first = median((await Promise.all(all)).map((times) => times.first));
      return { first, total: performance.now() - began };
    },
  },
];

async function once(conversation: Conversation, kind: Kind, count: number): Promise<Times> {
  const { first, total } = await right(conversation.say(question(kind, count)), answerText(kind, count));
  return { first, total };
}

/** Sees that nothing of an answer is lost. */
async function right(given: Promise<Answer> | Answer | undefined, text: string): Promise<Answer> {
  const answer = await given;
  if (answer?.text === text) return answer;
  throw new Error(`The answer is not what the upstream said, but ${JSON.stringify(answer?.text.slice(0, 200))}`);
}

/** The bare CLI is given the results as what is said next: that is how a loop is made of it. */
function noCall({ callsAreTold }: Conversation): Call {
  if (callsAreTold) return { id: "", arguments: "" };
  throw new Unable("the model is offered no tool of the client's, and answers with a text");
}

function sum(answers: readonly Answer[]): number {
  return answers.reduce((all, { total }) => all + total, 0);
}
