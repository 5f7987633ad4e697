import type { Server } from "bun";
import { version } from "../package.json";
import { urlHost } from "./address.ts";
import { answer, refuse } from "./answer.ts";
import { tap } from "./bodies.ts";
import { Calls } from "./calls.ts";
import { type Conceal, concealed, concealer, concealing } from "./conceal.ts";
import type { Config } from "./config.ts";
import { count } from "./count.ts";
import type { Memory } from "./dialect/responses/memory.ts";
import { type Engine, openEngine } from "./engine/engine.ts";
import { ProxyError, toProxyError } from "./error.ts";
import { createGuard, type Guard, hasBody, readBody, readBytes } from "./guard.ts";
import { listen } from "./listen.ts";
import type { Log } from "./log.ts";
import { mintRequestId } from "./messages/ids.ts";
import { examine } from "./observe/health.ts";
import { LiveFeed } from "./observe/live.ts";
import { type Observation, openObservation } from "./observe/open.ts";
import { contentType } from "./observe/prometheus.ts";
import type { Asked, Watchers } from "./observe/request.ts";
import { servePage } from "./pages.ts";
import { RequestObserver } from "./request-observer.ts";
import { serveStored } from "./responses.ts";
import { findRoute, isForwarded, type Route, upstreamPath } from "./routes.ts";
import { stateFolder } from "./state.ts";
import { StateDatabase } from "./store/database.ts";
import { openMemory } from "./store/memory.ts";

export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** Serves by another configuration from now on, in what can change while it runs (`reloadConfig`). */
  reload(config: Config): void;
  /** Takes no new requests, gives the running ones `graceSeconds` to end, aborts what is left, and ends the engine. */
  stop(graceSeconds?: number): Promise<void>;
}

/** Opens the port and the engine. Waits for neither the CLI nor a login. Throws a StartError when the port is taken, or there is no place for its files. */
export async function startServer(config: Config, log: Log, watchers: Watchers = []): Promise<RunningServer> {
  const engine = Promise.withResolvers<Engine>();
  const calls = new Calls();
  // One for all, so that each sees what becomes of it.
  const live = { ...config };
  let secrets = concealer(config);
  const conceal: Conceal = (text) => secrets(text);
  const database = new StateDatabase(stateFolder(config.env));
  const memory = openMemory(database, config.responseTtl, log);
  const health = async () => (await engine.promise).health();
  const feed = new LiveFeed({ version, mode: config.mode }, { engine: health }, conceal);
  const observation = openObservation(live, log, watchers, feed, database);
  const door = new Door(live, log, engine.promise, memory, calls, observation, database, conceal);
  const server = listen(config, (request, server) => door.serve(request, server));
  live.port = server.port ?? config.port;
  engine.resolve(openEngine(live, log).then((opened) => concealing(opened, conceal)));
  try {
    await engine.promise;
  } catch (error) {
    await server.stop(true);
    throw error;
  }
  // The executable starts with one that does not compile what runs only once.
  Bun.unsafe.setJITPolicy(1);

  return {
    url: `http://${urlHost(config.host)}:${live.port}`,
    port: live.port,
    reload(next) {
      Object.assign(live, next, { port: live.port });
      secrets = concealer(next);
      door.reload();
    },
    async stop(graceSeconds = 0) {
      // A page that is open is no answer to wait for.
      feed.close();
      const closed = server.stop();
      await Promise.race([closed, Bun.sleep(graceSeconds * 1000)]);
      calls.abort();
      await (await engine.promise).close();
      await server.stop(true);
      observation.close();
      database.close();
    },
  };
}

/** A request on its way. */
interface Visit extends Asked {
  server: Server<undefined>;
  url: URL;
}

/** Where requests come in: the guard, the route, the exchange, and one log line for each. */
class Door {
  #guard: Guard;

  constructor(
    readonly config: Config,
    readonly log: Log,
    readonly engine: Promise<Engine>,
    readonly memory: Memory,
    readonly calls: Calls,
    readonly observation: Observation,
    readonly database: StateDatabase,
    readonly conceal: Conceal,
  ) {
    this.#guard = createGuard(config);
  }

  /** Looks again at what the configuration says of who may enter. */
  reload(): void {
    this.#guard = createGuard(this.config);
  }

  async serve(request: Request, server: Server<undefined>): Promise<Response> {
    const id = mintRequestId();
    const url = urlOf(request);
    const route = findRoute(url.pathname, request.headers);
    const forwarded = isForwarded(route, request);
    const visit: Visit = { id, request, route, mode: this.config.mode, forwarded, server, url };
    const observer = new RequestObserver(visit, url.pathname, this.config, this.log, this.observation, this.calls);
    // Of what was used before: some answers end before their head is on its way, and some long after.
    const { warning } = this.observation.budget;

    let response: Response;
    let failure: ProxyError | undefined;
    try {
      response = await this.#respond(visit, observer);
    } catch (thrown) {
      failure = toProxyError(thrown);
      response = refuse(route.dialect, failure, id);
    }
    observer.status = response.status;
    if (failure !== undefined || !observer.streams) observer.ended(failure);
    const { headers } = response;
    if (route.endpoint === "answer" && (response.ok || response.status === 429)) {
      setAll(headers, (await this.engine).rateLimits());
      if (warning !== undefined && response.ok)
        headers.set("x-sluice-warning", joined(headers.get("x-sluice-warning"), warning));
    }
    // One that an upstream answered has its own: its operator knows no other.
    if (!headers.has("request-id")) headers.set("request-id", id);
    headers.set("x-request-id", id);
    if (route.dialect.name !== "anthropic") {
      headers.set("openai-version", "2020-10-01");
      headers.set("openai-processing-ms", String(observer.ms));
    }
    setAll(headers, this.#guard.corsHeaders(request));
    return this.config.logBodies && request.method === "POST" ? this.#logged(response, id) : response;
  }

  #logged(response: Response, id: string): Response {
    return tap(response, (body) => this.log.info("Answer body", { request_id: id, body }));
  }

