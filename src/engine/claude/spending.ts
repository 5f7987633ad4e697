import type { CliLine } from "./lines.ts";
import { isResult } from "./lines.ts";
import type { CliProcess } from "./process.ts";

/** What a process reports that it has cost (USD, list price): it adds up all its turns, and here each part is told once. */
export class Spending {
  #told = 0;

  /** What a line adds to what was told; undefined where it tells nothing. */
  take(line: CliLine): number | undefined {
    if (!isResult(line) || typeof line.total_cost_usd !== "number") return undefined;
    return this.#add(line.total_cost_usd);
  }

  /**
   * What was added by now, of a process that waits in the middle of a turn: there is no result yet. The CLI says it in
   * words, and rounded (`Estimated cost: $0.0294`, from half a dollar on to a cent); its next result makes up for that.
   */
  async ask(process: CliProcess): Promise<number | undefined> {
    const { message, answer } = process.control({ subtype: "get_session_cost" });
    process.write([message]);
    const { text } = await answer;
    const [, dollars] = /\$(\d+(?:\.\d+)?)/.exec(String(text)) ?? [];
    return dollars === undefined ? undefined : this.#add(Number(dollars));
  }

  #add(total: number): number {
    const more = Math.max(0, total - this.#told);
    this.#told += more;
    return more;
  }
}
