import { expect, test } from "bun:test";
import fc from "fast-check";
import { Bag } from "../src/bag.ts";

test("holds what was put in and not taken out, whatever the order", () => {
  const steps = fc.array(fc.option(fc.nat(20), { nil: undefined }), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (all) => {
      const bag = new Bag<number>();
      const leave: (() => void)[] = [];
      const inside = new Set<number>();
      for (const which of all) {
        if (which === undefined) {
          inside.add(leave.length);
          leave.push(bag.add(leave.length));
        } else {
          // Also of what has left already.
          leave[which]?.();
          inside.delete(which);
        }
        expect([...bag].sort((a, b) => a - b)).toEqual([...inside].sort((a, b) => a - b));
        expect(bag.size).toBe(inside.size);
      }
    }),
  );
});

test("things may leave while it is gone through", () => {
  const bag = new Bag<() => void>();
  let called = 0;
  for (let n = 0; n < 5; n++) {
    const leave = bag.add(() => {
      called++;
      leave();
    });
  }
  for (const call of bag) call();
  expect([called, bag.size]).toEqual([5, 0]);
});
