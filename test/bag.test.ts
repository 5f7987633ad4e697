import { expect, test } from "bun:test";
import fc from "fast-check";
import { Bag, nowhere, type Placed } from "../src/bag.ts";

test("holds what was put in and not taken out, whatever the order", () => {
  const steps = fc.array(fc.option(fc.nat(20), { nil: undefined }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (all) => {
      const bag = new Bag<Placed>();
      const things: Placed[] = [];
      const inside = new Set<Placed>();
      for (const which of all) {
        if (which === undefined) {
          const thing = { place: nowhere };
          things.push(thing);
          inside.add(thing);
          bag.add(thing);
        } else if (things[which] !== undefined) {
          // Also what has left already.
          bag.delete(things[which]);
          inside.delete(things[which]);
        }
        expect([...bag].every((thing) => inside.has(thing))).toBe(true);
        expect([bag.size, new Set(bag).size]).toEqual([inside.size, inside.size]);
      }
    }),
  );
});

test("things may leave while it is gone through", () => {
  const bag = new Bag<Placed>();
  for (let n = 0; n < 5; n++) bag.add({ place: nowhere });
  let seen = 0;
  for (const thing of bag) {
    seen++;
    bag.delete(thing);
  }
  expect([seen, bag.size]).toEqual([5, 0]);
});
