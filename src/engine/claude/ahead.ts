import type { Tool } from "../../messages/types.ts";
import type { ControlRequest } from "./lines.ts";
import { type CliProcess, ProcessLost } from "./process.ts";
import { connectServer, disconnectServer, ToolServer } from "./tools.ts";

/**
 * Offers the tools of the last new conversation to the spares: whoever asks offers most often the same again, and to take
 * them in is a fifth of the CLI's time to the first text. Where a request has others, or none, these are taken away before
 * anything else is said: the model never hears of them.
 */
export class ToolsAhead {
  #expected: readonly Tool[] | undefined;
  /** What processes were offered, as the CLI knows it. */
  readonly #offered = new WeakMap<CliProcess, string>();

  /** Offers what is expected to a process that nobody uses yet. */
  offer(process: CliProcess): void {
    const tools = this.#expected;
    if (!tools) return;
    const server = new ToolServer(tools);
    process.serve((request) => server.handle(request));
    this.#offered.set(process, listOf(tools));
    this.#tell(process, connectServer);
  }

  /**
   * A conversation with these tools begins in a process, and the next one may want the same. Gives whether it has just
   * them, so that they need not be connected any more; other ones are taken away from it.
   */
  begin(process: CliProcess, tools: readonly Tool[] | undefined): boolean {
    this.#expected = tools;
    if (tools && this.#offered.get(process) === listOf(tools)) return true;
    this.cleared(process);
    return false;
  }

  /** A process that has no tools any more. */
  cleared(process: CliProcess): CliProcess {
    if (this.#offered.delete(process)) this.#tell(process, disconnectServer);
    return process;
  }

  /** A process that refuses is not as it should be; and what one refuses, others would. */
  #tell(process: CliProcess, request: ControlRequest): void {
    const { message, answer } = process.control(request);
    process.write([message]);
    answer.catch((error: Error) => {
      this.#expected = undefined;
      process.fail(new ProcessLost("upstream", error.message, { cause: error }));
    });
  }
}

function listOf(tools: readonly Tool[]): string {
  return JSON.stringify(new ToolServer(tools).list);
}
