/** Growth with what one client asks for, measured with the real CLI: turns, deltas, tools. */

import { cleanEnvironment, realClaude } from "../../support/environment.ts";
import { chooseSluice } from "../../support/binary.ts";
import { startMock, text, lastUserText } from "../../support/mock-anthropic.ts";
import { keep, progress } from "../main.ts";
import { poolSettled } from "../pool.ts";
import { type Api, apis, converse } from "../peers/chat.ts";
import { answerText, asked, question } from "../peers/questions.ts";
import { processorTime } from "../peers/usage.ts";
import { freePort, startProgram } from "../program.ts";
import { tools as basicTools } from "../material.ts";
import { type Curve, seriesOf } from "./curves.ts";

export interface Lab {
  turns(rounds: number): Promise<Curve>;
  deltas(rounds: number): Promise<Curve>;
  tools(rounds: number): Promise<Curve>;
}

type Samples = Map<number, number[]>;

const turns = [1, 2, 4, 8, 16, 32, 64, 128, 200, 300, 400];
/** Of conversations that no process knows. */
const histories = [1, 4, 16, 64, 200, 400];
const deltas = [10, 30, 100, 300, 1000, 3000, 10_000, 20_000];
const tools = [0, 1, 5, 10, 25, 50, 100, 200];

/** A Sluice with the real CLI before an upstream that answers at once; both end with the stack. */
export async function startLab(folder: string, stack: AsyncDisposableStack, signal: AbortSignal): Promise<Lab> {
  const upstream = stack.use(
    await startMock({
      handler: (body) => {
        const { kind, count } = asked(lastUserText(body)) ?? { kind: "short", count: 4 };
        return text(answerText(kind, count), { chunks: kind === "deltas" ? count : 4 });
      },
    }),
  );
  const port = freePort();
  const { command, sluice: title } = chooseSluice();
  const options = ["--port", String(port), "--claude", realClaude, "--max-processes", "7", "--log-level", "warn"];
  const env = cleanEnvironment({ home: folder, baseUrl: upstream.url });
  const sluice = stack.use(await startProgram("sluice", title, [...command, ...options], port, { env, cwd: folder }));
  const settled = () => poolSettled(sluice.url, {}, () => signal.throwIfAborted());
  const talk = (api: Api, more: Parameters<typeof converse>[3] = {}) =>
    converse({ url: sluice.url, model: "sonnet", headers: {} }, api, signal, more);
  /** Milliseconds of Sluice's own processors for an action. */
  const costOf = async (action: () => Promise<unknown>) => {
    const before = processorTime(sluice.pid).own;
    await action();
    return (processorTime(sluice.pid).own - before) * 1000;
  };
  await settled();
  for (const api of apis) await talk(api).say(question("deltas", 20_000));

  return {
    async turns(rounds) {
      const [first, cpu, unknown]: [Samples, Samples, Samples] = [new Map(), new Map(), new Map()];
      for (let round = 0; round < rounds; round++) {
        const conversation = talk("messages");
        for (let turn = 1; turn <= (turns.at(-1) ?? 0); turn++) {
          progress(`turn ${turn}, round ${round + 1} of ${rounds}`);
          let wait = 0;
          const cost = await costOf(async () => (wait = (await conversation.say(question("short"))).first));
          // Those around a size count for it, or what happens by chance would count for too much; the first is another way.
          const size = turns.find((one) => Math.abs(one - turn) <= one / 20);
          if (size === undefined || turn === 1) continue;
          keep(first, size, wait);
          keep(cpu, size, cost);
        }
        for (const size of histories) {
          progress(`a history of ${size} turns, round ${round + 1} of ${rounds}`);
          await settled();
          const { first: wait } = await talk("messages", { earlier: pairs(size) }).say(question("short"));
          keep(unknown, size, wait);
        }
      }
      return {
        name: "turns",
        title: "The next turn, by those before it",
        sizes: "turns",
        costs: "ms",
        series: [
          seriesOf("first text", first, "linear"),
          seriesOf("CPU of Sluice", cpu, "linear"),
          seriesOf("first text, from history", unknown, "linear"),
        ],
      };
    },
    async deltas(rounds) {
      const samples = new Map(apis.map((api) => [api, new Map() as Samples]));
      for (let round = 0; round < rounds; round++) {
        for (const [api, own] of samples) {
          const conversation = talk(api);
          await conversation.say(question("short"));
          await settled();
          for (const count of deltas) {
            progress(`${count} deltas, round ${round + 1} of ${rounds}`);
            // One by one nobody could measure the short ones.
            const times = Math.max(1, Math.round(300 / count));
            const cost = await costOf(async () => {
              for (let time = 0; time < times; time++) await conversation.say(question("deltas", count));
            });
            keep(own, count, cost / times);
          }
        }
      }
      return {
        name: "deltas",
        title: "An answer, by its deltas",
        sizes: "deltas",
        costs: "ms of Sluice's CPU",
        series: [...samples].map(([api, own]) => seriesOf(titles[api], own, "linear")),
      };
    },
    async tools(rounds) {
      const [first, cpu]: [Samples, Samples] = [new Map(), new Map()];
      for (let round = 0; round <= rounds; round++) {
        for (const count of tools) {
          progress(`${count} tools, round ${round + 1} of ${rounds}`);
          await settled();
          let wait = 0;
          const cost = await costOf(async () => {
            wait = (await talk("messages", { offered: manyTools(count) }).say(question("short"))).first;
          });
          // The first round compiles.
          if (round === 0) continue;
          keep(first, count, wait);
          keep(cpu, count, cost);
        }
      }
      return {
        name: "tools",
        title: "A new conversation, by its tools",
        sizes: "tools",
        costs: "ms",
        series: [seriesOf("first text", first, "linear"), seriesOf("CPU of Sluice", cpu, "linear")],
      };
    },
  };
}

const titles: Readonly<Record<Api, string>> = {
  messages: "Messages",
  chat: "Chat Completions",
  responses: "Responses",
};

function pairs(count: number): [string, string][] {
  return Array.from({ length: count }, () => [question("short"), answerText("short", 0)]);
}

function manyTools(count: number): typeof basicTools {
  return Array.from({ length: count }, (_, n) => {
    const tool = basicTools[n % basicTools.length] as (typeof basicTools)[number];
    return { ...tool, name: `${tool.name}_${n}` };
  });
}
