import type { Client } from "./client.ts";
import { codex } from "./codex.ts";
import { openclaw } from "./openclaw.ts";

/** The clients that `sluice connect` knows. */
export const clients: Readonly<Record<string, Client>> = { codex, openclaw };
