import manifest from "../../../package.json" with { type: "json" };
import type { Config } from "../../config.ts";
import { ProxyError } from "../../error.ts";
import { Rounds } from "../../rounds.ts";
import { Reachability } from "./reachability.ts";
import { type Patience, type SilenceLimits, UpstreamCall } from "./upstream-call.ts";

/** A request to the upstream. `path` begins behind the base URL and has its query. */
export interface UpstreamRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body?: string | Uint8Array<ArrayBuffer> | undefined;
}

/** Connections stay open for so long (seconds): less than servers keep theirs, so that none is used in its last moment. */
const keepAlive = 60;

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
  readonly #limits: SilenceLimits;
  readonly #clock: Rounds<UpstreamCall>;
  readonly #reachability: Reachability;

  constructor(config: Config) {
    const { upstream, connectTimeout, firstByteTimeout, env } = config;
    // Some programs' base URLs have it, Anthropic's have not.
    this.#base = upstream.replace(/\/v1$/, "");
    this.#limits = config;
    const precision = Math.min(1000, firstByteTimeout / 4, config.stallTimeout / 4);
    this.#clock = new Rounds(precision, (call, now) => call.check(now));
    this.#reachability = new Reachability(upstream, connectTimeout, env);
  }

  /**
   * Sends a request; resolves with the head of the answer, whatever its status. Tries again where no connection came
   * about, and never once something was sent. Throws a ProxyError of kind `upstream`, `timeout` or `canceled`.
   */
  async send(request: UpstreamRequest, patience: Patience): Promise<UpstreamCall> {
    const call = new UpstreamCall(this.#clock, this.#limits, patience);
    for (let tries = 0; ; tries++) {
      call.asked();
      this.#reachability.watch(patience);
      try {
        call.answered(await this.#fetch(request, patience.signal));
        this.#reachability.reached();
        return call;
      } catch (error) {
        call.end();
        const pause = unsent.has(codeOf(error)) ? pauses[tries] : undefined;
        if (pause === undefined) throw this.explain(error, patience.signal);
        await Bun.sleep(pause);
      } finally {
        this.#reachability.unwatch(patience);
      }
    }
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

  #fetch({ method, path, headers, body }: UpstreamRequest, signal: AbortSignal): Promise<Response> {
    headers.set("user-agent", userAgent);
    return this.#session.fetch(this.#base + path, {
      method,
      headers,
      body: body ?? null,
      signal,
      redirect: "manual",
      decompress: false,
      // Bun's own would end a model that thinks for five minutes before it says a word.
      timeout: false,
    } as BunFetchRequestInit);
  }
}

/** Always Sluice's own (design.md section 5). */
export const userAgent = `sluice/${manifest.version}`;

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? "");
}
