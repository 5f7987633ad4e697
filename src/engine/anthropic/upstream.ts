import manifest from "../../../package.json" with { type: "json" };
import type { Config } from "../../config.ts";
import { ProxyError } from "../../error.ts";
import { Deadlines } from "./deadlines.ts";
import { Reachability } from "./reachability.ts";

/** A request to the upstream. `path` begins behind the base URL and has its query. */
export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
  /** Nobody looks at the body of the answer: Bun's own clock ends it when it stalls. */
  readonly unwatched?: boolean;
}

/** How long a request lasts: by its signal, and until something aborts it. */
export type Patience = Pick<AbortController, "signal" | "abort">;

/** The answer to a request. */
export interface UpstreamAnswer {
  readonly response: Response;
  /** Waits for a part of the body, as long as the upstream may be silent. What the client takes its time for is no silence. */
  read<T>(part: Promise<T>): Promise<T>;
  /** The body is whole, or nobody reads it any more. */
  end(): void;
}

/** Connections stay open for so long (seconds): less than servers keep theirs, so that none is used in its last moment. */
const keepAlive = 60;

/** How long `fetch` lets a connection be silent (milliseconds). */
const ownStallTimeout = 300_000;

/** Waits before another try (milliseconds). */
const pauses = [100, 400];

/** Of these a request that was to be sent has left nothing behind. */
const unsent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ConnectionRefused"]);

const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|TLS/;

/** The way to the upstream: connections that are kept, how long each step may take, and what its failures mean. */
export class Upstream {
  /** `bun fetch` reads HTTPS_PROXY and NO_PROXY itself. Certificates are checked, whatever the environment says. */
  readonly #session = new Bun.FetchSession({
    tls: { rejectUnauthorized: true },
    keepAlive: { idleTimeout: keepAlive },
  });
  readonly #base: string;
  readonly #firstByteTimeout: number;
  /** Read where they are needed: they may change. */
  readonly #limits: { stallTimeout: number };
  readonly #deadlines: Deadlines;
  readonly #reachability: Reachability;

  constructor(config: Config) {
    const { upstream, connectTimeout, firstByteTimeout, env } = config;
    // Some programs' base URLs have it, Anthropic's have not.
    this.#base = upstream.replace(/\/v1$/, "");
    this.#firstByteTimeout = firstByteTimeout;
    this.#limits = config;
    this.#deadlines = new Deadlines(Math.min(1000, firstByteTimeout / 4, config.stallTimeout / 4));
    this.#reachability = new Reachability(upstream, connectTimeout, env);
  }

  /**
   * Sends a request; resolves with the head of the answer, whatever its status. Tries again where no connection came
   * about, and never once something was sent. Throws a ProxyError of kind `upstream`, `timeout` or `canceled`.
   */
  async send(request: UpstreamRequest, patience: Patience): Promise<UpstreamAnswer> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#once(request, patience);
      } catch (error) {
        const pause = unsent.has(codeOf(error)) ? pauses[tries] : undefined;
        if (pause === undefined || patience.signal.aborted) throw this.explain(error, patience.signal);
        await Bun.sleep(pause);
      }
    }
  }

  /** Whether Bun's own clock ends what stalls, if not before the time that is configured. */
  get hasStallClock(): boolean {
    return this.#limits.stallTimeout >= ownStallTimeout;
  }

  /** A failure of the connection as a ProxyError; also of one in the middle of an answer. */
  explain(error: unknown, signal: AbortSignal): unknown {
    if (error instanceof ProxyError || signal.aborted) return error;
    const code = codeOf(error);
    if (unsent.has(code)) {
      const advice = "check --upstream and the network";
      return new ProxyError("upstream", `The upstream ${this.#base} can't be reached (${code}): ${advice}.`, {
        cause: error,
      });
    }
    if (untrusted.test(code)) {
      const advice = "name a certificate authority of your own with NODE_EXTRA_CA_CERTS=FILE";
      return new ProxyError(
        "upstream",
        `The certificate of the upstream ${this.#base} is not trusted (${code}): ${advice}.`,
        { cause: error, retryable: false },
      );
    }
    return new ProxyError("upstream", `The connection to the upstream broke (${code || String(error)}).`, {
      cause: error,
    });
  }

  /** Ends the connections that nobody uses. */
  close(): void {
    this.#session.close();
  }

  async #once(request: UpstreamRequest, patience: Patience): Promise<UpstreamAnswer> {
    const { method, path, headers, body, unwatched = false } = request;
    const late = (sentence: string) => patience.abort(new ProxyError("timeout", sentence));
    const deadlines = this.#deadlines;
    const head = deadlines.add(this.#firstByteTimeout, () => {
      late(`The upstream did not begin to answer within ${this.#firstByteTimeout / 1000} s.`);
    });
    const unwatch = this.#reachability.watch(late);
    headers.set("user-agent", userAgent);
    try {
      const response = await this.#session.fetch(this.#base + path, {
        method,
        headers,
        body: body ?? null,
        signal: patience.signal,
        redirect: "manual",
        decompress: false,
        // It would end a model that thinks for five minutes before it says a word.
        timeout: unwatched,
      } as BunFetchRequestInit);
      this.#reachability.reached();
      const { stallTimeout } = this.#limits;
      const stall = deadlines.add(stallTimeout, () => {
        late(`The upstream was silent for ${stallTimeout / 1000} s in the middle of its answer.`);
      });
      stall.at = Infinity;
      return {
        response,
        read: async (part) => {
          stall.at = performance.now() + stallTimeout;
          try {
            return await part;
          } finally {
            stall.at = Infinity;
          }
        },
        end: () => stall.end(),
      };
    } finally {
      head.end();
      unwatch();
    }
  }
}

/** Always Sluice's own (design.md section 5). */
export const userAgent = `sluice/${manifest.version}`;

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? "");
}
