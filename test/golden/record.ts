/**
 * What the real CLI prints while the engine asks it a scenario's request: `bun test/golden/record.ts [name …]` writes the
 * `cli.ndjson` of each.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/config.ts";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { openClaude } from "../../src/engine/claude/engine.ts";
import { type CliLine, isResult } from "../../src/engine/claude/lines.ts";
import { CliProcess, type LineListener } from "../../src/engine/claude/process.ts";
import { createLog } from "../../src/log.ts";
import { formatLine } from "../../src/wire/ndjson.ts";
import { caller } from "../support/caller.ts";
import { cleanEnvironment, realClaude, temporaryFolder } from "../support/environment.ts";
import { startMock, text } from "../support/mock-anthropic.ts";
import { context } from "../dialect/refusal.ts";
import { steady } from "../support/record.ts";
import { requestOf } from "./requests.ts";
import { folderOf } from "./files.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

/** The lines of the CLI's turn to its end: its result, its death, or where it waits for the client's tools. */
export async function record({ model, asked = {}, env = {}, args = [] }: Scenario): Promise<CliLine[]> {
  await using folder = await temporaryFolder();
  await using mock = await startMock({
    handler: (_, __, n) => model[n - 1] ?? model.at(-1) ?? text("Nothing was scripted."),
  });
  const cwd = join(folder.path, "work");
  mkdirSync(cwd);
  const { config } = loadConfig(["--claude", realClaude, "--cwd", cwd, "--spares", "0", ...args], {
    env: { ...cleanEnvironment({ home: folder.path, baseUrl: mock.url }), ...env },
  });

  const lines: CliLine[] = [];
  const over = Promise.withResolvers<void>();
  using _ = tap({
    line: (line) => {
      lines.push(line);
      if (isResult(line)) over.resolve();
      return undefined;
    },
    gone: () => over.resolve(),
  });
  const engine = openClaude(config, createLog("error", console.error));
  try {
    const { request } = anthropic.decode(requestOf("anthropic", asked, true), context);
    // How the answer ends is the golden files' to say.
    await Array.fromAsync(engine.run(request, caller(AbortSignal.timeout(60_000)))).catch(() => {});
    const { detail } = await engine.health();
    if (detail["parked"] === 0) await over.promise;
  } finally {
    await engine.close();
  }
  return steady(lines, folder.path);
}

/** Hears what every process prints, beside those who listen to it, until it is disposed of. */
function tap(ear: LineListener): Disposable {
  const { listen } = CliProcess.prototype;
  CliProcess.prototype.listen = function (listener) {
    listen.call(this, {
      line: (line) => {
        ear.line(line);
        return listener?.line(line);
      },
      gone: (error) => {
        ear.gone(error);
        listener?.gone(error);
      },
    });
  };
  return {
    [Symbol.dispose]: () => {
      CliProcess.prototype.listen = listen;
    },
  };
}

if (import.meta.main) {
  const names = process.argv.slice(2);
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const lines = await record(scenario);
    mkdirSync(folderOf(name), { recursive: true });
    writeFileSync(join(folderOf(name), "cli.ndjson"), lines.map(formatLine).join(""));
    console.log(name, lines.length);
  }
}
