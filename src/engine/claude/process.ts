import { ProxyError } from "../../error.ts";
import { formatLine, readLines } from "../../wire/ndjson.ts";
import { readLine } from "./line-schema.ts";
import { type CliLine, type ControlRequest, isDelta } from "./lines.ts";
import { outputOf } from "./output.ts";
import { ToolServer } from "./tools.ts";

/** Longer than any line of the CLI: it prints a whole answer again as one. */
const maxLine = 64 * 1024 * 1024;
/** How much of stderr is kept to explain a death. */
const stderrTail = 2_000;
/**
 * Deltas that come faster than the shortest are read together, because each read, and each write to the client, costs more
 * than what is in it; more and more of them where they go on coming so fast, so that a short answer waits for nothing. With
 * more than the longest the CLI would wait for room in the pipe (milliseconds).
 */
const pauses = { shortest: 2, growth: 1.25, longest: 8 };

const windows = process.platform === "win32";

/**
 * A session of its own: Ctrl-C in the terminal is ours to handle, and one signal reaches all it started. On Windows that is
 * a console of its own, which is not shown, in a job that ends with Sluice.
 */
const apart = windows ? { windowsHide: true } : { detached: true };

export interface ProcessOptions {
  command: string[];
  cwd: string;
  env: Record<string, string>;
  /** Milliseconds between SIGTERM and SIGKILL. */
  killAfter: number;
  /** Removes what a process leaves behind when it could not clean up. */
  sweep(pid: number): Promise<void>;
  onNoise(text: string): void;
}

/** Who reads a process's lines. A process has one listener at a time; lines that nobody listens to are dropped. */
export interface LineListener {
  /** Takes a line. A returned promise holds back the reading until it resolves. */
  line(line: CliLine): Promise<void> | undefined;
  /** The process is gone or can't be read any more; nothing follows. */
  gone(error: ProxyError): void;
}

/** A process that died, stalled or can't be read: another may do better, as long as nothing was answered. */
export class ProcessLost extends ProxyError {
  /** How often others are worth it. A silent one has cost its whole time; one that died may have been dead before it was asked. */
  get retries(): number {
    return this.kind === "timeout" ? 1 : 2;
  }
}

/** Answers what the CLI asks of its host. A thrown error is told to the CLI. */
export type ControlHandler = (request: ControlRequest) => Promise<Record<string, unknown>>;

/** One running CLI: lines in, lines out, control requests with answers, and one way to end it. */
export class CliProcess {
  readonly pid: number;
  /** The tools of whoever it serves. */
  readonly tools = new ToolServer();
  readonly #child: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #options: ProcessOptions;
  readonly #answers = new Map<string, PromiseWithResolvers<Record<string, unknown>>>();
  #listener: LineListener | undefined;
  #handler: ControlHandler = (request) => this.tools.handle(request);
  #lastRequest = 0;
  #stderr = "";
  #ending: Promise<void> | undefined;
  #reason: ProxyError | undefined;
  #gone: ProxyError | undefined;

