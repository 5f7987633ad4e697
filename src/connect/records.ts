/** What Sluice has written into config files, so that it can take it out again. */

import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStateSubfolder } from "../state.ts";
import type { Path } from "./format/format.ts";

export interface Written {
  /** The config file, behind all symbolic links. */
  readonly file: string;
  /** The copy of the file as it was; undefined: there was none. */
  readonly backup?: string | undefined;
  /** The digest of the file as it was written; undefined: it has more of the person's than the copy has. */
  readonly whole?: string | undefined;
  /** What was written, each with the digest of its value. */
  readonly values: readonly { readonly path: Path; readonly digest: string }[];
}

/** The folder in the state folder. */
const name = "connect";

/** Records in a folder of the state folder, one a config file: each is there whole, or not at all. */
export class Records {
  readonly #state: string;

  constructor(stateFolder: string) {
    this.#state = stateFolder;
  }

  read(file: string): Written | undefined {
    if (!existsSync(join(this.#state, name))) return undefined;
    try {
      return JSON.parse(readFileSync(this.#pathOf(file), "utf8")) as Written;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  write(record: Written): void {
    const draft = join(openStateSubfolder(this.#state, name), crypto.randomUUID());
    writeFileSync(draft, JSON.stringify(record), { mode: 0o600, flag: "wx", flush: true });
    renameSync(draft, this.#pathOf(record.file));
  }

  remove(file: string): void {
    rmSync(this.#pathOf(file), { force: true });
  }

  #pathOf(file: string): string {
    return join(openStateSubfolder(this.#state, name), `${digest(file).slice(0, 32)}.json`);
  }
}

/** A digest of bytes, or of a value: of one that is a secret nothing can be read there. */
export function digest(of: unknown): string {
  return createHash("sha256")
    .update(Buffer.isBuffer(of) ? of : (JSON.stringify(of) ?? ""))
    .digest("hex");
}
