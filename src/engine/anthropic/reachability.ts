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
  /** Who waits for the attempt that runs. */
  #late: ((sentence: string) => void)[] = [];

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

  /** Calls `late` when no connection came about in time. The result ends the watch. */
  watch(late: (sentence: string) => void): () => void {
    if (performance.now() - this.#reachedAt < proof) return () => {};
    this.#late.push(late);
    if (!this.#trying) void this.#connect();
    return () => {
      this.#late = this.#late.filter((one) => one !== late);
    };
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
    const waiting = this.#late;
    this.#late = [];
    if (first !== expired) return;
    for (const late of waiting) {
      late(`No connection to the upstream ${this.upstream} came about within ${this.timeout / 1000} s.`);
    }
  }
}

/** Where the first connection goes; undefined where a proxy is asked, which answers for itself. */
function addressOf(upstream: string, env: Readonly<Record<string, string>>) {
  const { protocol, hostname, port } = new URL(upstream);
  const name = protocol === "https:" ? "https_proxy" : "http_proxy";
  if (env[name] || env[name.toUpperCase()] || env["ALL_PROXY"] || env["all_proxy"]) return undefined;
  return { hostname: hostname.replace(/^\[|\]$/g, ""), port: Number(port || (protocol === "https:" ? 443 : 80)) };
}
