import type { ProxyError } from "../../error.ts";
import type { Message } from "../../messages/types.ts";
import { toFailure } from "./failures.ts";
import { assistantLine, type CliLine, isFailure, isResult, type FailureLine, userLine } from "./lines.ts";
import type { CliProcess, LineListener } from "./process.ts";
import { connectServer, disconnectServers, type Offer } from "./tools.ts";

/** A CLI that has not asked for new tools by then is one that does not listen to what is new (milliseconds). */
const patience = 1_000;

export interface Replayed {
  count: number;
  ms: number;
}

/**
 * Offers other tools, with what goes in front of a conversation, and waits until they are taken: a turn that began before
 * would not know them. Gives what is yet to be written: to a CLI that does not take them, what connects it anew. Fails
 * where the process is gone.
 */
export async function offered(
  process: CliProcess,
  { request, taken }: NonNullable<Offer["change"]>,
  preamble: readonly object[],
): Promise<readonly object[]> {
  const lost = Promise.withResolvers<never>();
  process.listen({ line: () => undefined, gone: lost.reject });
  process.write([process.control(request).message, ...preamble]);
  const slow = Bun.sleep(patience).then(() => [disconnectServers, connectServer]);
  const anew = await Promise.race([taken.then(() => []), slow, lost.promise]);
  return anew.map((request) => process.control(request).message);
}

/**
 * Writes a conversation to a process, with true roles and no filler, so that the last message asks the model.
 * `preamble` goes in front of the first message, in the same write. Returns as soon as the last message is written, with how long messages took that were not the first
 * to be acknowledged (milliseconds): before that one the CLI applies the settings, whatever the length of the history.
 *
 * An assistant line is applied when it is read, a user line is queued: so each earlier user message is acknowledged
 * before the next is sent (cli-protocol.md 3.1).
 */
export async function replay(
  process: CliProcess,
  preamble: readonly object[],
  messages: readonly Message[],
  model: string,
  listener: LineListener,
): Promise<Replayed> {
  const { unsent, times } = await recite(process, preamble, messages.slice(0, -1), model);
  process.listen(listener);
  process.write([...unsent, ...messages.slice(-1).map((message) => userLine(message, "query"))]);
  const [first = 0] = times;
  return { count: 2 * Math.max(0, times.length - 1), ms: (times.at(-1) ?? first) - first };
}

/**
 * Writes messages that ask for nothing; `preamble` goes in front. Gives the lines behind the last user message, which
 * are yet to be written, and the times at which the user messages were acknowledged.
 */
export async function recite(
  process: CliProcess,
  preamble: readonly object[],
  messages: readonly Message[],
  model: string,
): Promise<{ unsent: object[]; times: number[] }> {
  const times: number[] = [];
  let unsent: object[] = [...preamble];
  for (const message of messages) {
    if (message.role === "assistant") {
      unsent.push(assistantLine(message, model));
      continue;
    }
    const acknowledged = acknowledgement(process);
    process.write([...unsent, userLine(message, "history")]);
    unsent = [];
    await acknowledged;
    times.push(performance.now());
  }
  return { unsent, times };
}

/** Resolves with the `result` line that follows a message of the history. */
function acknowledgement(process: CliProcess): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let failure: FailureLine | undefined;
  process.listen({
    line(line: CliLine) {
      if (isFailure(line)) failure = line;
      if (isResult(line)) {
        if (line.is_error) reject(toFailure(line, Date.now(), { line: failure }));
        else resolve();
      }
      return undefined;
    },
    gone: (error: ProxyError) => reject(error),
  });
  return promise;
}
