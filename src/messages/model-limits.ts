/** What older models lack (as Claude Code 2.1.329 takes them: tried with each name below and an unknown one). */

import type { Effort, MessagesRequest, ThinkingConfig } from "./types.ts";

/** A model under the name that was asked for, and its full id. */
export interface NamedModel {
  readonly name: string;
  readonly resolved: string;
}

const dated = String.raw`(?:-\d{8}|-latest)?$`;

/** They think within a budget only; from 4.6 on as far as they see fit. */
const onlyBudgets = new RegExp(`^claude-(?:3-7-sonnet|(?:opus|sonnet|haiku)-4(?:-[015])?)${dated}`);

const withoutEffort = new RegExp(`^claude-(?:3-.+|opus-4(?:-[01])?|(?:sonnet|haiku)-4(?:-[05])?)${dated}`);

/** The efforts that are too high for a model become `high`. */
const loweredEfforts: readonly (readonly [RegExp, readonly Effort[]])[] = [
  [new RegExp(`^claude-opus-4-5${dated}`), ["xhigh", "max"]],
  [new RegExp(`^claude-(?:opus|sonnet)-4-6${dated}`), ["xhigh"]],
];

/** Those of a million tokens. */
const largeWindow = /^claude-(?:(?:opus|sonnet|haiku|fable|mythos)-(?:[5-9]|\d\d)|opus-4-[789])(?:-|$)|\[1m\]$/;

/** Whether a model can think, but not as far as it sees fit. */
export const knowsOnlyBudgets = (model: NamedModel): boolean => onlyBudgets.test(model.resolved);

/** What becomes of an effort; undefined where the model knows none. */
export function effortFor(effort: Effort, { resolved }: NamedModel): Effort | undefined {
  if (withoutEffort.test(resolved)) return undefined;
  const lowered = loweredEfforts.some(([models, efforts]) => models.test(resolved) && efforts.includes(effort));
  return lowered ? "high" : effort;
}

/** What a request asks of a model that knows no such thing, as warnings. */
export function unknownTo(model: NamedModel, request: MessagesRequest): string[] {
  const { name } = model;
  const { thinking, output_config: { effort } = {} } = request;
  const warnings: string[] = [];
  const known = effort && effortFor(effort, model);
  if (effort !== undefined && known === undefined) warnings.push(`effort ignored: ${name} knows none`);
  else if (known !== effort) warnings.push(`effort lowered to ${known}: ${name} knows no ${effort}`);
  if (thinking?.type === "adaptive" && thinkingFor(request, model)?.type === "disabled") {
    warnings.push(`thinking ignored: ${name} needs a budget for it, and max_tokens leaves none`);
  }
  return warnings;
}

/** Thinking as the model knows it: one from before 4.6 takes a budget only, of which the answer needs its part. */
export function thinkingFor(
  { thinking, max_tokens }: Pick<MessagesRequest, "thinking" | "max_tokens">,
  model: NamedModel,
): ThinkingConfig | undefined {
  if (thinking?.type !== "adaptive" || !knowsOnlyBudgets(model)) return thinking;
  const budget_tokens = Math.floor((max_tokens ?? usualMaxTokens) / 2);
  if (budget_tokens < smallestBudget) return { type: "disabled" };
  return { ...thinking, type: "enabled", budget_tokens };
}

const smallestBudget = 1024;

/** What Claude Code asks these models for where nothing is said. */
const usualMaxTokens = 32_000;

/** How many images and documents a request may hold: the CLI leaves out what is beyond, and says nothing. */
export function mostMedia({ name, resolved }: NamedModel): number {
  return largeWindow.test(name) || largeWindow.test(resolved) ? 600 : 100;
}
