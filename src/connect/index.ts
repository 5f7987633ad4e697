import { aider } from "./aider.ts";
import { claude } from "./claude.ts";
import type { Client, Connection, Snippet } from "./client.ts";
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

/** What a page shows for a client: its snippets, each with its place and its language. */
export interface Instructions {
  /** What `sluice connect` calls it. */
  readonly name: string;
  readonly title: string;
  readonly snippets: readonly Snippet[];
  readonly hints: readonly string[];
  /** Whether `sluice connect NAME --write` does it. */
  readonly writes: boolean;
}

/** What connects each client with a Sluice. */
export function instructions(connection: Connection): Instructions[] {
  return Object.entries(clients).map(([name, client]) => ({
    name,
    title: client.title,
    snippets: client.snippets(connection),
    hints: client.hints(connection),
    writes: client.config !== undefined,
  }));
}
