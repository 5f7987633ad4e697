import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ProxyError } from "../../src/error.ts";
import { formatComment, formatSse, readSse, type SseMessage } from "../../src/wire/sse.ts";
import { cutBytes, cuts, streamOf } from "../support/bytes.ts";
import { flat } from "../support/flat.ts";

const maxEvent = 1_000_000;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const read = (...chunks: (Uint8Array | string)[]): Promise<SseMessage[]> =>
  Array.fromAsync(flat(readSse(streamOf(...chunks), { maxEvent })));

const textWithBreaks = fc.string({
  unit: fc.oneof(fc.constantFrom("\n", ":", " ", "\u2028", "é", "😀"), fc.string({ minLength: 1, maxLength: 1 })),
});
const name = fc.stringMatching(/^[a-z_]+$/);
const message = fc.record({ event: name, data: textWithBreaks }, { requiredKeys: ["data"] });

describe("formatSse", () => {
  test("writes LF, one space after the colon and a closing blank line", () => {
    expect(formatSse({ event: "ping", data: "{}" })).toBe("event: ping\ndata: {}\n\n");
    expect(formatSse({ data: "[DONE]" })).toBe("data: [DONE]\n\n");
  });

  test("writes a data line for each line of the data", () => {
    expect(formatSse({ data: "a\n\nb\r\nc\rd" })).toBe("data: a\ndata: \ndata: b\ndata: c\ndata: d\n\n");
  });

  test("refuses a line break in the name, which could forge a message", () => {
    for (const event of ["a\nb", "a\r", "\r\n"]) {
      expect(() => formatSse({ event, data: "" })).toThrow("line break");
    }
  });
});

describe("formatComment", () => {
  test("writes what every reader ignores", async () => {
    expect(formatComment("keep-alive")).toBe(": keep-alive\n\n");
    expect(await read(formatComment("a\ndata: forged"), "data: b\n\n")).toEqual([{ data: "b" }]);
  });
});

describe("readSse", () => {
  test("reads back any messages for any split of the bytes and any line ends", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(message),
        cuts,
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.constantFrom("", "\uFEFF"),
        async (messages, places, end, mark) => {
          const text = mark + messages.map(formatSse).join(formatComment("x")).replaceAll("\n", end);
          expect(await read(...cutBytes(encode(text), places))).toEqual(messages);
        },
      ),
    ));

  test("follows the standard's field rules", async () => {
    const text = [
      "data:a\ndata:  b\ndata\n\n",
      "event: only a name\n\n",
      "id: 1\nretry: 5\nfoo: bar\ndata: c\n\n",
      "event\ndata\n\n",
      ":comment\n\n\n",
      "data: cut off\n",
    ].join("");
    expect(await read(text)).toEqual([{ data: "a\n b\n" }, { data: "c" }, { data: "" }]);
  });

  test("does not take a CR LF that is split over chunks for a blank line", async () => {
    expect(await read("data: a\r", "\ndata: b\r", "", "\n\r", "\n")).toEqual([{ data: "a\nb" }]);
  });

  test("reads a stream that comes byte by byte", async () => {
    const bytes = Array.from(encode("\uFEFFevent: é\r\ndata: 😀\r\ndata: 語\r\n\r\n"), (byte) => Uint8Array.of(byte));
    expect(await read(...bytes)).toEqual([{ event: "é", data: "😀\n語" }]);
  });

  test("gives a message as soon as its blank line is there", async () => {
    const reading = readSse(
      (async function* () {
        yield encode("data: a\r\n\r");
        await new Promise(() => {});
      })(),
      { maxEvent },
    );
    expect(await reading.next()).toEqual({ done: false, value: [{ data: "a" }] });
  });

  test("refuses a message over the limit, wherever the bytes are cut", async () => {
    for (const text of ["data: 123456789\n\n", "data: 1\ndata: 2\n\n", ":12345678901", "event: 12345\n", "data: ééé"]) {
      for (const places of [[], [0.5], [0.2, 0.4, 0.6, 0.8]]) {
        const chunks = cutBytes(encode(`data: 0\n\n${text}`), places);
        const messages: SseMessage[] = [];
        const reading = (async () => {
          for await (const one of flat(readSse(streamOf(...chunks), { maxEvent: 11 }))) messages.push(one);
        })();
        const error = await reading.catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ProxyError);
        expect(messages).toEqual([{ data: "0" }]);
      }
    }
  });

  test("does not count comments between messages, nor messages that are done", async () => {
    const text = ": 45678901\n".repeat(50) + "data: 1\n\n".repeat(50);
    expect(await Array.fromAsync(flat(readSse(streamOf(text), { maxEvent: 11 })))).toHaveLength(50);
  });
});
