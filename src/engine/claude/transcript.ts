import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Message } from "../../messages/types.ts";
import { formatLine } from "../../wire/ndjson.ts";

/**
 * How many of the messages a transcript can carry: it must end with an answer that calls no tool, or the CLI would put
 * words of its own behind it (cli-protocol.md section 8).
 */
export function transcriptLength(messages: readonly Message[]): number {
  const calls = (message: Message) => message.content.some((block) => block.type === "tool_use");
  return messages.findLastIndex((message) => message.role === "assistant" && !calls(message)) + 1;
}

/** A conversation as a session file of the CLI, which resumes it. */
export interface Transcript {
  readonly path: string;
  /** Removes it; doing so again does nothing. */
  remove(): Promise<void>;
}

/** Writes messages to a file that only this user can read, below `folder`, whole or not at all. `model` is the full id. */
export async function writeTranscript(
  messages: readonly Message[],
  model: string,
  folder: string,
): Promise<Transcript> {
  const own = await mkdtemp(join(folder, "transcript-"));
  const path = join(own, `${crypto.randomUUID()}.jsonl`);
  let removed: Promise<void> | undefined;
  const remove = () => (removed ??= rm(own, { recursive: true, force: true }));
  try {
    await writeFile(path, linesOf(messages, model), { mode: 0o600 });
  } catch (error) {
    await remove();
    throw error;
  }
  return { path, remove };
}

function linesOf(messages: readonly Message[], model: string): string {
  const timestamp = new Date().toISOString();
  let parentUuid: string | null = null;
  return messages
    .map(({ role, content }) => {
      const uuid = crypto.randomUUID();
      const message = { role, ...(role === "assistant" && { model }), content };
      const line = formatLine({ parentUuid, type: role, message, uuid, timestamp });
      parentUuid = uuid;
      return line;
    })
    .join("");
}
