/** What stands between the clients and the upstream, each a process of its own. */

import { join } from "node:path";
import { cleanEnvironment } from "../../support/environment.ts";
import { chooseSluice } from "../../support/binary.ts";
import { freePort, startProgram, type StartedProgram } from "../program.ts";
import { nginxProgram, portkeyProgram, portkeyVersion } from "./install.ts";

export type ProgramName = "direct" | "nginx" | "bun" | "recording" | "handmade" | "translating" | "sluice" | "portkey";

export type Program = StartedProgram<ProgramName>;

export interface Programs extends AsyncDisposable {
  readonly all: Readonly<Record<ProgramName, Program>>;
  /** One more Sluice before the same upstream. */
  startSluice(): Promise<Program>;
}

/** Starts the upstream and everything before it. `folder` takes the files that they write. */
export async function startPrograms(folder: string): Promise<Programs> {
  await using starting = new AsyncDisposableStack();
  const ports = {
    nginx: freePort(),
    portkey: freePort(),
  };
  const bun = process.execPath;
  const upstream = starting.use(await startUpstream());
  const configuration = join(folder, "nginx.conf");
  await Bun.write(configuration, nginxConfiguration(ports.nginx, upstream.url, folder));
  const nginx = starting.use(
    await startProgram(
      "nginx",
      await nginxVersion(),
      [nginxProgram(), "-c", configuration, "-e", "stderr"],
      ports.nginx,
    ),
  );
  const plain = starting.use(await startPassThrough(folder, "bun", "none", upstream.url));
  const recording = starting.use(await startPassThrough(folder, "recording", "rows", upstream.url));
  const handmade = starting.use(await startHandmade(folder, upstream.url));
  const translating = starting.use(await startPassThrough(folder, "translating", "events", upstream.url));
  const sluice = starting.use(await startSluice(folder, upstream.url));
  const portkey = starting.use(
    await startProgram(
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
    all: { direct: upstream, nginx, bun: plain, recording, handmade, translating, sluice, portkey },
    startSluice: () => startSluice(folder, upstream.url),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** The upstream, without anything before it. */
export async function startUpstream(): Promise<Program> {
  const port = freePort();
  const command = [process.execPath, own("upstream.ts"), String(port)];
  return await startProgram("direct", "the upstream itself", command, port);
}

/** A Sluice in native mode before an upstream, as it comes but for the log. */
export async function startSluice(folder: string, upstream: string): Promise<Program> {
  const port = freePort();
  const { command, sluice } = chooseSluice();
  const options = `serve --mode native --upstream ${upstream} --port ${port} --log-level warn`.split(" ");
  const env = cleanEnvironment({ home: join(folder, `home-${port}`), baseUrl: upstream });
  return await startProgram("sluice", sluice, [...command, ...options], port, { env });
}

/** Bun with so much of a look at the answer. */
async function startPassThrough(folder: string, name: ProgramName, look: string, upstream: string): Promise<Program> {
  const port = freePort();
  const command = [process.execPath, own("pass-through.ts"), String(port), upstream, look, join(folder, look)];
  return await startProgram(name, `Bun, ${look}`, command, port);
}

/** The same as `rows`, by HTTP of our own. */
async function startHandmade(folder: string, upstream: string): Promise<Program> {
  const port = freePort();
  const command = [process.execPath, own("handmade.ts"), String(port), upstream, join(folder, "handmade")];
  return await startProgram("handmade", "HTTP by hand", command, port);
}

function own(file: string): string {
  return join(import.meta.dir, file);
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
