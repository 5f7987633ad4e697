import { expect, test } from "bun:test";
import { tap } from "../src/bodies.ts";

const tale = "Ein Bär, 🐻, und 100 €.";

test.each([1, 2, 3, 5])(
  "a body is told as the text that it is, in cuts of %d bytes, and passes as it came",
  async (size) => {
    const bytes = new TextEncoder().encode(tale);
    const cuts = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const told: string[] = [];
    const response = tap(new Response(cuts, { status: 201, headers: { a: "b" } }), (text) => told.push(text));
    expect([response.status, response.headers.get("a")]).toEqual([201, "b"]);
    expect(await response.text()).toBe(tale);
    expect(told).toEqual([tale]);
  },
);

test("there is nothing to tell of a body that is none", () => {
  const response = new Response(null, { status: 204 });
  expect(tap(response, () => expect.unreachable())).toBe(response);
});
