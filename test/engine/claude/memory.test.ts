import { describe, expect, spyOn, test } from "bun:test";
import { MemoryWatch, mostMemory } from "../../../src/engine/claude/memory.ts";
import { CliProcess } from "../../../src/engine/claude/process.ts";
import type { ProxyError } from "../../../src/error.ts";
import { pretend } from "../../support/platform.ts";

function start(program: string): CliProcess {
  return new CliProcess({
    command: [process.execPath, "-e", program],
    cwd: "/",
    env: {},
    killAfter: 300,
    sweep: async () => {},
    onNoise: () => {},
  });
}

describe.each(["linux", "darwin"])("on %s", (platform) => {
  test("a process that takes ever more memory is ended, with a failure that no retry helps; another stays", async () => {
    using _ = pretend(platform);
    using watch = new MemoryWatch(400 * 1024 ** 2);
    const small = start("setInterval(() => {}, 1000)");
    const large = start("const all = []; setInterval(() => all.push(Buffer.alloc(20_000_000, 1)), 50)");
    try {
      for (const process of [small, large]) watch.add(process);
      const lost = Promise.withResolvers<ProxyError>();
      large.listen({ line: () => undefined, gone: lost.resolve });
      expect(await lost.promise).toMatchObject({
        kind: "upstream",
        retryable: false,
        message: "Claude Code took more than 400 MB of memory and was ended.",
      });
      expect(small.alive).toBe(true);
    } finally {
      await Promise.all([small.end(), large.end()]);
    }
  });
});

test("on Windows no program is asked, and nobody is ended", async () => {
  using _ = pretend("win32");
  using asked = spyOn(Bun, "spawn");
  const small = start("setInterval(() => {}, 1000)");
  using watch = new MemoryWatch(1);
  watch.add(small);
  try {
    await Bun.sleep(1200);
    expect(small.alive).toBe(true);
    expect(asked).toHaveBeenCalledTimes(1);
  } finally {
    await small.end();
  }
});

test("what it may take is what the machine can spare", () => {
  expect(mostMemory).toBeWithin(1024 ** 3, 4 * 1024 ** 3 + 1);
});
