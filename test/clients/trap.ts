import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A proxy that lets nothing through, and remembers what it was asked for. */
export interface Trap extends AsyncDisposable {
  /** What sends a program's requests here, but for those to this machine. */
  readonly env: Record<string, string>;
  /** The first line of each request, such as `CONNECT example.com:443 HTTP/1.1`. */
  readonly caught: readonly string[];
}

/** Starts a trap on loopback: a client of a test has nothing to say to anyone else. */
export async function startTrap(): Promise<Trap> {
  const caught: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.once("data", (bytes) => {
      caught.push(bytes.toString("latin1").split("\r\n")[0] ?? "");
      socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const both = (name: string, value: string) => ({ [name]: value, [name.toLowerCase()]: value });
  return {
    env: {
      ...both("HTTP_PROXY", url),
      ...both("HTTPS_PROXY", url),
      ...both("ALL_PROXY", url),
      ...both("NO_PROXY", "127.0.0.1,localhost"),
      // Node's own fetch reads the others only then.
      NODE_USE_ENV_PROXY: "1",
    },
    caught,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
