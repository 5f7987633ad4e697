/** Requests of every API: what its schema lets through or a client could say, then changed anywhere. */

import fc from "fast-check";
import { requestSchema as anthropicSchema } from "../../src/dialect/anthropic/schema.ts";
import { requestSchema as chatSchema } from "../../src/dialect/chat/schema.ts";
import { requestSchema as responsesSchema } from "../../src/dialect/responses/schema.ts";
import {
  asAnthropic,
  asChat,
  asResponses,
  type Conversation,
  conversation,
  parts,
  plain,
} from "../dialect/conversations.ts";
import * as offers from "../dialect/offers.ts";
import { mutate, mutations } from "./mutate.ts";
import { valuesOf } from "./schema.ts";

/** The text of a request body, as bytes. */
export type Body = Uint8Array<ArrayBuffer>;

/** How the text itself is spoiled, at a place that is counted modulo its length. */
const damage = fc.record({
  at: fc.nat(),
  do: fc.constantFrom("cut", "insert", "repeat a key", "byte", "deepen"),
  with: fc.constantFrom('"', "}", "\0", "\ufeff", "\\u", "1e999", "{", ",", " ".repeat(1000)),
});

type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function spoil(body: Body, { at: anywhere, do: how, with: piece }: Damage): Body {
  const at = anywhere % (body.length + 1);
  const [before, after] = [body.subarray(0, at), body.subarray(at)];
  const inserted = (what: string): Body => Buffer.concat([before, Buffer.from(what), after]);
  switch (how) {
    case "cut":
      return before.slice();
    case "insert":
      return inserted(piece);
    case "byte":
      return Buffer.concat([before, Uint8Array.of(anywhere % 256), after.subarray(1)]);
    case "repeat a key":
      return Buffer.from(`${Buffer.from(body)}`.replace("{", '{"model":7,"__proto__":{"stream":true},"stream":1,'));
    case "deepen":
      return inserted('{"a":['.repeat(2000));
  }
}

/** A conversation as the API tells it, with the tools of an offer; or anything of the schema. Then changed. */
function bodies(
  schema: typeof anthropicSchema | typeof chatSchema | typeof responsesSchema,
  tell: (conversation: Conversation, spell: typeof plain) => object,
  offer: (offer: offers.Offer) => object,
): fc.Arbitrary<Body> {
  const fields = valuesOf(schema) as fc.Arbitrary<object>;
  const told = fc
    .tuple(conversation, fc.constantFrom(plain, parts), fc.option(offers.offer), fc.boolean())
    .map(([said, spell, tools, stream]) => ({ ...tell(said, spell), ...(tools && offer(tools)), stream }));
  const some = fc.tuple(fields, fc.subarray(Object.keys(schema.shape))).map(([all, names]) => pick(all, names));
  // A wrong field hides what is wrong behind it: most conversations have few others.
  const mixed = fc
    .tuple(told, some, fc.nat(2))
    .map(([one, more, count]) => ({ ...pick(more, Object.keys(more).slice(0, count)), ...one }));
  const valid = fc.oneof(
    { weight: 2, arbitrary: told },
    { weight: 3, arbitrary: mixed },
    { weight: 1, arbitrary: fields },
  );
  return fc
    .tuple(
      valid,
      mutations,
      fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: damage }),
    )
    .map(([value, changes, damaged]) => {
      const body: Body = Buffer.from(JSON.stringify(mutate(value, changes)) ?? "");
      return damaged === undefined ? body : spoil(body, damaged);
    });
}

function pick(value: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}

export const anthropicBody = bodies(anthropicSchema, asAnthropic, offers.asAnthropic);
export const chatBody = bodies(chatSchema, asChat, (offer) =>
  offer.oneAtATime ? offers.asFunctions(offer) : offers.asChat(offer),
);
export const responsesBody = bodies(responsesSchema, asResponses, offers.asResponses);
