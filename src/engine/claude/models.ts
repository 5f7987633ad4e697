import type { Config } from "../../config.ts";
import { ProxyError } from "../../error.ts";
import { agentPrefix } from "../../messages/agent.ts";
import type { Model, ModelLine } from "../../messages/types.ts";
import type { CliModel, Profile } from "./settings.ts";

/** An entry of `models` in the CLI's answer to `initialize`. */
export interface ListedModel {
  value: string;
  resolvedModel?: string;
  displayName?: string;
}

const lines: readonly ModelLine[] = ["opus", "sonnet", "haiku", "fable", "mythos"];
const family = `(${lines.join("|")})`;
const version = String.raw`(\d+(?:-\d+)?)`;
const familyFirst = new RegExp(`^(?:claude-)?${family}-${version}((?:-\\d{8})?)$`);
const versionFirst = new RegExp(`^(?:claude-)?${version}-${family}((?:-\\d{8})?)$`);

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
    for (const line of lines) {
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
    const name = asked
      .trim()
      .toLowerCase()
      .replace(/^anthropic\//, "")
      .replaceAll(".", "-");
    const [, base = "", window = ""] = /^(.*?)(\[1m\])?$/.exec(name) ?? [];
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

/** `claude-sonnet-4-5` from the ways people spell it; other Claude ids as they are; undefined for the rest. */
function fullName(name: string): string | undefined {
  const first = familyFirst.exec(name);
  if (first) return `claude-${first[1]}-${first[2]}${first[3]}`;
  const second = versionFirst.exec(name);
  // The third generation is the one that was really named like this.
  if (second)
    return Number.parseInt(second[1] ?? "") < 4
      ? `claude-${second[1]}-${second[2]}${second[3]}`
      : `claude-${second[2]}-${second[1]}${second[3]}`;
  return /^claude-[a-z0-9-]*[a-z0-9]$/.test(name) ? name : undefined;
}

function asAgent(model: Model, id: string): Model {
  return { ...model, id, display_name: `${model.display_name} (agent)` };
}

/** Older ids end in the day of their release; the CLI tells nothing else. Seconds since 1970, 0 when unknown. */
function releaseDate(id: string): number {
  const [, year, month, day] = /-(\d{4})(\d{2})(\d{2})$/.exec(id) ?? [];
  return year ? Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1000 : 0;
}

/** The models that the user named, as Claude Code's own variables do it. */
export function configuredModels({ model, env }: Config): Set<string> {
  const families = ["OPUS", "SONNET", "HAIKU", "FABLE"];
  const variables = ["ANTHROPIC_MODEL", ...families.map((family) => `ANTHROPIC_DEFAULT_${family}_MODEL`)];
  return new Set([model, ...variables.map((name) => env[name])].filter((name) => name !== undefined));
}
