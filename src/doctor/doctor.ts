/** All checks, one after the other: each is bounded in time, and none changes anything. */

import type { Config, LoadOptions } from "../config.ts";
import { checkPort } from "./address.ts";
import { checkClaude, checkLogin, checkNative } from "./claude.ts";
import { readConfiguration } from "./configuration.ts";
import type { Finding } from "./finding.ts";
import { checkCircle, checkClock, checkMemory, checkProxies } from "./machine.ts";
import { checkService, checkServicePath } from "./service.ts";
import { checkState } from "./state.ts";

export interface NamedFinding extends Finding {
  /** What was looked at. */
  readonly check: string;
}

type Check = (config: Config) => Finding[] | Promise<Finding[]>;

const checks: Readonly<Record<string, Check>> = {
  claude: checkClaude,
  login: checkLogin,
  native: checkNative,
  port: checkPort,
  state: checkState,
  environment: checkCircle,
  proxy: checkProxies,
  clock: () => checkClock(),
  memory: checkMemory,
  service: checkService,
  "service-path": checkServicePath,
};

/** What there is to say of a Sluice that is started with these arguments, check by check as they are done. */
export async function* examine(args: readonly string[], options: LoadOptions = {}): AsyncGenerator<NamedFinding> {
  const { loaded, findings } = readConfiguration(args, options);
  yield* findings.map((finding) => ({ check: "config", ...finding }));
  for (const [check, run] of Object.entries(checks)) {
    for (const finding of await run(loaded.config)) yield { check, ...finding };
  }
}
