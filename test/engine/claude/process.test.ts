/** One CLI process, with a fake in its place that does what the real one must never do. */

import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliProcess, type LineListener } from "../../../src/engine/claude/process.ts";
import { userLine } from "../../../src/engine/claude/lines.ts";
import type { ProxyError } from "../../../src/error.ts";
import { eventually, isRunning, processesWith, temporaryFolder } from "../../support/environment.ts";
import {
  answer,
  endless,
  exit,
  fakeClaude,
  grandchild,
  hang,
  journal,
  type Script,
  stderr,
} from "../../support/fake-claude.ts";
import { text } from "../../support/mock-replies.ts";

const marker = crypto.randomUUID();
const hello = userLine({ role: "user", content: [{ type: "text", text: "Hello" }] }, "query");

async function start(
  script: Script,
  use: (process: CliProcess, path: string, swept: number[]) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const path = await fakeClaude(script, folder.path);
  const swept: number[] = [];
  const process = launch(path, folder.path, swept);
  try {
    await use(process, path, swept);
  } finally {
    await process.end();
  }
}

function launch(path: string, folder: string, swept: number[] = []): CliProcess {
  return new CliProcess({
    command: [path, "-p"],
    cwd: folder,
    env: { PATH: Bun.env["PATH"] ?? "", HOME: folder, SLUICE_TEST: marker },
    killAfter: 300,
    sweep: async (pid) => void swept.push(pid),
    onNoise: () => {},
  });
}

function record(process: CliProcess) {
  const types: string[] = [];
  const gone = Promise.withResolvers<ProxyError>();
  const listener: LineListener = {
    line: (line) => void types.push(line.type),
    gone: (error) => gone.resolve(error),
  };
  process.listen(listener);
  return { types, gone: gone.promise };
}

describe("control requests", () => {
  test("answers are matched by id, also out of order; a refusal rejects", async () => {
    await start({}, async (process) => {
      const initialize = process.control({ subtype: "initialize" });
      const bogus = process.control({ subtype: "bogus_subtype" });
      const model = process.control({ subtype: "set_model", model: "sonnet" });
      process.write([initialize.message, bogus.message, model.message]);
      expect(await initialize.answer).toHaveProperty("models");
      expect(await model.answer).toHaveProperty("model");
      expect(bogus.answer).rejects.toThrow("bogus_subtype");
      await bogus.answer.catch(() => {});
    });
  });

  test("everything that waits fails when the process dies, and says why", async () => {
    await start({ startup: [stderr("segmentation fault\n"), exit(7)] }, async (process) => {
      const { message, answer } = process.control({ subtype: "initialize" });
      const { gone } = record(process);
      process.write([message]);
      const error = await answer.catch((reason: ProxyError) => reason);
      expect(String(error)).toContain("exit code 7");
      expect(String(error)).toContain("segmentation fault");
      expect(await gone).toBe(error as ProxyError);
      expect(process.control({ subtype: "initialize" }).answer).rejects.toThrow("exit code 7");
    });
  });
});

describe("the end", () => {
  test("is gentle where that suffices", async () => {
    await start({}, async (process, path, swept) => {
      const { gone } = record(process);
      const { message, answer } = process.control({ subtype: "initialize" });
      process.write([message]);
      await answer;
      await Promise.all([process.end(), process.end()]);
      expect((await gone).kind).toBe("canceled");
      expect((await journal(path)).filter(({ event }) => event === "signal")).toHaveLength(1);
      expect(swept).toEqual([]);
    });
  });

  test("comes by force where SIGTERM is ignored, and is swept up after", async () => {
    await start({ ignoreSigterm: true, turns: [[hang]] }, async (process, path, swept) => {
      process.write([hello]);
      await eventually(async () => (await journal(path)).some(({ event }) => event === "line"));
      await process.end();
      expect(isRunning(process.pid)).toBe(false);
      expect(swept).toEqual([process.pid]);
    });
  });

  test("takes what the process started along", async () => {
    await start({ turns: [[grandchild(600), hang]] }, async (process) => {
      process.write([hello]);
      await eventually(() => processesWith(marker).length === 2);
      await process.end();
      await eventually(() => processesWith(marker).length === 0);
    });
  });

  test("is noticed also when a grandchild holds the pipe open", async () => {
    await start({ turns: [[grandchild(600), exit(0)]] }, async (process) => {
      const { gone } = record(process);
      process.write([hello]);
      expect((await gone).message).toContain("exit code 0");
    });
  });
});

