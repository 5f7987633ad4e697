/** Tells systemd how Sluice is doing (sd_notify(3)): a datagram to a Unix socket, which Bun can't send without libc. */

import { dlopen, ptr } from "bun:ffi";

/** Speaks to the service manager that has started this process; without one it says nothing. */
export interface Notifier {
  /** It answers requests now. From here on it says every few seconds that it lives, where it was asked to. */
  ready(status: string): void;
  /** It takes no more requests. */
  stopping(): void;
}

const silent: Notifier = { ready() {}, stopping() {} };

/** The notifier for an environment: `NOTIFY_SOCKET`, and `WATCHDOG_USEC` and `WATCHDOG_PID` beside it. */
export function openNotifier(env: Readonly<Record<string, string>>): Notifier {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: period, WATCHDOG_PID: watched = String(process.pid) } = env;
  if (!path || !canNotify()) return silent;
  const send = openSocket(path);
  return {
    ready(status) {
      send(`READY=1\nSTATUS=${status.replaceAll("\n", " ")}`);
      // Three chances before it is taken for hung.
      const interval = Number(period) / 1000 / 3;
      if (interval > 0 && watched === String(process.pid)) setInterval(() => send("WATCHDOG=1"), interval).unref();
    },
    stopping: () => send("STOPPING=1"),
  };
}

/** Whether `openNotifier` can speak here; a unit that waits for what never comes would be ended. */
export function canNotify(): boolean {
  if (process.platform !== "linux") return false;
  try {
    openLibrary().close();
    return true;
  } catch {
    return false;
  }
}

const calls = {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  sendto: { args: ["i32", "ptr", "usize", "i32", "ptr", "u32"], returns: "i64" },
} as const;

/** glibc, or musl under its own name. */
function openLibrary() {
  try {
    return dlopen("libc.so.6", calls);
  } catch {
    return dlopen(`libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`, calls);
  }
}

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const MSG_NOSIGNAL = 0x4000;

/** Nothing is said of what could not be sent: then there is nobody who waits for it. */
function openSocket(path: string): (message: string) => void {
  const { socket, sendto } = openLibrary().symbols;
  const address = socketAddress(path);
  const file = socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  return (message) => {
    const bytes = Buffer.from(message);
    sendto(file, ptr(bytes), bytes.length, MSG_NOSIGNAL, ptr(address), address.length);
  };
}

/** A `sockaddr_un` of a little-endian machine; `@` begins the name of an abstract socket, which has no zero at its end. */
function socketAddress(path: string): Buffer {
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.alloc(2 + name.length);
  address.writeUInt16LE(AF_UNIX);
  name.copy(address, 2);
  return address;
}
