/** The port: is it free, or is Sluice there already? */

import { createServer } from "node:net";
import { addressOf, askHealth } from "../address.ts";
import type { Config } from "../config.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

export async function checkPort(config: Config): Promise<Finding[]> {
  const { host, port } = config;
  if (port === 0) return [ok("Any free port will do (--port 0).")];
  const health = await askHealth(config);
  const url = addressOf(config);
  if (health?.ok === false)
    return [warning(`Sluice answers on ${url}, but says that it is not well.`, "sluice service logs")];
  if (health?.version !== undefined) return [ok(`Sluice ${health.version} answers on ${url}.`)];
  // Only one with a client key says so little.
  if (health !== undefined) return [warning(`A Sluice with another client key answers on ${url}.`)];
  const code = await tryToListen(host, port);
  switch (code) {
    case undefined:
      return [ok(`Port ${port} is free.`)];
    case "EADDRINUSE":
      return [
        problem(
          `Port ${port} is taken by another program: stop that, or choose another port with --port PORT.`,
          `lsof -nP -iTCP:${port} -sTCP:LISTEN`,
        ),
      ];
    case "EACCES":
      return [problem(`Port ${port} is for the system's own programs: choose one above 1023 with --port PORT.`)];
    default:
      return [problem(`Sluice can't listen on ${host}:${port} (${code}): choose another with --host and --port.`)];
  }
}

/** What keeps a program from listening there; undefined where nothing does. */
function tryToListen(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once("error", ({ code = "unknown" }: NodeJS.ErrnoException) => resolve(code));
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  return promise;
}
