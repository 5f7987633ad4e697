import { expect, spyOn, test } from "bun:test";
import { Upstream } from "../../../src/engine/anthropic/upstream.ts";
import type { Config } from "../../../src/config.ts";

const patient = { firstByteTimeout: 60_000, stallTimeout: 60_000, env: {} };

test("an answer that goes on is not ended by an attempt to connect that comes to nothing", async () => {
  // A connection that was kept may answer while no new one comes about.
  using attempt = spyOn(Bun, "connect").mockReturnValue(new Promise(() => {}));
  using timers = spyOn(globalThis, "setTimeout");
  const connectTimeout = 123_456;
  await using server = Bun.serve({ port: 0, fetch: () => new Response("Yes") });
  const upstream = new Upstream({ ...patient, upstream: server.url.origin, connectTimeout } as unknown as Config);
  const patience = new AbortController();
  const answer = await upstream.send({ method: "GET", path: "/", headers: new Headers() }, patience);
  // Its time is over only now, however long the answer took.
  const [expire] = timers.mock.calls.find(([, wait]) => wait === connectTimeout) ?? [];
  expire?.();
  await Bun.sleep(10);
  expect(expire).toBeDefined();
  expect(attempt).toHaveBeenCalledTimes(1);
  expect(patience.signal.aborted).toBe(false);
  expect(await answer.response.text()).toBe("Yes");
  answer.end();
  upstream.close();
});
