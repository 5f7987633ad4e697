import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { ProxyError } from "../error.ts";
import type { Events, MessagesRequest, Model, Usage } from "../messages/types.ts";

/** What answers a request. */
export interface Engine {
  /**
   * Starts a turn. Nothing happens before the first event is asked for. Failures are ProxyErrors thrown by the
   * iteration; an aborted signal ends the turn and everything that it started.
   */
  run(request: MessagesRequest, caller: Caller): Turn;
  /** What a request's input comes to, without asking the model. Fails and is aborted as `run` is. */
  count(request: MessagesRequest, caller: Caller): Promise<Count>;
  models(client?: Headers): Promise<readonly Model[]>;
  /** The model that a client's spelling means; throws `not_found` with the names that exist. */
  model(name: string, client?: Headers): Promise<Model>;
  /**
   * Passes a request of the Messages API on as it is; absent where no upstream takes one. Throws a ProxyError where no
   * answer came, and never for an answer that is an error.
   */
  forward?(request: ForwardedRequest, call: Call): Promise<Response>;
  /** Whether what is sent to a path is answered with nothing and forwarded to nobody: telemetry, where it is redacted. */
  swallows?(pathname: string): boolean;
  health(): Promise<Health>;
  /** Looks whether all is there that an answer needs; may take seconds. Absent where there is nothing to look at. */
  examine?(): Promise<readonly Part[]>;
  /** What is known of the limits that the user's subscription sets, as headers of the Messages API. */
  rateLimits(): Readonly<Record<string, string>>;
  /** Ends every process and timer of the engine. */
  close(): Promise<void>;
}

/** A client's request as it came, but for its credentials, which it still has. */
export interface ForwardedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /** What the stream of an answer that breaks ends with. */
  explain(error: ProxyError): unknown;
}

/** Who calls, and for how long. */
export interface Caller {
  /** The headers of the client's request, for an engine that passes on its credentials. */
  readonly headers: Headers;
  /** Aborts when the client is gone, or Sluice is about to stop. */
  readonly signal: AbortSignal;
  /** Aborts the signal: the client goes in the middle of the answer, or waits for nothing any more. */
  abort(reason?: unknown): void;
}

/** A client's call, and who is told how it goes on. */
export interface Call extends Caller {
  readonly observer: Observer;
}

/** Who is told how an exchange went on. */
export interface Observer {
  /** The first event is there, and with it the headers of the answer. */
  answered(headers: Record<string, string>): void;
  /** The body goes on behind the head: `ended` comes with its end. */
  streaming(): void;
  /** Which model answers, by its full name. */
  model(name: string): void;
  /** The first content is there. */
  spoke(): void;
  /** How to find out, once it has ended, what it has cost (USD). */
  billed(cost: () => Promise<number | undefined> | undefined): void;
  /** More of the answer is there: so many characters, in a block of this kind. */
  wrote(kind: "thinking" | "writing" | "calling", characters: number): void;
  /** More bytes of an answer that nobody here reads. */
  passed(bytes: number): void;
  /** What the answer has come to so far: told more than once, the last is the whole. */
  used(usage: Usage): void;
  /** Once: when the last byte is handed over, or when it failed or was left. */
  ended(error?: ProxyError): void;
}

/** How a request was served; answered as `x-sluice-way`. The last two are of counts: by the upstream, and without it. */
export type Way =
  "spare" | "live" | "parked" | "replay" | "resume" | "cold" | "native" | "echo" | "counted" | "estimated";

export interface Turn extends Events {
  readonly way: Way;
  /** What was asked for and not done, known once the first event is there. */
  readonly warnings: readonly string[];
  /** What the upstream told of the limits of its key, known once the first event is there. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * What it has cost at list price (USD), to be asked once it is over: it may be told a moment later. Undefined where
   * nothing tells.
   */
  cost?(): Promise<number | undefined> | undefined;
}

/** The tokens of a request's input: system prompt, tools, every message, and what the engine itself adds to them. */
export interface Count {
  readonly tokens: number;
  readonly way: Way;
  /** Why the number is no exact one. */
  readonly warnings: readonly string[];
}

export interface Health {
  ok: boolean;
  engine: string;
  detail: Record<string, unknown>;
}

/** Something that an answer needs: what was found of it, or what mends it. Never a secret. */
export interface Part {
  name: string;
  ok: boolean;
  detail?: string;
  mend?: string;
}

/** Opens the engine that the configuration asks for. Waits for nothing: a CLI that is missing shows at the first turn. */
export async function openEngine(config: Config, log: Log): Promise<Engine> {
  const native = async () => (await import("./anthropic/engine.ts")).openNative(config);
  switch (config.mode) {
    case "echo":
      return (await import("./echo/echo.ts")).openEcho();
    case "native":
      return await native();
    case "subprocess": {
      const claude = (await import("./claude/engine.ts")).openClaude(config, log);
      if (config.fallback === "none") return claude;
      return (await import("./fallback.ts")).withFallback(claude, await native(), log);
    }
  }
}
