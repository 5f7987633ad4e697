import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { flat } from "../../support/flat.ts";
import { Channel } from "../../../src/engine/claude/channel.ts";

describe("a channel", () => {
  test("gives what was pushed, in order, however reader and writer take turns", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer()),
        fc.integer({ min: 1, max: 5 }),
        fc.func(fc.boolean()),
        async (items, limit, rest) => {
          const channel = new Channel<number>(limit);
          const write = async () => {
            for (const item of items) {
              await channel.push(item);
              if (rest(item)) await Bun.sleep(0);
            }
            channel.close();
          };
          const [, read] = await Promise.all([write(), Array.fromAsync(flat(channel))]);
          expect(read).toEqual(items);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("holds the writer back at its limit, and lets it go when the reader has caught up", async () => {
    const channel = new Channel<number>(2);
    expect(channel.push(1)).toBeUndefined();
    const full = channel.push(2);
    expect(full).toBeInstanceOf(Promise);
    expect(Bun.peek.status(full as Promise<void>)).toBe("pending");
    expect(await channel.next()).toEqual({ done: false, value: [1, 2] });
    await full;
  });

  test("a failure comes after what is queued, and the first end counts", async () => {
    const channel = new Channel<number>(9);
    void channel.push(1);
    channel.fail(new Error("first"));
    channel.fail(new Error("second"));
    expect(channel.push(2)).toBeUndefined();
    expect(await channel.next()).toEqual({ done: false, value: [1] });
    expect(channel.next()).rejects.toThrow("first");
  });

  test("a reader that leaves lets the writer go", async () => {
    const channel = new Channel<number>(1);
    const full = channel.push(1);
    await channel.return();
    await full;
    expect(channel.push(2)).toBeUndefined();
  });
});
