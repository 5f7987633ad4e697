import type { Log } from "../../log.ts";
import { testedVersion } from "./locate.ts";
import { type Features, probe, proven, type StartProbe, unproven } from "./probe.ts";

/** What the installed version can do: known for the tested one, tried out once for another. */
export class KnownFeatures {
  readonly #try: () => Promise<Features>;
  readonly #log: Log;
  #version: string | undefined;
  #features = unproven;

  constructor(start: StartProbe, signal: AbortSignal, log: Log) {
    this.#try = () => probe(start, signal);
    this.#log = log;
  }

  /** As far as they are known now. */
  get features(): Features {
    return this.#features;
  }

  /** A process has told its version. */
  learn(version: string): void {
    if (version === this.#version) return;
    this.#version = version;
    this.#features = version === testedVersion ? proven : unproven;
    if (version === testedVersion) return;
    this.#try().then(
      (features) => {
        this.#features = features;
        const { missing, systemPrompt } = features;
        if (missing.length > 0)
          this.#log.warn("This version of Claude Code does not pass on all that is asked for", { version, missing });
        if (!systemPrompt)
          this.#log.warn("This version of Claude Code needs a process for each system prompt", { version });
      },
      (error: Error) =>
        this.#log.warn("This version of Claude Code could not be tried out", { version, reason: error.message }),
    );
  }
}
