import type { Environment } from "../environment.ts";
import type { Format } from "./format/format.ts";
import { type Entry, leavesOf, putIn } from "./merge.ts";

/** A Sluice as a client reaches it. */
export interface Connection {
  /** Without `/v1`, and without a slash at the end. */
  readonly url: string;
  /** The key that clients must send; undefined: any will do. */
  readonly key: string | undefined;
  /** The first one is the one to begin with. */
  readonly models: readonly [string, ...string[]];
}

/** What stands where, and in which language: `json`, `toml`, `yaml`, `sh`, `ts`, `python` or `text`. */
export interface Snippet {
  /** As a person would say it. */
  readonly place: string;
  readonly language: string;
  readonly text: string;
}

/** How one client is told about Sluice. */
export interface Client {
  /** Its name as its makers write it. */
  readonly title: string;
  /** Just what belongs where. */
  snippets(connection: Connection): readonly Snippet[];
  /** What else there is to do or to know, a line each; what is to be run is a line of its own. */
  hints(connection: Connection): readonly string[];
  /** Another way than to put the snippet where it belongs. */
  instead?(connection: Connection): readonly string[];
  /** The file that `--write` changes; without it there is none, and `cannot` says why. */
  readonly config?: ConfigFile;
  readonly cannot?: string;
}

export interface ConfigFile {
  readonly format: Format;
  /** Where the client looks for it. */
  path(env: Environment): string;
  entries(connection: Connection): readonly Entry[];
}

/** A client that has all of it in one file: its snippet is what `--write` would make of an empty one. */
export function fileClient(client: Omit<Client, "snippets" | "config"> & ConfigFile & Omit<Snippet, "text">): Client {
  const { place, language, format, path, entries, ...rest } = client;
  return {
    ...rest,
    snippets: (connection) => [{ place, language, text: putIn(format, "", leavesOf(entries(connection))) }],
    config: { format, path, entries },
  };
}

/** What is sent where no key is wanted: clients insist on one. */
export function keyOf({ key }: Connection): string {
  return key ?? "sluice";
}

/** The models that are worth a place in a menu: without the full ids behind Claude Code's own names. */
export function menu({ models }: Connection): readonly string[] {
  const short = models.filter((name) => !name.includes("-") && !name.includes("/"));
  return short.length > 0 ? short : models.slice(0, 3);
}

/** How large the models are, for clients that do not know them (tokens). */
export const contextWindow = 200_000;
export const longestAnswer = 32_000;
