import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { MessageEvent, MessagesRequest, Model } from "../messages/types.ts";

/** What answers a request. */
export interface Engine {
  /**
   * Starts a turn. Nothing happens before the first event is asked for. Failures are ProxyErrors thrown by the
   * iteration; an aborted signal ends the turn and everything that it started.
   */
  run(request: MessagesRequest, signal: AbortSignal): Turn;
  /** What a request's input comes to, without asking the model. Fails and is aborted as `run` is. */
  count(request: MessagesRequest, signal: AbortSignal): Promise<Count>;
  models(): Promise<readonly Model[]>;
  /** The model that a client's spelling means; throws `not_found` with the names that exist. */
  model(name: string): Promise<Model>;
  health(): Promise<Health>;
  /** What is known of the limits that the user's subscription sets, as headers of the Messages API. */
  rateLimits(): Readonly<Record<string, string>>;
  /** Ends every process and timer of the engine. */
  close(): Promise<void>;
}

/** How a request was served; answered as `x-sluice-way`. The last two are of counts: by the upstream, and without it. */
export type Way = "spare" | "live" | "parked" | "replay" | "resume" | "cold" | "echo" | "counted" | "estimated";

export interface Turn extends AsyncIterable<MessageEvent> {
  readonly way: Way;
  /** What was asked for and not done, known once the first event is there. */
  readonly warnings: readonly string[];
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

/** Opens the engine that the configuration asks for. Waits for nothing: a CLI that is missing shows at the first turn. */
export async function openEngine(config: Config, log: Log): Promise<Engine> {
  switch (config.mode) {
    case "echo":
      return (await import("./echo/echo.ts")).openEcho();
    case "subprocess":
      return (await import("./claude/engine.ts")).openClaude(config, log);
  }
}
