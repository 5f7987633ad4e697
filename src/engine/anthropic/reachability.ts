import { ProxyError } from "../../error.ts";
import type { Patience } from "./upstream-call.ts";

/** How long an answer proves that connections come about (milliseconds). */
const proof = 60_000;

/**
 * The time limit of connections, for which `fetch` has none: while nothing is known of the upstream, a connection of
 * nothing but TCP is tried beside the request, and the request fails with it.
 */
export class Reachability {
  readonly #address: { hostname: string; port: number } | undefined;
  #reachedAt = -Infinity;
  #trying = false;
  /** The requests that wait for the attempt that runs. */
  #waiting = new Set<Patience>();

  constructor(
    readonly upstream: string,
    readonly timeout: number,
    env: Readonly<Record<string, string>>,
  ) {
    this.#address = addressOf(upstream, env);
  }

  /** An answer is there. */
  reached(): void {
    this.#reachedAt = performance.now();
  }

  /** Aborts a request when no connection comes about in time. */
  watch(request: Patience): void {
    if (performance.now() - this.#reachedAt < proof) return;
    this.#waiting.add(request);
    if (!this.#trying) void this.#connect();
  }

  unwatch(request: Patience): void {
    this.#waiting.delete(request);
  }

  /** What else goes wrong than that nobody answers, the request itself will tell. */
  async #connect(): Promise<void> {
    if (this.#address === undefined) return;
    this.#trying = true;
    const expired = Symbol("expired");
    const timer = Promise.withResolvers<typeof expired>();
    const timeout = setTimeout(() => timer.resolve(expired), this.timeout);
    const socket = Bun.connect({ ...this.#address, socket: { data() {} } }).catch(() => undefined);
    const first = await Promise.race([socket, timer.promise]);
    clearTimeout(timeout);
    void socket.then((open) => open?.end());
    this.#trying = false;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    if (first !== expired) return;
    const sentence = `No connection to the upstream ${this.upstream} came about within ${this.timeout / 1000} s.`;
    for (const request of waiting) request.abort(new ProxyError("timeout", sentence));
  }
}

/** Where the first connection goes; undefined where a proxy is asked, which answers for itself. */
function addressOf(upstream: string, env: Readonly<Record<string, string>>) {
  const { protocol, hostname, port } = new URL(upstream);
  const name = protocol === "https:" ? "https_proxy" : "http_proxy";
  if (env[name] || env[name.toUpperCase()] || env["ALL_PROXY"] || env["all_proxy"]) return undefined;
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (protocol === "https:" ? 443 : 80)) };
}
