/** HTTP as it is written on the wire, for what no client would send. */

import { connect } from "node:net";
import { eventually } from "./environment.ts";

/** What a server answers to this text: its head and the body as far as its length goes; what came where it hangs up. */
export async function talk(port: number, text: string): Promise<{ status: number; head: string; body: string }> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  let closed = false;
  socket.on("data", (data) => (received += data)).on("error", () => {});
  socket.on("close", () => (closed = true));
  socket.write(text);
  try {
    await eventually(() => {
      const [head = "", body] = received.split("\r\n\r\n", 2);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      return closed || (body !== undefined && Buffer.byteLength(body) >= length);
    });
  } finally {
    socket.destroy();
  }
  const [head = "", body = ""] = received.split("\r\n\r\n", 2);
  return { status: Number(head.split(" ")[1] ?? 0), head: head.toLowerCase(), body };
}
