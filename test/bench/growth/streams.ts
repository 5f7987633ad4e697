/** Growth with the streams that are open at once, in native mode, each with a delta a second. */

import { keep, progress } from "../main.ts";
import { memoryOf } from "../memory.ts";
import { startSluice, startUpstream } from "../native/programs.ts";
import { Client } from "../native/streams.ts";
import { processorTime } from "../peers/usage.ts";
import { type Curve, seriesOf } from "./curves.ts";

const sizes = [1, 3, 10, 30, 100, 300, 1000];
/** How long Sluice is watched (milliseconds). */
const watched = 4000;

export async function measureStreams(rounds: number, folder: string, signal: AbortSignal): Promise<Curve> {
  const [cpu, memory] = [new Map<number, number[]>(), new Map<number, number[]>()];
  for (let round = 0; round < rounds; round++) {
    await using upstream = await startUpstream();
    await using sluice = await startSluice(folder, upstream.url);
    const idle = memoryOf(sluice.pid).rss;
    const clients: Client[] = [];
    try {
      for (const size of sizes) {
        progress(`${size} streams, round ${round + 1} of ${rounds}`);
        signal.throwIfAborted();
        while (clients.length < size) {
          const client = await Client.open(sluice);
          clients.push(client);
          await client.begin("slow");
        }
        const before = processorTime(sluice.pid).own;
        await Bun.sleep(watched);
        const taken = processorTime(sluice.pid).own - before;
        if (clients.some((client) => client.closed)) throw new Error(`Some of ${size} streams are closed`);
        keep(cpu, size, (taken * 1e6) / watched);
        // What the first bytes of anything take is not a stream's.
        if (size >= 100) keep(memory, size, memoryOf(sluice.pid).rss - idle);
      }
    } finally {
      for (const client of clients) client.close();
    }
  }
  return {
    name: "streams",
    title: "Open streams in native mode, a delta a second each",
    sizes: "streams",
    costs: "ms of CPU a second; MB",
    series: [
      seriesOf("CPU of Sluice a second, ms", cpu, "linear"),
      seriesOf("memory beyond idle, MB", memory, "linear"),
    ],
  };
}