test("one that goes before it has read what it was told leaves no failure that nobody hears", async () => {
  await start({ startup: [hang] }, async (process) => {
    // More than a pipe takes at once.
    process.write([userLine({ role: "user", content: [{ type: "text", text: "x".repeat(2 ** 20) }] }, "query")]);
    await process.kill();
    // One that nobody hears fails the test.
    await Bun.sleep(50);
    expect(process.alive).toBe(false);
  });
});

test("lines come whole, however the bytes are cut, and noise is passed over", async () => {
  await start({ turns: [answer(text("grüße 👋"))], pieceBytes: 3 }, async (process) => {
    const { types } = record(process);
    process.write([hello]);
    await eventually(() => types.includes("result"));
    expect(types.filter((type) => type === "stream_event").length).toBeGreaterThan(4);
  });
});

test("a line that has no end is the end of the process, long before it fills the memory", async () => {
  await start({ turns: [[endless]] }, async (process) => {
    const { gone } = record(process);
    process.write([hello]);
    expect((await gone).message).toContain("a line of more than");
    await eventually(() => !isRunning(process.pid));
  });
});

/** Prints deltas as one write each, faster than the real one does. */
const hasty = `#!${process.execPath}
const { writeSync } = require("node:fs");
const delta = { type: "text_delta", text: "word " };
const event = { type: "content_block_delta", index: 0, delta };
for (let n = 0; n < 300; n++) {
  const next = performance.now() + 0.4;
  writeSync(1, JSON.stringify({ type: "stream_event", event, parent_tool_use_id: null }) + "\\n");
  while (performance.now() < next);
}
`;

test("deltas that come fast are read together, and none is lost", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "hasty");
  writeFileSync(path, hasty, { mode: 0o755 });
  const child = launch(path, folder.path);
  const times: number[] = [];
  let deltas = 0;
  let reading = false;
  const gone = Promise.withResolvers<ProxyError>();
  child.listen({
    line: () => {
      deltas++;
      // What is read together is told without a pause between.
      if (!reading) times.push(performance.now());
      reading = true;
      queueMicrotask(() => (reading = false));
      return undefined;
    },
    gone: (error) => gone.resolve(error),
  });
  await gone.promise;
  expect(deltas).toBe(300);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  // A busy machine makes it longer, and them no more.
  expect(times.length).toBeLessThanOrEqual(3 + (last - first) / 1.8);
});

/**
 * Prints 2 MB and says by a file that all of it was taken. What is taken ahead is a few times what a pipe has room for, here
 * 93 to 560 kB: how often Bun reads before it is told to wait is a matter of moments.
 */
const talkative = `#!/bin/sh
line='{"type":"system","subtype":"noise","text":"'$(printf '%01000d' 0)'"}'
echo "$line"
# Until the first is being read.
sleep 0.3
i=1
while [ $i -lt 2000 ]; do echo "$line"; i=$((i+1)); done
touch done
`;

test("what nobody reads stays with the CLI, which waits", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "talkative");
  writeFileSync(path, talkative, { mode: 0o755 });
  const child = launch(path, folder.path);
  const done = () => existsSync(join(folder.path, "done"));
  const [first, reader, gone] = [1, 2, 3].map(() => Promise.withResolvers<void>());
  let lines = 0;
  child.listen({
    line: () => {
      lines++;
      first?.resolve();
      return reader?.promise;
    },
    gone: () => gone?.resolve(),
  });
  await first?.promise;
  // Much longer than it takes to print.
  await Bun.sleep(1_000);
  expect(lines).toBe(1);
  expect(done()).toBe(false);
  reader?.resolve();
  await gone?.promise;
  expect(lines).toBe(2000);
  expect(done()).toBe(true);
});
