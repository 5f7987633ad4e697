import { z } from "zod";
import { ProxyError } from "../../error.ts";
import { modelLines, plainName, releaseDate } from "../../messages/model-names.ts";
import type { Model } from "../../messages/types.ts";

/** What the upstream tells of a model; a gateway may tell less. */
const listing = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      display_name: z.string().optional().catch(undefined),
      created_at: z.string().optional().catch(undefined),
      max_tokens: z.number().nullish().catch(undefined),
    }),
  ),
});

export interface UpstreamModel extends Model {
  /** The most tokens of an answer, where that is told. */
  readonly maxTokens: number | undefined;
}

export type Fetch = () => Promise<unknown>;

/** How long a list holds, and how long the failure to get one (milliseconds). */
const fresh = 3_600_000;
const pause = 60_000;

/** The models of an upstream, asked for when they are first needed. */
export class Catalog {
  #models: Promise<readonly UpstreamModel[]> | undefined;
  /** The last list that was got. */
  #known: readonly UpstreamModel[] = [];
  #until = 0;

  /** `now` tells the time (milliseconds). */
  constructor(readonly now = () => performance.now()) {}

  /** All of them. `fetch` gets the body of `GET /v1/models`; what it throws is thrown. */
  async list(fetch: Fetch): Promise<readonly UpstreamModel[]> {
    if (this.#models === undefined || this.now() > this.#until) {
      this.#until = this.now() + fresh;
      this.#models = this.#load(fetch);
    }
    return await this.#models;
  }

  async #load(fetch: Fetch): Promise<readonly UpstreamModel[]> {
    try {
      return (this.#known = toModels(await fetch()));
    } catch (error) {
      this.#until = this.now() + pause;
      throw error;
    }
  }

  /** The model of a spelling; undefined where the upstream lists none that fits, or has never listed any. */
  async find(asked: string, fetch: Fetch): Promise<UpstreamModel | undefined> {
    const models = await this.list(fetch).catch(() => this.#known);
    const name = plainName(asked);
    return (
      models.find(({ id }) => id === asked) ??
      models.find(({ id }) => plainName(id) === name) ??
      newest(models.filter(({ line }) => line === name)) ??
      // An id may end in the day of its release, which people leave out.
      newest(models.filter(({ id }) => id.startsWith(`${name}-`) && /^-\d{8}$/.test(id.slice(name.length))))
    );
  }
}

function newest(models: readonly UpstreamModel[]): UpstreamModel | undefined {
  return models.toSorted((a, b) => b.created - a.created)[0];
}

function toModels(body: unknown): readonly UpstreamModel[] {
  const { success, data } = listing.safeParse(body);
  if (!success) throw new ProxyError("upstream", "The upstream's list of models is none of the Messages API.");
  return data.data.map(({ id, display_name = id, created_at = "", max_tokens }) => {
    const created = Math.floor(Date.parse(created_at) / 1000) || releaseDate(id);
    const line = modelLines.find((one) => new RegExp(`(^|[-/])${one}(-|$)`).test(id));
    return { id, display_name, resolved: id, created, line, maxTokens: max_tokens ?? undefined };
  });
}
