/** Server-sent events as a page reads them from fetch: EventSource can send no key. */

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  /** The lines that it came in. */
  readonly raw: string;
}

/** The events of a body, and `heard` at each piece of it. One that is cut off is dropped. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  heard: () => void = () => {},
): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let open = "";
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      heard();
      const frames = (open + decoder.decode(next.value, { stream: true })).split("\n\n");
      open = frames.pop() ?? "";
      for (const raw of frames) yield parse(raw);
    }
  } finally {
    // Who reads no further wants no more of it.
    await reader.cancel().catch(() => {});
  }
}

function parse(raw: string): ServerEvent {
  const fields = (name: string) =>
    raw.split("\n").flatMap((line) => (line.startsWith(`${name}: `) ? line.slice(name.length + 2) : []));
  return { event: fields("event").at(-1) ?? "message", data: fields("data").join("\n"), raw };
}
