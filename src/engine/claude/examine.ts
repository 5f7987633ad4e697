import type { Config } from "../../config.ts";
import type { Part } from "../engine.ts";
import { childEnvironment } from "./environment.ts";
import { authStatus, locate, readVersion, testedVersion } from "./locate.ts";
import type { Pool } from "./pool.ts";

/** How long what the CLI says of itself holds, and how long it may take to say it (milliseconds). */
const validity = 60_000;
const patience = 3_000;

/** Finds out whether the CLI can answer. Asks it at most once in a minute, however often it is asked itself. */
export class Examiner {
  readonly #config: Config;
  readonly #pool: Pool;
  #asked: { at: number; parts: Promise<Part[]> } | undefined;

  constructor(config: Config, pool: Pool) {
    this.#config = config;
    this.#pool = pool;
  }

  async examine(): Promise<Part[]> {
    if (this.#asked === undefined || performance.now() - this.#asked.at > validity) {
      this.#asked = { at: performance.now(), parts: ask(this.#config) };
    }
    const parts = await this.#asked.parts;
    // What is mended is not to wait.
    if (parts.some(({ ok }) => !ok)) this.#asked = undefined;
    return [...parts, spare(this.#config, this.#pool)];
  }
}

async function ask(config: Config): Promise<Part[]> {
  const parts: Part[] = [];
  const part = async (name: string, look: () => Promise<Omit<Part, "name">>) => {
    const seen = await look().catch((error: Error) => ({ ok: false, mend: error.message }));
    parts.push({ name, ...seen });
    return seen.ok;
  };
  const { env } = childEnvironment(config, config.port);
  let path = "";
  const found = await part("claude", async () => ({ ok: true, detail: (path = locate(config)) }));
  if (!found) return parts;
  await part("version", async () => {
    const version = await readVersion(path, env, patience);
    const untested = version === testedVersion ? "" : ` (untested: ${testedVersion} is known to work)`;
    return { ok: true, detail: version + untested };
  });
  await part("login", async () => {
    const { loggedIn, method } = await authStatus(path, env, patience);
    return loggedIn ? { ok: true, detail: method } : { ok: false, mend: "Log in: run `claude auth login`." };
  });
  return parts;
}

/** A spare is on its way most of the time when there is none: what is wrong is a start that has failed. */
function spare({ spares: wanted }: Config, { broken, counts: { spares } }: Pool): Part {
  if (broken !== undefined) return { name: "spare", ok: false, mend: broken };
  if (wanted === 0) return { name: "spare", ok: true, detail: "none is wanted (--spares 0)" };
  return { name: "spare", ok: true, detail: spares > 0 ? `${spares} ready` : "being started, or waiting for room" };
}
