import type { MessageEvent } from "../../messages/types.ts";
import { noUsage, updateUsage } from "../../messages/usage.ts";
import type { Prompt } from "./count.ts";
import { Estimator } from "./estimate.ts";

/** How many conversations are remembered. */
const most = 1_000;
/** How much of what is known of a model stays when something new is learnt. */
const staying = 0.8;
/** An estimate is never further from the truth than this factor: what says otherwise is no count of tokens. */
const furthest = 2;

/** What a prompt was estimated at without its frame, and what it came to in it. */
interface Sample {
  estimate: number;
  tokens: number;
}

/** Estimates that learn from what true answers have cost: those of the same conversation, and of the same model. */
export class Calibration {
  readonly #conversations = new Map<string, Sample>();
  /** Sums of samples, in which later ones count more; `frames` is how many frames are in the tokens. */
  readonly #models = new Map<string, Sample & { frames: number }>();
  #learning = Promise.resolve();

  /** Who is to be told the events of an answer. `key` is that of the conversation up to its question, `bare` its prompt. */
  listen(model: string, key: string, bare: () => Prompt): (event: MessageEvent) => void {
    let usage = noUsage;
    return (event) => {
      if (event.type === "message_start") usage = event.message.usage;
      if (event.type === "message_delta") usage = updateUsage(usage, event.usage);
      if (event.type !== "message_stop") return;
      const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage;
      const tokens = input_tokens + cache_creation_input_tokens + cache_read_input_tokens;
      this.#learning = this.#learning.then(() => this.#learn(model, key, bare(), tokens));
    };
  }

  /**
   * The tokens of a prompt, which is in its frame, and `bare` is not. `keys` are those of the conversations that it may
   * be known as: the first that is known counts.
   */
  async estimate(model: string, keys: readonly string[], prompt: Prompt, bare: Prompt): Promise<number> {
    await this.#learning;
    const estimator = new Estimator(model);
    const [framed, own] = [estimator.prompt(prompt), estimator.prompt(bare)];
    const before = keys.map((key) => this.#conversations.get(key)).find((sample) => sample);
    const known = this.#models.get(model);
    const rate = known ? within(known.tokens / (known.estimate + known.frames * (framed - own))) : 1;
    return Math.max(1, Math.round(before ? before.tokens + (own - before.estimate) * rate : framed * rate));
  }

  async #learn(model: string, key: string, bare: Prompt, tokens: number): Promise<void> {
    // The last event of the answer is not to wait for this.
    await Bun.sleep(0);
    const estimate = new Estimator(model).prompt(bare);
    if (tokens * furthest < estimate) return;
    const known = this.#models.get(model) ?? { estimate: 0, tokens: 0, frames: 0 };
    this.#models.set(model, {
      estimate: known.estimate * staying + estimate,
      tokens: known.tokens * staying + tokens,
      frames: known.frames * staying + 1,
    });
    this.#conversations.delete(key);
    this.#conversations.set(key, { estimate, tokens });
    const [oldest] = this.#conversations.keys();
    if (this.#conversations.size > most && oldest !== undefined) this.#conversations.delete(oldest);
  }
}

function within(rate: number): number {
  return Math.min(furthest, Math.max(1 / furthest, rate));
}
