/** Conversations that every API can tell, and how each of them does. */

import fc from "fast-check";

/** A conversation as both APIs can tell it. */
export interface Conversation {
  system: string | undefined;
  exchanges: Exchange[];
  last: string;
}

interface Exchange {
  user: string;
  said: string;
  calls: Call[];
}

interface Call {
  id: string;
  name: string;
  input: Record<string, fc.JsonValue>;
  result: string;
}

const said = fc.string({ minLength: 1, unit: "binary" }).filter((text) => /\S/.test(text));
const call = fc.record({
  id: fc.string({ minLength: 1 }),
  name: fc.stringMatching(/^[a-z]{1,8}$/),
  // As JSON has it: -0 would not survive the arguments' own JSON.
  input: fc
    .dictionary(fc.oneof({ weight: 9, arbitrary: fc.string() }, fc.constant("__proto__")), fc.jsonValue())
    .map((input) => JSON.parse(JSON.stringify(input))),
  result: fc.string(),
});
const exchange: fc.Arbitrary<Exchange> = fc.record({
  user: said,
  said,
  calls: fc.uniqueArray(call, { maxLength: 3, selector: ({ id }) => id }),
});
export const conversation: fc.Arbitrary<Conversation> = fc.record({
  system: fc.option(said, { nil: undefined }),
  exchanges: fc.array(exchange, { maxLength: 4 }),
  last: said,
});

/** Text alone, or as a list of one part: both APIs take both. */
export type Spell = (text: string) => unknown;
export const plain: Spell = (text) => text;
export const parts: Spell = (text) => [{ type: "text", text }];

export const asAnthropic = ({ system, exchanges, last }: Conversation, spell: Spell) => ({
  model: "m",
  max_tokens: 9,
  system: system === undefined ? undefined : spell(system),
  messages: [
    ...exchanges.flatMap(({ user, said, calls }) => [
      { role: "user", content: spell(user) },
      {
        role: "assistant",
        content: [
          { type: "text", text: said },
          ...calls.map(({ id, name, input }) => ({ type: "tool_use", id, name, input })),
        ],
      },
      ...calls.map(({ id, result }) => ({
        role: "user",
        content: [{ type: "tool_result", tool_use_id: id, content: spell(result) }],
      })),
    ]),
    { role: "user", content: spell(last) },
  ],
});

export const asChat = ({ system, exchanges, last }: Conversation, spell: Spell) => ({
  model: "m",
  max_completion_tokens: 9,
  messages: [
    ...(system === undefined ? [] : [{ role: "system", content: spell(system) }]),
    ...exchanges.flatMap(({ user, said, calls }) => [
      { role: "user", content: spell(user) },
      {
        role: "assistant",
        content: spell(said),
        tool_calls: calls.map(({ id, name, input }) => ({
          id,
          type: "function",
          function: { name, arguments: JSON.stringify(input) },
        })),
      },
      ...calls.map(({ id, result }) => ({ role: "tool", tool_call_id: id, content: spell(result) })),
    ]),
    { role: "user", content: spell(last) },
  ],
});

export const asResponses = ({ system, exchanges, last }: Conversation, spell: Spell) => ({
  model: "m",
  max_output_tokens: 9,
  instructions: system,
  input: [
    ...exchanges.flatMap(({ user, said, calls }) => [
      { role: "user", content: responsesParts(spell(user), "input_text") },
      { role: "assistant", content: responsesParts(spell(said), "output_text") },
      ...calls.map(({ id, name, input }) => ({
        type: "function_call",
        call_id: id,
        name,
        arguments: JSON.stringify(input),
      })),
      ...calls.map(({ id, result }) => ({
        type: "function_call_output",
        call_id: id,
        output: responsesParts(spell(result), "input_text"),
      })),
    ]),
    { role: "user", content: responsesParts(spell(last), "input_text") },
  ],
});

/** Parts have other types in the Responses API. */
function responsesParts(content: unknown, type: string): unknown {
  return Array.isArray(content) ? content.map((part: object) => ({ ...part, type })) : content;
}
