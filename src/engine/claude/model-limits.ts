/** What older models lack, as the CLI takes them (tried with 2.1.329, each name below and an unknown one). */

import type { Effort } from "../../messages/types.ts";
import type { CliModel } from "./settings.ts";

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
export const knowsOnlyBudgets = (model: CliModel): boolean => onlyBudgets.test(model.resolved);

/** What the CLI makes of an effort; undefined where the model knows none. */
export function effortFor(effort: Effort, { resolved }: CliModel): Effort | undefined {
  if (withoutEffort.test(resolved)) return undefined;
  const lowered = loweredEfforts.some(([models, efforts]) => models.test(resolved) && efforts.includes(effort));
  return lowered ? "high" : effort;
}

/** How many images and documents a request may hold: the CLI leaves out what is beyond, and says nothing. */
export function mostMedia({ name, resolved }: CliModel): number {
  return largeWindow.test(name) || largeWindow.test(resolved) ? 600 : 100;
}
