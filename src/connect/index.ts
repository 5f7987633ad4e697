import { aider } from "./aider.ts";
import { claude } from "./claude.ts";
import type { Client, Connection } from "./client.ts";
import { cline } from "./cline.ts";
import { codex } from "./codex.ts";
import { continueDev } from "./continue.ts";
import { cursor } from "./cursor.ts";
import { openclaw } from "./openclaw.ts";
import { opencode } from "./opencode.ts";
import { anthropic, openai } from "./sdks.ts";
import { zed } from "./zed.ts";

/** The clients that `sluice connect` knows, by the names that it knows them by. */
export const clients: Readonly<Record<string, Client>> = {
  claude,
  codex,
  opencode,
  openclaw,
  continue: continueDev,
  cline,
  aider,
  zed,
  cursor,
  openai,
  anthropic,
};

/** One snippet of a client, with all that a page shows of it. */
export interface Instruction {
  /** What `sluice connect` calls the client. */
  readonly name: string;
  readonly title: string;
  readonly place: string;
  readonly language: string;
  readonly snippet: string;
  readonly hints: readonly string[];
  /** Whether `sluice connect NAME --write` does it. */
  readonly writes: boolean;
}

/** What connects each client with a Sluice: for most of them one snippet. */
export function instructions(connection: Connection): Instruction[] {
  return Object.entries(clients).flatMap(([name, client]) =>
    client.snippets(connection).map(({ place, language, text }) => ({
      name,
      title: client.title,
      place,
      language,
      snippet: text,
      hints: [...client.hints(connection), ...(client.instead?.(connection) ?? [])],
      writes: client.config !== undefined,
    })),
  );
}
