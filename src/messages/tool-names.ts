/** Tool names on their way to the upstream and back: some clients' are none that the Messages API takes. */

import { createHash } from "node:crypto";

/** Longer names are legal in the API, but not in the dialects of other clients. */
const legal = /^[a-zA-Z0-9_-]{1,64}$/;

/** The name itself where the API takes it, else another one: the same for the same name, and for no other. */
export function legalName(name: string): string {
  if (legal.test(name)) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 12);
  return `client_${name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 40)}_${hash}`;
}

/** The way back, for the tools of one request. */
export class ToolNames {
  readonly #clientNames: ReadonlyMap<string, string>;

  /** `spell` gives the name under which the upstream knows a client's tool. */
  constructor(names: readonly string[], spell: (name: string) => string) {
    this.#clientNames = new Map(names.map((name) => [spell(name), name]));
  }

  /** The client's own name; undefined for a tool that it does not have. */
  clientName(name: string): string | undefined {
    return this.#clientNames.get(name);
  }
}
