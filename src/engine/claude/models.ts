import type { Config } from "../../config.ts";
import { ProxyError } from "../../error.ts";
import { agentPrefix } from "../../messages/agent.ts";
import { fullName, modelLines, plainName, releaseDate } from "../../messages/model-names.ts";
import type { Model, ModelLine } from "../../messages/types.ts";
import type { CliModel, Profile } from "./settings.ts";

/** An entry of `models` in the CLI's answer to `initialize`. */
export interface ListedModel {
  value: string;
  resolvedModel?: string;
  displayName?: string;
}

/** The models that the CLI offers, and what people's spellings of them mean. */
export class Catalog {
  readonly #aliases: Map<string, ListedModel>;
  /** By full id. Aliases are the lines' names. */
  readonly #lines = new Map<string, ModelLine>();

  /** `extra` are names that the user configured for a gateway or a cloud: they need not look like Anthropic's. */
  constructor(
    listed: readonly ListedModel[],
    readonly extra: ReadonlySet<string>,
    /** Whether each model is also offered as an agent. */
    readonly agents = false,
  ) {
    this.#aliases = new Map(listed.map((model) => [model.value, model]));
    for (const line of modelLines) {
      const model = this.#aliases.get(line)?.resolvedModel;
      if (model !== undefined) this.#lines.set(model, line);
    }
  }

  /** The full ids first, then the aliases that stand for them. */
  list(): Model[] {
    const aliases = [...this.#aliases.values()].map((model) => this.#toModel(model.value, model));
    const full = new Map<string, Model>();
    for (const model of this.#aliases.values()) {
      const id = model.resolvedModel;
      if (id && !this.#aliases.has(id) && (!full.has(id) || model.value !== "default"))
        full.set(id, this.#toModel(id, model));
    }
    const models = [...full.values(), ...aliases];
    return this.agents ? [...models, ...models.map((model) => asAgent(model, agentPrefix + model.id))] : models;
  }

  /** What the CLI is told for a client's spelling. Throws `not_found` for what can't be a model of Claude Code's. */
  resolve(asked: string): CliModel & { profile: Profile } {
    const agent = this.agents && asked.startsWith(agentPrefix);
    const name = agent ? asked.slice(agentPrefix.length) : asked;
    return { ...this.#resolve(name), profile: agent ? "agent" : "chat" };
  }

  #resolve(asked: string): CliModel {
    const [, base = "", window = ""] = /^(.*?)(\[1m\])?$/.exec(plainName(asked)) ?? [];
    const alias = this.#aliases.get(base);
    if (alias) return { name: base + window, resolved: alias.resolvedModel ?? base, listed: true };
    if (this.extra.has(asked)) return { name: asked, resolved: asked, listed: false };
    const full = fullName(base);
    if (full) return { name: full + window, resolved: full, listed: false };
    throw new ProxyError(
      "not_found",
      `There is no model "${asked.slice(0, 100)}". There are: ${this.#names().join(", ")}.`,
      {
        param: "model",
        code: "model_not_found",
      },
    );
  }

  /** The model behind a spelling, under the name that was asked for. */
  describe(asked: string): Model {
    const { name, profile } = this.resolve(asked);
    const known = this.#aliases.get(name) ?? [...this.#aliases.values()].find((model) => model.resolvedModel === name);
    const model = this.#toModel(asked, known ?? { value: name });
    return profile === "agent" ? asAgent(model, asked) : model;
  }

  #toModel(id: string, model: ListedModel): Model {
    const resolved = model.resolvedModel ?? model.value;
    const line = this.#lines.get(resolved);
    return { id, resolved, display_name: model.displayName ?? id, created: releaseDate(resolved), line };
  }

  #names(): string[] {
    return this.list().map((model) => model.id);
  }
}

function asAgent(model: Model, id: string): Model {
  return { ...model, id, display_name: `${model.display_name} (agent)` };
}

/** The models that the user named, as Claude Code's own variables do it. */
export function configuredModels({ model, env }: Config): Set<string> {
  const families = ["OPUS", "SONNET", "HAIKU", "FABLE"];
  const variables = ["ANTHROPIC_MODEL", ...families.map((family) => `ANTHROPIC_DEFAULT_${family}_MODEL`)];
  return new Set([model, ...variables.map((name) => env[name])].filter((name) => name !== undefined));
}
