/** The stdout of the fake CLI. */

import { formatLine } from "../../src/wire/ndjson.ts";
import type { Line } from "./fake-script.ts";

/** Writes in the order of the calls, also when a write is spread over time. */
export class FakeOutput {
  private readonly session_id = crypto.randomUUID();
  private written: Promise<void> = Promise.resolve();
  private readerGone = false;

  /** With `pieceBytes` every write arrives in pieces of that size. */
  constructor(private readonly pieceBytes: number | undefined) {
    // Like the real CLI it goes on without a reader.
    process.stdout.on("error", () => {
      this.readerGone = true;
    });
  }

  /** One line; all but control responses carry the ids that the real CLI gives them. */
  line(value: Line): Promise<void> {
    const ids = value.type === "control_response" ? {} : { uuid: crypto.randomUUID(), session_id: this.session_id };
    return this.raw(formatLine({ ...value, ...ids }));
  }

  /** Text as it is. */
  raw(text: string): Promise<void> {
    this.written = this.written.then(() => this.write(Buffer.from(text)));
    return this.written;
  }

  /** A line without an end, or one line again and again, until nobody reads it. */
  async endless(line?: Line): Promise<void> {
    const piece = line ? formatLine(line) : "x".repeat(65_536);
    while (!this.readerGone) await this.raw(piece);
  }

  /** Everything that was written so far has left. */
  drained(): Promise<void> {
    return this.written;
  }

  private async write(bytes: Buffer): Promise<void> {
    const size = this.pieceBytes ?? bytes.length;
    for (let start = 0; start < bytes.length; start += size) {
      // Pieces that are written at once would be read at once.
      if (start > 0) await Bun.sleep(1);
      await new Promise<void>((resolve) => process.stdout.write(bytes.subarray(start, start + size), () => resolve()));
    }
  }
}