  async #respond(visit: Visit, { call, recording }: RequestObserver): Promise<Response> {
    const { request, url, route } = visit;
    const preflight = this.#guard.preflight(request);
    if (preflight) return preflight;
    const deep = route.endpoint === "health" && url.searchParams.get("deep") === "1";
    const keyless = route.endpoint === "page" || (route.endpoint === "health" && !deep);
    this.#guard.check(request, { keyless });
    // Counts are free.
    if (recording !== undefined && route.endpoint !== "count") this.observation.budget.check();
    const engine = await this.engine;
    if (engine.swallows?.(url.pathname)) return new Response(null, { status: 204 });
    if (engine.forward !== undefined && visit.forwarded) {
      const body = hasBody(request) ? await readBytes(request, this.config.maxBody, call.signal) : undefined;
      if (body !== undefined) this.#took(body, visit);
      const path = upstreamPath(url);
      const explain = (error: ProxyError) => route.dialect.encodeError(concealed(error, this.conceal), "").body;
      return await engine.forward({ method: request.method, path, headers: request.headers, body, explain }, call);
    }
    checkMethod(request, url, route);

    switch (route.endpoint) {
      case "answer":
      case "count": {
        const body = await this.#json(visit, call.signal);
        const context = { headers: request.headers, defaultModel: this.config.model, memory: this.memory };
        if (route.endpoint === "count") return await count(route.dialect, body, context, engine, call);
        return await answer(route.dialect.decode(body, context), engine, call);
      }
      case "models":
        return Response.json(route.dialect.encodeModels(await engine.models(request.headers), url.searchParams));
      case "model":
        return Response.json(route.dialect.encodeModel(await engine.model(route.id ?? "", request.headers)));
      case "metrics": {
        const { metrics, budget } = this.observation;
        const headers = { "content-type": contentType };
        return new Response(metrics.render(await engine.health(), budget.uses), { headers });
      }
      case "health": {
        if (deep) {
          const found = await examine(engine, this.database);
          return Response.json(found, { status: found.ok ? 200 : 503 });
        }
        const health = await engine.health();
        // That it lives may anyone know; what it does, and what is left of a subscription, only who may use it.
        const told = this.#guard.hasKey(request) ? { ...health, version, pid: process.pid } : { ok: health.ok };
        return Response.json(told, { status: health.ok ? 200 : 503 });
      }
      case "response":
      case "input_items":
      case "cancel":
      case "compact": {
        const { config, memory } = this;
        const context = { request, url, config, memory, read: () => this.#json(visit, call.signal) };
        return await serveStored(route.endpoint, route.id ?? "", context);
      }
      case "page":
      case "live":
      case "snippets":
        return await servePage(route.endpoint, {
          request,
          url,
          engine,
          feed: this.observation.feed,
          key: this.config.clientKey,
        });
      case undefined:
        throw new ProxyError("not_found", `Invalid URL (${request.method} ${url.pathname})`);
    }
  }

  /** A body is there. */
  #took(body: unknown, { id, request, server }: Visit): void {
    // From here on silence is the model's, and the client may wait as long as it likes.
    server.timeout(request, 0);
    if (this.config.logBodies) this.log.info("Request body", { request_id: id, body: textOrValue(body) });
  }

  async #json(visit: Visit, signal: AbortSignal): Promise<unknown> {
    const body = await readBody(visit.request, this.config.maxBody, signal);
    this.#took(body, visit);
    return body;
  }
}

/** The guard refuses what is none: only a Host that is missing or wrong makes it so. */
function urlOf({ url }: Request): URL {
  return URL.parse(url) ?? URL.parse(url, "http://nowhere") ?? new URL("http://nowhere");
}

function setAll(headers: Headers, all: Readonly<Record<string, string>>): void {
  for (const name in all) headers.set(name, all[name] ?? "");
}

function joined(warnings: string | null, warning: string): string {
  return warnings === null ? warning : `${warnings}; ${warning}`;
}

/** What is passed on unread, as the text that it is. */
function textOrValue(body: unknown): unknown {
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : body;
}

function checkMethod(request: Request, url: URL, route: Route): void {
  const method = request.method === "HEAD" ? "GET" : request.method;
  if (route.endpoint === undefined || route.methods.some((one) => one === method)) return;
  throw new ProxyError(
    "invalid_request",
    `${url.pathname} takes ${route.methods.join(" or ")}, not ${request.method}.`,
    {
      status: 405,
    },
  );
}
