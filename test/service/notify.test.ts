/** What systemd hears, on a socket that Python listens on: Bun has no datagrams of this kind. */

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { canNotify, openNotifier } from "../../src/service/notify.ts";
import { installPrograms } from "../support/debian.ts";
import { eventually, temporaryFolder } from "../support/environment.ts";

const listener = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0"))
s.settimeout(30)
open(sys.argv[2], "w").close()
for _ in range(4): print(repr(s.recv(1000).decode()), flush=True)
`;

test.each(["a path", "an abstract name"])("ready, alive and stopping, by %s", async (kind) => {
  await installPrograms({ python3: "python3" });
  await using folder = await temporaryFolder();
  const path = kind === "a path" ? join(folder.path, "notify") : `@sluice-test-${crypto.randomUUID()}`;
  const bound = join(folder.path, "bound");
  const python = Bun.spawn(["python3", "-c", listener, path, bound], {
    stdout: "pipe",
    stderr: "inherit",
  });
  await eventually(() => existsSync(bound));
  const notifier = openNotifier({ NOTIFY_SOCKET: path, WATCHDOG_USEC: "30000", WATCHDOG_PID: String(process.pid) });
  notifier.ready("Listening\nREADY=0");
  await Bun.sleep(25);
  notifier.stopping();
  await eventually(() => (notifier.stopping(), python.exitCode !== null));
  const [ready, alive, ...rest] = (await new Response(python.stdout).text()).trim().split("\n");
  expect([ready, alive]).toEqual(["'READY=1\\nSTATUS=Listening READY=0'", "'WATCHDOG=1'"]);
  expect(rest).toContain("'STOPPING=1'");
});

test("says nothing where nobody listens, and nobody asked for it", () => {
  expect(canNotify()).toBe(true);
  for (const env of [{}, { NOTIFY_SOCKET: "" }, { NOTIFY_SOCKET: "/no/such/socket" }]) {
    const notifier = openNotifier(env as Record<string, string>);
    notifier.ready("Listening");
    notifier.stopping();
  }
});
