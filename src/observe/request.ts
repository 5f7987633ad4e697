/** What a request comes to, in numbers and names, and who is told of it. */

import type { Config } from "../config.ts";
import { type ErrorKind, errorTable, type ProxyError } from "../error.ts";
import type { Log } from "../log.ts";
import type { Usage } from "../messages/types.ts";
import type { Route } from "../routes.ts";

/** One request as the ledger, the metrics and the page see it. Never a text of it. */
export interface RequestRecord {
  /** The request id. */
  readonly id: string;
  /** When it came (milliseconds since 1970). */
  readonly at: number;
  /** The product in its user agent ("claude-cli", "OpenAI/JS", "curl"), without a version; "" where there is none. */
  readonly client: string;
  readonly api: "messages" | "chat" | "responses" | "count" | "other";
  /** The configured one: claude, native or echo. `way` tells where another one answered in its place. */
  readonly engine: string;
  /** The model that answers, by its full name; set once known. */
  model?: string;
  /** How it was served, as `x-sluice-way` says. */
  way?: string;
  /** Of what was told, also where the answer broke off. */
  usage?: Usage;
  /** List price, as the CLI reports it (USD); undefined where nothing reports one. */
  costUsd?: number;
  /** Milliseconds to the first content of the model, thinking included. */
  firstTextMs?: number;
  /** What it writes now, where Sluice reads it. */
  phase?: "thinking" | "writing" | "calling";
  /** About as many tokens were written so far, by the length of their text. */
  written?: number;
  /** The bytes of the answer so far, where it is passed on unread. */
  passed?: number;
  /** These three are set at the end. */
  ms?: number;
  status?: number;
  outcome?: "ok" | ErrorKind;
}

/** What was used: dollars, as far as their number is known, and requests that the model answered. */
export interface Spent {
  usd: number;
  requests: number;
}

/** Whether the model has answered, or begun to: what it was not asked, or refused, costs nothing. Counts are free. */
export function isAnswered({ api, outcome, usage }: RequestRecord): boolean {
  return api !== "count" && (outcome === "ok" || usage !== undefined);
}

/** Who watches requests. In between the record tells how they go on. Each is called synchronously and must be cheap; what it throws is logged, and changes no answer. */
export interface RequestWatcher {
  began?(record: RequestRecord): void;
  /** Once, and nothing follows. The error is of a request that failed here: an upstream's own answer is none. */
  ended?(record: RequestRecord, error?: ProxyError): void;
}

const longestName = 200;

/** What was not told of a request's cost for so long after its end is not told at all (milliseconds). */
const patience = 2_000;

/** A request as it came. */
export interface Asked {
  id: string;
  request: Request;
  route: Route;
  mode: Config["mode"];
  /** Whether it is one of the Messages API, which native mode passes on whatever its path is. */
  forwarded: boolean;
}

/** Begins the record of a request for an answer or a count; undefined for any other, and where nobody watches. */
export function startRecording(asked: Asked, watchers: Watchers, log: Log): Recording | undefined {
  const api = apiOf(asked);
  if (api === undefined || watchers.length === 0) return undefined;
  const { id, request, mode } = asked;
  const engine = mode === "subprocess" ? "claude" : mode;
  return new Recording({ id, at: Date.now(), client: clientOf(request.headers), api, engine }, watchers, log);
}

export type Watchers = readonly RequestWatcher[];

/** Of English text; the page says that it is about. */
const charactersPerToken = 4;

/** Fills the record of one request, and tells its watchers. */
export class Recording {
  readonly #record: RequestRecord;
  readonly #watchers: Watchers;
  readonly #log: Log;
  readonly #began = performance.now();
  #cost: (() => Promise<number | undefined> | undefined) | undefined;

  constructor(record: RequestRecord, watchers: Watchers, log: Log) {
    this.#record = record;
    this.#watchers = watchers;
    this.#log = log;
    this.#tell("began");
  }

  /** The model's name is the upstream's, and may be anything. */
  model(name: string): void {
    this.#record.model = name.slice(0, longestName);
  }

  way(name: string): void {
    this.#record.way = name;
  }

  used(usage: Usage): void {
    this.#record.usage = usage;
  }

  /** The first content is there. */
  spoke(): void {
    this.#record.firstTextMs ??= performance.now() - this.#began;
  }

  /** More of the answer is there: so many characters of it, in a block of this kind. */
  wrote(phase: NonNullable<RequestRecord["phase"]>, characters: number): void {
    this.#record.phase = phase;
    this.#record.written = (this.#record.written ?? 0) + characters / charactersPerToken;
  }

  passed(bytes: number): void {
    this.#record.passed = (this.#record.passed ?? 0) + bytes;
  }

  /** How to find out what it has cost. */
  billed(cost: () => Promise<number | undefined> | undefined): void {
    this.#cost = cost;
  }

  /** The watchers are told once the cost is, too: a moment after the client has its answer. */
  end(status: number, error?: ProxyError): void {
    this.#record.status = status;
    this.#record.outcome = error?.kind ?? outcomeOf(status);
    this.#record.ms = performance.now() - this.#began;
    const cost = this.#cost?.();
    if (cost === undefined) return this.#tell("ended", error);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(resolve, patience);
    void Promise.race([cost, promise]).then((costUsd) => {
      clearTimeout(timer);
      if (costUsd !== undefined) this.#record.costUsd = costUsd;
      this.#tell("ended", error);
    });
  }

  #tell(what: keyof RequestWatcher, error?: ProxyError): void {
    for (const watcher of this.#watchers) {
      try {
        if (what === "ended") watcher.ended?.(this.#record, error);
        else watcher[what]?.(this.#record);
      } catch (cause) {
        this.#log.error("A request could not be recorded", { request_id: this.#record.id, cause });
      }
    }
  }
}

function apiOf({ request, route, mode, forwarded }: Asked): RequestRecord["api"] | undefined {
  const { endpoint, dialect } = route;
  if (endpoint === "count") return "count";
  if (endpoint === "answer") return dialect.name === "anthropic" ? "messages" : dialect.name;
  // Such as a batch: it may cost something, and nobody here knows how much.
  return endpoint === undefined && mode === "native" && forwarded && request.method === "POST" ? "other" : undefined;
}

/** The last one that was read: most requests of a moment come from the same client. */
let lastAgent = "";
let lastClient = "";

/** The client by its user agent. */
export function clientOf(headers: Headers): string {
  const agent = headers.get("user-agent") ?? "";
  if (agent !== lastAgent) {
    lastAgent = agent;
    lastClient = productOf(agent);
  }
  return lastClient;
}

/** The product that a user agent names first, without its version: `claude-cli/2.1.329 (external, cli)` → `claude-cli`. */
function productOf(agent: string): string {
  const [product = ""] = agent.trim().split(/[\s(;,]/, 1);
  // A version begins with a digit, and ends the product.
  return product
    .replace(/\/v?\d.*$/, "")
    .replace(/[^\w.@/+-]/g, "")
    .slice(0, 64);
}

/** What an answer was that an upstream gave and nobody here threw. */
function outcomeOf(status: number): NonNullable<RequestRecord["outcome"]> {
  if (status < 400) return "ok";
  const kinds = Object.keys(errorTable) as ErrorKind[];
  const exact = kinds.find((kind) => kind !== "bug" && errorTable[kind].status === status);
  if (exact !== undefined) return exact;
  if (status === 503) return "overloaded";
  return status < 500 ? "invalid_request" : "upstream";
}
