import type { Config } from "../../config.ts";
import { ProxyError } from "../../error.ts";
import { type NamedModel, unknownTo } from "../../messages/model-limits.ts";
import { missesThinking } from "../../messages/reasoning.ts";
import { legalName, ToolNames } from "../../messages/tool-names.ts";
import type { Events, MessageEvent, MessagesRequest, Model } from "../../messages/types.ts";
import { stateFolder } from "../../state.ts";
import type { Call, Caller, Count, Engine, ForwardedRequest, Health, Turn } from "../engine.ts";
import { Catalog, type UpstreamModel } from "./catalog.ts";
import { type Body, compose } from "./compose.ts";
import { type Authorize, createAuthorize } from "./credentials.ts";
import { readEvents } from "./events.ts";
import { toFailure } from "./failures.ts";
import { passOn } from "./forward.ts";
import { namesKnownModels } from "./glance.ts";
import { rateLimitHeaders, toUpstream } from "./headers.ts";
import { redact } from "./redact.ts";
import { isTelemetry } from "./redact-client.ts";
import { type Identity, openIdentity } from "./redact-identity.ts";
import { Upstream } from "./upstream.ts";
import type { Patience, UpstreamCall } from "./upstream-call.ts";

/** The version of the API that the OpenAI dialects are translated to: the one that knows sampling parameters. */
const apiVersion = "2023-06-01";

/** For a model of which the upstream does not tell how much it may say. */
const usualMaxTokens = 32_000;

const way = { "x-sluice-way": "native" };

/** A request, and how it is served as far as that is known. */
class NativeTurn implements Turn {
  readonly way = "native";
  warnings: readonly string[] = [];
  headers: Readonly<Record<string, string>> = {};

  constructor(
    readonly request: MessagesRequest,
    readonly caller: Caller,
    readonly begin: (turn: NativeTurn) => Events,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<readonly MessageEvent[]> {
    return this.begin(this)[Symbol.asyncIterator]();
  }
}

/** The engine that calls the API itself, with the user's key or a gateway's token (design.md section 5). */
export function openNative(config: Config): Engine & Required<Pick<Engine, "forward">> {
  return new NativeEngine(config);
}

class NativeEngine implements Engine {
  readonly #config: Config;
  readonly #upstream: Upstream;
  readonly #authorize: Authorize;
  readonly #catalog = new Catalog();
  /** What stands for the user; undefined where nothing is redacted. */
  readonly #identity: Identity | undefined;
  readonly #begin = (turn: NativeTurn) => readEvents(this.#answer(turn), namesOf(turn.request));

  constructor(config: Config) {
    this.#config = config;
    this.#upstream = new Upstream(config);
    this.#authorize = createAuthorize(config);
    this.#identity = config.redact ? openIdentity(stateFolder(config.env), config.env) : undefined;
  }

  run(request: MessagesRequest, caller: Caller): Turn {
    return new NativeTurn(request, caller, this.#begin);
  }

  async count(request: MessagesRequest, caller: Caller): Promise<Count> {
    const model = await this.#find(request.model, caller.headers);
    const { max_tokens: _, ...body } = this.#compose(request, model);
    const { input_tokens } = (await this.#json("/v1/messages/count_tokens", caller, body, request.betas)) as {
      input_tokens?: unknown;
    };
    if (typeof input_tokens !== "number") throw new ProxyError("upstream", "The upstream did not tell a count.");
    return { tokens: input_tokens, way: "native", warnings: [] };
  }

  async models(client = new Headers()): Promise<readonly Model[]> {
    return await this.#catalog.list(this.#listing(client));
  }

  async model(name: string, client = new Headers()): Promise<Model> {
    const models = await this.models(client);
    const model = await this.#catalog.find(name, this.#listing(client));
    if (model !== undefined) return { ...model, id: name };
    const names = models.map(({ id }) => id).join(", ");
    throw new ProxyError("not_found", `There is no model "${name.slice(0, 100)}". There are: ${names}.`, {
      param: "model",
      code: "model_not_found",
    });
  }

  async health(): Promise<Health> {
    return { ok: true, engine: "native", detail: {} };
  }

  rateLimits() {
    return {};
  }

  async forward(request: ForwardedRequest, call: Call): Promise<Response> {
    const headers = toUpstream(request.headers, this.#identity !== undefined);
    this.#authorize(headers, request.headers);
    const { method, path, body: bytes } = request;
    const body = bytes && this.#mayChange(bytes) ? await this.#mend(bytes, request.headers) : bytes;
    const answer = await this.#upstream.send({ method, path, headers, body }, call);
    call.observer.answered(way);
    return await passOn(answer, this.#upstream, request, call);
  }

  swallows(pathname: string): boolean {
    return this.#identity !== undefined && isTelemetry(pathname);
  }

  async close(): Promise<void> {
    this.#upstream.close();
  }

  #mayChange(bytes: Uint8Array<ArrayBuffer>): boolean {
    return this.#identity !== undefined || !namesKnownModels(bytes);
  }

  /**
   * The body with what must change: a model that the upstream lists under another name gets that one, and what tells of the
   * user goes where that is asked for. Of a body where nothing must, the very bytes.
   */
  async #mend(bytes: Uint8Array<ArrayBuffer>, client: Headers): Promise<Uint8Array<ArrayBuffer> | string> {
    const body = parse(bytes);
    // What is none the upstream will say itself.
    if (body === undefined) return bytes;
    const asked = body["model"] ?? this.#config.model;
    const model = typeof asked === "string" ? await this.#resolve(asked, client) : body["model"];
    const named = model === body["model"] ? body : { ...body, model };
    const mended = this.#identity === undefined ? named : redact(named, this.#identity);
    return mended === body ? bytes : JSON.stringify(mended);
  }

  /** The upstream's id of a model; the name that was asked for where it lists none. */
  async #resolve(asked: string, client: Headers): Promise<string> {
    return isFullName(asked) ? asked : ((await this.#find(asked, client))?.id ?? asked);
  }

  /** The bytes of the upstream's answer, as they come. */
  async *#answer(turn: NativeTurn): AsyncGenerator<readonly Uint8Array[]> {
    const { request, caller } = turn;
    const known = isFullName(request.model) && request.max_tokens !== undefined;
    const model = known ? undefined : await this.#find(request.model, caller.headers);
    turn.warnings = unknownTo(named(request, model), request);
    const answer = await this.#ask(turn, model);
    turn.headers = rateLimitHeaders(answer.response.headers);
    try {
      const reader = answer.response.body?.getReader();
      if (reader === undefined) return;
      try {
        for (;;) {
          const { done, value } = await answer.read(reader.read());
          if (done) return;
          yield [value];
        }
      } finally {
        // Of what was aborted there is nothing left to cancel, which is no failure.
        await reader.cancel().catch(() => {});
      }
    } catch (error) {
      throw this.#upstream.explain(error, caller.signal);
    } finally {
      answer.end();
    }
  }

  /** Once more without thinking where the conversation is not one that the model would think in: nothing was said yet. */
  async #ask(turn: NativeTurn, model: UpstreamModel | undefined): Promise<UpstreamCall> {
    const { request } = turn;
    try {
      return await this.#send(request, turn, model);
    } catch (error) {
      if (!missesThinking(error) || request.thinking?.type === "disabled") throw error;
      turn.warnings = [...turn.warnings, "thinking ignored: the thinking behind the last calls is missing"];
      return await this.#send({ ...request, thinking: { type: "disabled" } }, turn, model);
    }
  }

