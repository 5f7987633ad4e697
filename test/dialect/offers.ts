/** Tools and the choice among them, as the APIs tell them. */

import fc from "fast-check";

/** Tools and the choice among them, as both APIs can tell it. */
export interface Offer {
  tools: { name: string; description?: string; schema: object; strict?: boolean }[];
  choice: { mode: "free" | "auto" | "none" | "any" } | { mode: "tool"; index: number };
  oneAtATime: boolean;
}

const key = fc.oneof({ weight: 9, arbitrary: fc.string() }, fc.constantFrom("__proto__", "constructor"));
const schema = fc
  .tuple(fc.dictionary(key, fc.jsonValue()), fc.boolean())
  .map(([{ type: _type, ...fields }, named]) => (named ? { ...fields, type: "object" } : fields))
  // As JSON has it: a key that is a number comes first, -0 is 0.
  .map((schema) => JSON.parse(JSON.stringify(schema)));
export const offer: fc.Arbitrary<Offer> = fc.record({
  tools: fc.uniqueArray(
    fc.record(
      {
        name: fc.string({ minLength: 1, maxLength: 64 }),
        description: fc.string(),
        schema,
        strict: fc.constant(false),
      },
      { requiredKeys: ["name", "schema"] },
    ),
    { minLength: 1, maxLength: 4, selector: ({ name }) => name },
  ),
  choice: fc.oneof(
    fc.record({ mode: fc.constantFrom("free", "auto", "none", "any") }),
    fc.record({ mode: fc.constant("tool"), index: fc.nat() }),
  ),
  oneAtATime: fc.boolean(),
});

const nameAt = ({ tools }: Offer, index: number): string | undefined => tools[index % tools.length]?.name;

export function asAnthropic(offer: Offer) {
  const { choice, oneAtATime } = offer;
  const one = oneAtATime ? { disable_parallel_tool_use: true } : {};
  // Here what to call at once is said inside the choice.
  const spoken = choice.mode === "free" && oneAtATime ? { mode: "auto" as const } : choice;
  const type = spoken.mode;
  return {
    tools: offer.tools.map(({ schema: input_schema, ...tool }) => ({ ...tool, input_schema })),
    tool_choice:
      spoken.mode === "free"
        ? undefined
        : { type, ...one, ...(spoken.mode === "tool" && { name: nameAt(offer, spoken.index) }) },
  };
}

const choiceNames = { free: undefined, auto: "auto", none: "none", any: "required" } as const;

export function asChat(offer: Offer) {
  const { choice, oneAtATime } = offer;
  return {
    tools: offer.tools.map(({ schema: parameters, ...definition }) => ({
      type: "function",
      function: { ...definition, parameters },
    })),
    tool_choice:
      choice.mode === "tool"
        ? { type: "function", function: { name: nameAt(offer, choice.index) } }
        : choiceNames[choice.mode],
    parallel_tool_calls: oneAtATime ? false : undefined,
  };
}

/** What legacy clients can say of it: one call at a time, and never that one must be. */
export function asFunctions(offer: Offer) {
  const { choice } = offer;
  return {
    functions: offer.tools.map(({ schema: parameters, ...definition }) => ({ ...definition, parameters })),
    function_call: choice.mode === "tool" ? { name: nameAt(offer, choice.index) } : choiceNames[choice.mode],
  };
}

export function asResponses(offer: Offer) {
  const { choice, oneAtATime } = offer;
  return {
    tools: offer.tools.map(({ schema: parameters, ...tool }) => ({ type: "function", ...tool, parameters })),
    tool_choice:
      choice.mode === "tool" ? { type: "function", name: nameAt(offer, choice.index) } : choiceNames[choice.mode],
    parallel_tool_calls: oneAtATime ? false : undefined,
  };
}
