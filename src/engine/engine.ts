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
  models(): Promise<readonly Model[]>;
  /** The model that a client's spelling means; throws `not_found` with the names that exist. */
  model(name: string): Promise<Model>;
  health(): Promise<Health>;
  /** Ends every process and timer of the engine. */
  close(): Promise<void>;
}

/** How a request was served; answered as `x-sluice-way`. */
export type Way = "spare" | "live" | "parked" | "replay" | "resume" | "cold" | "echo";

export interface Turn extends AsyncIterable<MessageEvent> {
  readonly way: Way;
  /** What was asked for and not done, known once the first event is there. */
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