  #send(request: MessagesRequest, turn: NativeTurn, model: UpstreamModel | undefined): Promise<UpstreamCall> {
    const body = this.#compose(request, model);
    body["stream"] = true;
    return this.#post("/v1/messages", turn.caller, body, request.betas);
  }

  #compose(request: MessagesRequest, model: UpstreamModel | undefined): Body {
    return compose(request, named(request, model), Math.min(usualMaxTokens, model?.maxTokens ?? usualMaxTokens));
  }

  #find(asked: string, client: Headers): Promise<UpstreamModel | undefined> {
    return this.#catalog.find(asked, this.#listing(client));
  }

  /** Nobody's signal: all who ask for a model wait for the same list. */
  #listing(headers: Headers): () => Promise<unknown> {
    return () => this.#json("/v1/models?limit=1000", { headers, ...patienceOf(this.#config.connectTimeout) });
  }

  async #json(path: string, caller: Caller, body?: Body, betas?: readonly string[]): Promise<unknown> {
    const answer = await this.#post(path, caller, body, betas);
    try {
      return await answer.read(answer.response.json());
    } catch (error) {
      throw this.#upstream.explain(error, caller.signal);
    } finally {
      answer.end();
    }
  }

  /** Sends what Sluice itself has to say; a body makes it a POST. Throws the upstream's refusal as a ProxyError. */
  async #post(path: string, caller: Caller, body?: Body, betas?: readonly string[]): Promise<UpstreamCall> {
    const headers = new Headers({ "anthropic-version": apiVersion, "accept-encoding": "identity" });
    if (betas !== undefined && betas.length > 0) headers.set("anthropic-beta", betas.join());
    if (body !== undefined) headers.set("content-type", "application/json");
    this.#authorize(headers, caller.headers);
    const method = body === undefined ? "GET" : "POST";
    const told = body && this.#identity ? redact(body, this.#identity) : body;
    const json = told === undefined ? undefined : JSON.stringify(told);
    const answer = await this.#upstream.send({ method, path, headers, body: json }, caller);
    if (answer.response.ok) return answer;
    try {
      throw await answer.read(toFailure(answer.response));
    } finally {
      answer.end();
    }
  }
}

function named({ model: name }: MessagesRequest, model: UpstreamModel | undefined): NamedModel {
  return { name, resolved: model?.id ?? name };
}

function namesOf({ tools = [] }: MessagesRequest): ToolNames {
  return new ToolNames(
    tools.map(({ name }) => name),
    legalName,
  );
}

const fullName = /^claude-[a-z0-9-]+$/;

/** Ids as the API lists them, which need no list to be understood. */
function isFullName(name: string): boolean {
  return fullName.test(name);
}

/** The patience of nobody's request (milliseconds). */
function patienceOf(most: number): Patience {
  const own = new AbortController();
  return { signal: AbortSignal.any([own.signal, AbortSignal.timeout(most)]), abort: (reason) => own.abort(reason) };
}

function parse(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
