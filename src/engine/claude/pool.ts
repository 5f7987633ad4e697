import { ProxyError } from "../../error.ts";
import { HeadStart } from "./head-start.ts";
import type { Launch } from "./launch.ts";
import type { PoolCounts, PoolOptions } from "./pool-options.ts";
import { type CliProcess, ProcessLost } from "./process.ts";
import { connectServer } from "./tools.ts";

/** How long a process is kept that nobody claims and that is no spare (milliseconds). */
const patience = 5_000;

/** How many more spares wait while Sluice is in use: programs that ask, ask for several things at once. */
const reserve = 3;

/** They are started when nobody has asked for so long (milliseconds). */
const calm = 1_000;

interface Waiter {
  /** Undefined: any process will do. */
  launch: Launch | undefined;
  give(process: CliProcess): void;
  refuse(error: unknown): void;
  /** Left before it was served. */
  gone?: true;
}

/** Hands out processes, keeps spares, and bounds how many there are. Requests wait in the order in which they came. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #alive = new Set<CliProcess>();
  readonly #spares: CliProcess[] = [];
  #waiters: Waiter[] = [];
  /** Plain processes that are being initialised. */
  #starting = 0;
  #closed = false;
  /** Why the last start failed. Nothing is started again until somebody asks: it would fail in a circle. */
  #broken: string | undefined;
  #started = 0;
  #crashed = 0;
  /** How many spares there should be now. */
  #target: number;
  #calmer: Timer | undefined;
  /** Spares are started in the background, and not in the moments in which a request needs the processor itself. */
  readonly #soon = new HeadStart(() => this.#refill());
  #rest: Timer | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#target = options.spares;
    this.#refill();
    this.#use();
  }

  get counts(): PoolCounts {
    const [processes, spares, waiting] = [this.#alive.size, this.#spares.length, this.#waiters.length];
    return { processes, spares, starting: this.#starting, waiting, started: this.#started, crashed: this.#crashed };
  }

  /** Why the last start failed, until somebody asks again. */
  get broken(): string | undefined {
    return this.#broken;
  }

  /**
   * An initialised process, which the caller then owns: a spare where one waits, or one that is started in a way of its
   * own. Throws `overloaded` when the queue is full or the wait too long, and whatever kept the process from starting.
   */
  async claim(signal: AbortSignal, launch?: Launch): Promise<{ process: CliProcess; spare: boolean }> {
    if (signal.aborted) throw canceled();
    this.#broken = undefined;
    this.#use();
    const spare = launch === undefined && this.#waiters.length === 0 ? this.#takeSpare() : undefined;
    if (spare) {
      this.#soon.schedule();
      return { process: spare, spare: this.#options.spares > 0 };
    }
    // A spare more would have served it at once.
    if (this.#options.spares > 0 && launch === undefined && this.#plainWaiters() >= this.#starting)
      this.#aim(this.#target + 1);
    const { promise, resolve, reject } = Promise.withResolvers<CliProcess>();
    const waiter: Waiter = { launch, give: resolve, refuse: reject };
    const timer = setTimeout(() => {
      // Where a process is being started for it already, its start takes as long as it takes.
      if (this.#waiters.indexOf(waiter) >= this.#starting) this.#dismiss(waiter, full());
    }, this.#options.limits.queueTimeout);
    const leave = () => this.#dismiss(waiter, canceled());
    signal.addEventListener("abort", leave, { once: true });
    this.#waiters.push(waiter);
    this.#serve();
    // Who has a process coming, or a place that is being cleared, does not stand in the queue.
    if (this.#waiters.length - this.#starting - this.#leaving > this.#options.limits.queue)
      this.#dismiss(waiter, full());
    try {
      return { process: await promise, spare: false };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    }
  }

  /** Resolves when a process has been initialised, and keeps it for whoever claims one. */
  async warm(signal: AbortSignal): Promise<void> {
    for (let lost = 0; ; lost++) {
      try {
        const { process } = await this.claim(signal);
        this.#spares.unshift(process);
        setTimeout(() => this.#trim(), patience).unref();
        return;
      } catch (error) {
        // One that is killed while it starts: another may do better, as for an answer.
        if (!(error instanceof ProcessLost && error.retryable && lost < error.retries)) throw error;
      }
    }
  }

  /** A process that is kept serves a request. */
  resumed(): void {
    this.#soon.extend();
  }

  /** A process has come to serve nobody: it gives way where somebody waits. */
  rested(): void {
    this.#serve();
  }

  /** Ends everything; whoever waits is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#calmer);
    clearTimeout(this.#rest);
    this.#soon[Symbol.dispose]();
    for (const waiter of this.#waiters) waiter.refuse(canceled());
    this.#waiters = [];
    await Promise.all([...this.#alive].map((process) => process.end()));
  }

  /** Who asks will ask again: more spares wait for a time. */
  #use(): void {
    const { spares, limits } = this.#options;
    if (spares === 0) return;
    clearTimeout(this.#calmer);
    clearTimeout(this.#rest);
    this.#calmer = setTimeout(() => {
      this.#aim(spares + reserve);
      this.#refill();
    }, calm).unref();
    this.#rest = setTimeout(() => {
      clearTimeout(this.#calmer);
      this.#target = spares;
      this.#trim();
    }, limits.idleTtl).unref();
  }

  /** Wants so many spares at least, as long as they leave room for conversations. */
  #aim(count: number): void {
    const { spares, maxProcesses } = this.#options;
    const most = Math.max(spares, Math.floor(maxProcesses / 4));
    this.#target = Math.max(this.#target, Math.min(count, most));
  }

  /** A spare more; the handshake for tools is none of another request's business, and takes time. */
  #keep(process: CliProcess): void {
    const { message, answer } = process.control(connectServer);
    process.tools.connecting(answer);
    process.write([message]);
    this.#spares.push(process);
    this.#trim();
  }

  /** What waits beyond what is wanted does not stay. */
  #trim(): void {
    while (this.#spares.length > this.#target) void this.#spares.pop()?.end();
  }

  /** Processes that are on their way out. */
  get #leaving(): number {
    return [...this.#alive].filter((process) => !process.alive).length;
  }

  #takeSpare(): CliProcess | undefined {
    for (let spare = this.#spares.shift(); spare; spare = this.#spares.shift()) if (spare.alive) return spare;
    return undefined;
  }

  /** Gives the waiters what there is, and starts what is missing. */
  #serve(): void {
    // The queue is short, and each round either takes a waiter out of it or starts what one is waiting for.
    for (const waiter of this.#waiters) {
      const spare = waiter.launch === undefined ? this.#takeSpare() : undefined;
      if (spare) {
        this.#remove(waiter);
        waiter.give(spare);
      } else if (waiter.launch !== undefined) {
        if (!this.#hasRoom()) return;
        this.#remove(waiter);
        this.#launch(waiter.launch).then(
          (process) => (waiter.gone ? void process.end() : waiter.give(process)),
          waiter.refuse,
        );
      } else if (this.#starting < this.#plainWaiters()) {
        if (!this.#hasRoom()) return;
        this.#startPlain();
      }
    }
  }

  #plainWaiters(): number {
    return this.#waiters.filter(({ launch }) => launch === undefined).length;
  }

  /** A process that nobody is promised: whoever waits longest gets it, else it is a spare. */
  #startPlain(): void {
    this.#starting++;
    this.#launch({}).then(
      (process) => {
        this.#starting--;
        const waiter = this.#waiters.find(({ launch }) => launch === undefined);
        if (waiter) {
          this.#remove(waiter);
          waiter.give(process);
          this.#soon.schedule();
        } else {
          // Whoever it was started for has left, and nobody else may come for a long time.
          this.#keep(process);
          this.#refill();
        }
      },
      (error: unknown) => {
        this.#starting--;
        this.#broken = error instanceof Error ? error.message : String(error);
        const waiter = this.#waiters.find(({ launch }) => launch === undefined);
        if (waiter) this.#dismiss(waiter, error);
      },
    );
  }

  async #launch(launch: Launch): Promise<CliProcess> {
    const { process, ready } = this.#options.start(launch);
    this.#alive.add(process);
    this.#started++;
    void process.exited.then(() => {
      if (process.alive) this.#crashed++;
      this.#alive.delete(process);
      this.#serve();
      this.#refill();
    });
    await ready;
    return process;
  }

  /** Starts what is missing, one after the other, while nobody waits: spares must not take the time of those who do. */
  #refill(): void {
    if (this.#closed || this.#broken !== undefined || this.#starting > 0 || this.#waiters.length > 0) return;
    if (this.#spares.length >= this.#target) return;
    if (this.#alive.size >= this.#options.maxProcesses) this.#makeRoom();
    else this.#startPlain();
  }

  /**
   * For the first spare the conversation that was used least recently gives way, unless it is all there may be; its exit
   * calls again.
   */
  #makeRoom(): void {
    const { spares, maxProcesses, evict } = this.#options;
    const wanted = spares > 0 && maxProcesses > 1;
    if (wanted && this.#spares.length === 0 && this.#leaving === 0) evict("live");
  }

  /** Whether one more process may start now; where not, one that serves nobody gives way, and its exit calls again. */
  #hasRoom(): boolean {
    if (this.#closed) return false;
    if (this.#alive.size < this.#options.maxProcesses) return true;
    if (this.#leaving >= this.#waiters.length) return false;
    const surplus = this.#spares.length > this.#options.spares;
    if (surplus || !this.#options.evict("any")) void this.#takeSpare()?.end();
    return false;
  }

  #remove(waiter: Waiter): void {
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
  }

  #dismiss(waiter: Waiter, error: unknown): void {
    this.#remove(waiter);
    waiter.gone = true;
    waiter.refuse(error);
    this.#soon.schedule();
  }
}

function full(): ProxyError {
  const message = "All Claude Code processes are busy: try again, or allow more with --max-processes.";
  return new ProxyError("overloaded", message, { retryAfter: 5 });
}

function canceled(): ProxyError {
  return new ProxyError("canceled", "The request was canceled.");
}
