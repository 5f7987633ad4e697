import type { Log } from "../../log.ts";
import type { Message } from "../../messages/types.ts";
import type { Replayed } from "./replay.ts";
import { type Transcript, transcriptLength, writeTranscript } from "./transcript.ts";

/** How much a new measurement counts against those before it. */
const weight = 0.2;

/** How a conversation gets into a process. */
export interface Plan {
  /** What a process of its own is started with; undefined where a spare serves. */
  transcript?: Transcript;
  /** What is written to it. */
  replay: readonly Message[];
}

/**
 * Chooses the faster of two ways to hand over a history: replayed to a spare, which costs time for each message, or as
 * a transcript that a new process resumes, which costs the start of a process whatever the length. Both are measured as
 * they happen on this machine; the first values are those of cli-protocol.md section 4.
 */
export class HistoryPlanner {
  readonly #folder: () => string;
  readonly #log: Log;
  #startMs = 450;
  #messageMs = 2.5;

  /** `folder` gives the one where transcripts go. */
  constructor(folder: () => string, log: Log) {
    this.#folder = folder;
    this.#log = log;
  }

  async plan(messages: readonly Message[], model: string): Promise<Plan> {
    const length = transcriptLength(messages.slice(0, -1));
    if (length * this.#messageMs <= this.#startMs) return { replay: messages };
    try {
      const transcript = await writeTranscript(messages.slice(0, length), model, this.#folder());
      return { transcript, replay: messages.slice(length) };
    } catch (error) {
      // The slower way needs no disk.
      this.#log.warn("A conversation could not be written down for Claude Code to load; it is told it instead", {
        reason: (error as Error).message,
      });
      return { replay: messages };
    }
  }

  /** A process took so long from its start to its readiness. */
  started(ms: number): void {
    this.#startMs += weight * (ms - this.#startMs);
  }

  /** So many messages took so long to be replayed. */
  replayed({ count, ms }: Replayed): void {
    if (count > 0) this.#messageMs += weight * (ms / count - this.#messageMs);
  }
}