  /** Starts the CLI. Throws a ProxyError when it can't be started at all. */
  constructor(options: ProcessOptions) {
    this.#options = options;
    try {
      this.#child = Bun.spawn(options.command, {
        cwd: options.cwd,
        env: options.env,
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
        ...apart,
      });
    } catch (error) {
      throw unstartable(error);
    }
    this.pid = this.#child.pid;
    void this.#readStdout();
    void this.#readStderr();
  }

  get alive(): boolean {
    return this.#gone === undefined && this.#ending === undefined;
  }

  /** Whether a signal has ended it, and not the CLI itself. */
  get killed(): boolean {
    return this.#child.signalCode !== null;
  }

  /** Resolves when the process is gone. */
  get exited(): Promise<unknown> {
    return this.#child.exited;
  }

  /** Who answers the CLI's own requests in the place of its tools. */
  serve(handler: ControlHandler): void {
    this.#handler = handler;
  }

  listen(listener: LineListener | undefined): void {
    this.#listener = listener;
    if (this.#gone) listener?.gone(this.#gone);
  }

  /** Writes messages to the CLI's stdin, in one write. */
  write(messages: readonly object[]): void {
    if (this.alive) void this.#write(messages.map(formatLine).join(""));
  }

  async #write(text: string): Promise<void> {
    const { stdin } = this.#child;
    try {
      await Promise.all([stdin.write(text), stdin.flush()]);
    } catch {
      // The pipe is broken because the process is gone, at once or later: its end is reported by the reading side.
    }
  }

  /** A control request as a message to write, and the promise of its answer. */
  control(request: ControlRequest): { message: object; answer: Promise<Record<string, unknown>> } {
    const request_id = `sluice-${++this.#lastRequest}`;
    const answer = Promise.withResolvers<Record<string, unknown>>();
    // Whoever asked may have left: a refusal that nobody waits for is no crash.
    answer.promise.catch(() => {});
    if (this.#gone) answer.reject(this.#gone);
    else this.#answers.set(request_id, answer);
    return { message: { type: "control_request", request_id, request }, answer: answer.promise };
  }

  /** Ends the process: SIGTERM, then SIGKILL to all that is left of its session. Resolves when it is gone. */
  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Ends the process for a reason, which everybody who waits for it is told. */
  fail(reason: ProxyError): void {
    this.#reason ??= reason;
    void this.end();
  }

  /**
   * Ends the process before it can do anything more. SIGTERM would be too late where the CLI is about to ask the model
   * again: its handler waits its turn. Only for processes without built-in tools, whose children would be orphaned.
   */
  kill(): Promise<void> {
    this.#killSession();
    return this.end();
  }

  async #end(): Promise<void> {
    const byItself = this.#child.exitCode !== null || this.killed;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#killSession(), this.#options.killAfter);
    await this.#child.exited;
    clearTimeout(timer);
    this.#killSession();
    // On Windows every signal ends a process at once.
    if (byItself || windows || this.#child.signalCode === "SIGKILL") await this.#options.sweep(this.pid);
  }

  #killSession(): void {
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // Nothing is left of it, which is what was wanted.
    }
  }

  async #readStdout(): Promise<void> {
    const lines = readLines(outputOf(this.#child), { maxLine, onNoise: this.#options.onNoise });
    try {
      let before = 0;
      let pause = pauses.shortest;
      for await (const values of lines) {
        let line: CliLine | undefined;
        for (const value of values) {
          line = readLine(value);
          const wait = line && this.#take(line);
          if (wait) await wait;
        }
        const fast = performance.now() - before < pauses.shortest && line !== undefined && isDelta(line);
        if (fast) await Bun.sleep(pause);
        pause = fast ? Math.min(pauses.growth * pause, pauses.longest) : pauses.shortest;
        before = performance.now();
      }
      await this.#child.exited;
      this.#lost(this.#explainExit());
      // It ended by itself, and may have left something running.
      void this.end();
    } catch (error) {
      this.#lost(new ProcessLost("upstream", error instanceof Error ? error.message : String(error), { cause: error }));
      void this.end();
    }
  }

  #take(line: CliLine): Promise<void> | undefined {
    if (line.type === "control_response") this.#settle(line);
    else if (line.type === "control_request") void this.#respond(line);
    else return this.#listener?.line(line);
    return undefined;
  }

  async #readStderr(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stderr) {
      this.#stderr = (this.#stderr + decoder.decode(chunk, { stream: true })).slice(-stderrTail);
    }
  }

  async #respond(line: CliLine): Promise<void> {
    const request_id = line["request_id"];
    const response = await this.#handler(line["request"] as ControlRequest).then(
      (answer) => ({ subtype: "success", request_id, response: answer }),
      (error: unknown) => ({ subtype: "error", request_id, error: String(error) }),
    );
    this.write([{ type: "control_response", response }]);
  }

  #settle(line: CliLine): void {
    const response = line["response"] as { subtype?: string; request_id?: string; response?: object; error?: string };
    const answer = this.#answers.get(response.request_id ?? "");
    if (!answer) return;
    this.#answers.delete(response.request_id ?? "");
    if (response.subtype === "success") return answer.resolve({ ...response.response });
    const quoted = response.error ?? "no reason given";
    answer.reject(new ProxyError("upstream", `Claude Code refused a setting: ${quoted}`, { quoted }));
  }

  #lost(error: ProxyError): void {
    this.#gone = error;
    for (const answer of this.#answers.values()) answer.reject(error);
    this.#answers.clear();
    this.#listener?.gone(error);
  }

  #explainExit(): ProxyError {
    if (this.#reason) return this.#reason;
    if (this.#ending) return new ProxyError("canceled", "The request was canceled.");
    const how = this.#child.signalCode
      ? `was ended by ${this.#child.signalCode}`
      : `ended with exit code ${this.#child.exitCode}`;
    const said = this.#stderr.trim();
    const message = `Claude Code ${how} in the middle of a turn${said ? `: ${said}` : "."}`;
    return new ProcessLost("upstream", message, { quoted: said });
  }
}

/** What the machine runs out of, and has again: descriptors, processes, memory. */
const shortages = new Set(["EMFILE", "ENFILE", "EAGAIN", "ENOMEM"]);

/** What the system said when a process was to be started, as a ProxyError. */
export function unstartable(error: unknown): ProxyError {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (!shortages.has(code)) {
    return new ProxyError("bug", `Claude Code could not be started: ${message}`, { cause: error });
  }
  const advice = "try again, or let Sluice have fewer with --max-processes.";
  return new ProxyError("overloaded", `There is no room for another Claude Code process (${message}): ${advice}`, {
    cause: error,
  });
}
