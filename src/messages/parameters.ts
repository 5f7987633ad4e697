import { invalidRequest, listSome } from "./invalid.ts";

/** Names come from the client; a warning is to stay readable. */
const longestName = 64;

/**
 * What becomes of a parameter of a dialect:
 * - `honoured`: the answer is as it asks.
 * - `approximated`: as near as it can be; where that is not near, a warning says so.
 * - `ignored`: accepted, and a warning says that nothing was done.
 * - `hint`: accepted; it can't change the answer.
 * - `refused`: the answer would have another shape without it, so the request is not answered.
 */
export type Verdict = "honoured" | "approximated" | "ignored" | "hint" | "refused";

export interface Parameter {
  verdict: Verdict;
  /** One sentence without its stop; of a refused one it is the error's. */
  note: string;
  /** Whether a value asks for nothing, such as one that only spells the default: then it is neither refused nor ignored. */
  idle?: (value: unknown) => boolean;
}

export type Parameters = Readonly<Record<string, Parameter>>;

/** The fields of a request. Null and absent mean the same. */
type Fields = Readonly<Record<string, unknown>>;

/** Throws `invalid_request` for the first parameter that is asked for and refused. */
export function refuseParameters(parameters: Parameters, fields: Fields): void {
  for (const [name, { note }] of asked(parameters, fields, "refused")) {
    throw invalidRequest(name, note, "unsupported_parameter");
  }
}

/** A warning for each parameter that is asked for and ignored. */
export function ignoredParameters(parameters: Parameters, fields: Fields): string[] {
  return asked(parameters, fields, "ignored").map(([name]) => `${name} ignored`);
}

/** A warning that names the fields which the dialect does not know, and which ask for something. */
export function unknownFields(known: Fields, given: object): string[] {
  const unknown: string[] = [];
  for (const name in given) {
    const value: unknown = Reflect.get(given, name);
    if (!Object.hasOwn(known, name) && value !== undefined && value !== null) unknown.push(name.slice(0, longestName));
  }
  return unknown.length === 0 ? [] : [`${listSome(unknown)} ignored: not known to this API`];
}

function asked(parameters: Parameters, fields: Fields, verdict: Verdict): [string, Parameter][] {
  const found: [string, Parameter][] = [];
  for (const name in parameters) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    const parameter = parameters[name];
    if (parameter?.verdict === verdict && parameter.idle?.(value) !== true) found.push([name, parameter]);
  }
  return found;
}
