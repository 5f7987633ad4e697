import { expect, test } from "bun:test";
import { Reachability } from "../../../src/engine/anthropic/reachability.ts";
import { eventually } from "../../support/environment.ts";

test("one connection is tried for all that wait, and none while an answer was seen a moment ago", async () => {
  let connections = 0;
  const socket = { open: () => void connections++, data() {} };
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
  const reachability = new Reachability(`http://127.0.0.1:${server.port}`, 5000, {});
  const requests = Array.from({ length: 5 }, () => new AbortController());
  for (const request of requests) reachability.watch(request);
  await eventually(() => connections > 0);
  await Bun.sleep(50);
  expect(connections).toBe(1);
  reachability.reached();
  for (const request of requests) reachability.watch(request);
  await Bun.sleep(50);
  expect(connections).toBe(1);
  expect(requests.every(({ signal }) => !signal.aborted)).toBe(true);
});
