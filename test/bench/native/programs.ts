/** What stands between the clients and the upstream, each a process of its own. */

import { join } from "node:path";
import { cleanEnvironment, descendants, eventually } from "../../support/environment.ts";
import { chooseSluice } from "../../support/binary.ts";
import { nginxProgram, portkeyProgram, portkeyVersion } from "./install.ts";

export type ProgramName = "direct" | "nginx" | "bun" | "sluice" | "portkey";

export interface Program extends AsyncDisposable {
  readonly name: ProgramName;
  /** What runs, in words. */
  readonly title: string;
  readonly url: string;
  /** What clients have to send for it. */
  readonly headers: Readonly<Record<string, string>>;
  /** All its processes. Throws where it has ended. */
  pids(): number[];
  /** What it has said of trouble. */
  warnings(): string;
}

export interface Programs extends AsyncDisposable {
  readonly all: Readonly<Record<ProgramName, Program>>;
  /** One more Sluice before the same upstream. */
  startSluice(): Promise<Program>;
}

/** Starts the upstream and everything before it. `folder` takes the files that they write. */
export async function startPrograms(folder: string): Promise<Programs> {
  await using starting = new AsyncDisposableStack();
  const ports = {
    upstream: await freePort(),
    nginx: await freePort(),
    bun: await freePort(),
    portkey: await freePort(),
  };
  const own = (file: string) => join(import.meta.dir, file);
  const bun = process.execPath;
  const upstream = starting.use(
    await start("direct", "the upstream itself", [bun, own("upstream.ts"), String(ports.upstream)], ports.upstream),
  );
  const configuration = join(folder, "nginx.conf");
  await Bun.write(configuration, nginxConfiguration(ports.nginx, upstream.url, folder));
  const nginx = starting.use(
    await start("nginx", await nginxVersion(), [nginxProgram(), "-c", configuration, "-e", "stderr"], ports.nginx),
  );
  const passThrough = [bun, own("pass-through.ts"), String(ports.bun), upstream.url];
  const plain = starting.use(await start("bun", "Bun, nothing added", passThrough, ports.bun));
  const startSluice = async () => {
    const port = await freePort();
    const { command, sluice } = chooseSluice();
    const options = `serve --mode native --upstream ${upstream.url} --port ${port} --log-level warn`.split(" ");
    const env = cleanEnvironment({ home: join(folder, `home-${port}`), baseUrl: upstream.url });
    return await start("sluice", sluice, [...command, ...options], port, { env });
  };
  const sluice = starting.use(await startSluice());
  const portkey = starting.use(
    await start(
      "portkey",
      `@portkey-ai/gateway ${portkeyVersion}, run by bun`,
      [bun, portkeyProgram, `--port=${ports.portkey}`, "--headless"],
      ports.portkey,
      {
        headers: {
          "x-portkey-provider": "anthropic",
          "x-portkey-custom-host": `${upstream.url}/v1`,
          authorization: "Bearer dummy",
        },
      },
    ),
  );
  const started = starting.move();
  return {
    all: { direct: upstream, nginx, bun: plain, sluice, portkey },
    startSluice,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

interface StartOptions {
  headers?: Record<string, string>;
  env?: Record<string, string | undefined>;
}

/** Starts a program, and waits until it takes connections. */
async function start(
  name: ProgramName,
  title: string,
  command: string[],
  port: number,
  { headers = {}, env = process.env }: StartOptions = {},
): Promise<Program> {
  const child = Bun.spawn(command, {
    env: { ...env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const program = {
    name,
    title,
    url: `http://127.0.0.1:${port}`,
    headers,
    pids: () => {
      const how = child.exitCode ?? child.signalCode;
      if (how !== null) throw new Error(`${title} has ended (${how}): ${said.trim()}`);
      return [child.pid, ...descendants(child.pid).map(({ pid }) => pid)];
    },
    warnings: () => said.trim(),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await child.exited;
      clearTimeout(timer);
    },
  };
  let said = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) said = (said + decoder.decode(chunk, { stream: true })).slice(-10_000);
  })();
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${command.join(" ")} has ended: ${said}`);
      return await accepts(port);
    });
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

/** As Debian configures it, but that it logs no requests; connections to the upstream are kept. */
function nginxConfiguration(port: number, upstream: string, folder: string): string {
  return `worker_processes auto;
daemon off;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  upstream api { server ${new URL(upstream).host}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://api;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}

async function nginxVersion(): Promise<string> {
  const child = Bun.spawn([nginxProgram(), "-v"], { stderr: "pipe" });
  return (await new Response(child.stderr).text()).trim().replace("nginx version: ", "");
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody has now. */
async function freePort(): Promise<number> {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}
