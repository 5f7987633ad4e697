/** Schemas and media that the upstream or the CLI takes otherwise than the client means them, through the real CLI. */

import { describe, expect, test } from "bun:test";
import { drawPng } from "../support/images.ts";
import { blocks, text, toolUse } from "../support/mock-anthropic.ts";
import { conversationIn, systemIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const user = { role: "user", content: "Hello" };
const person = {
  type: "object",
  properties: { name: { type: "string", minLength: 2 }, age: { type: "integer", minimum: 0 } },
  required: ["name", "age"],
  additionalProperties: false,
};
/** The same in the words that the Messages API takes. */
const heldPerson = {
  ...person,
  properties: {
    name: { type: "string", description: "{minLength: 2}" },
    age: { type: "integer", description: "{minimum: 0}" },
  },
};
const look = { name: "look", parameters: { type: "object", properties: {} } };

/** One way to ask for a schema; `body` is the request, `text` the answer's text. */
interface Way {
  path: string;
  body(schema: object, strict: boolean): object;
  tools: object[];
  text(answer: any): string;
  /** The field of the schema. */
  field: string;
}

const ways: [string, Way][] = [
  [
    "Chat Completions",
    {
      path: "/v1/chat/completions",
      body: (schema, strict) => ({
        messages: [user],
        response_format: { type: "json_schema", json_schema: { name: "person", strict, schema } },
      }),
      tools: [{ type: "function", function: look }],
      text: (answer) => answer.choices[0].message.content,
      field: "response_format.json_schema.schema",
    },
  ],
  [
    "Responses",
    {
      path: "/v1/responses",
      body: (schema, strict) => ({
        input: "Hello",
        text: { format: { type: "json_schema", name: "person", strict, schema } },
      }),
      tools: [{ type: "function", ...look }],
      text: (answer) => answer.output.at(-1).content[0].text,
      field: "text.format.schema",
    },
  ],
];

async function ask(sluice: TestSluice, path: string, body: object) {
  const reply = await sluice.post(path, { model: "sonnet", ...body });
  return {
    status: reply.status,
    warning: reply.headers.get("x-sluice-warning"),
    body: await reply.text(),
    seen: sluice.mock.requests.at(-1)?.body,
  };
}

describe.each(ways)("%s", (_, { path, body, tools, text: textOf, field }) => {
  test("the upstream gets a schema that it takes, and the answer must fit the client's own", async () => {
    await using sluice = await startSluice();
    const fitting = JSON.stringify({ name: "Ann", age: 3 });
    sluice.mock.respond(() => text(fitting));
    const strict = await ask(sluice, path, { ...body(person, true), tools });
    expect(strict).toMatchObject({ status: 200, warning: null });
    expect(strict.seen).toMatchObject({ output_config: { format: { type: "json_schema", schema: heldPerson } } });
    expect(textOf(JSON.parse(strict.body))).toBe(fitting);

    sluice.mock.respond(() => text(JSON.stringify({ name: "Ann", age: -3 })));
    const misfit = await ask(sluice, path, { ...body(person, true), tools });
    expect(misfit.status).toBe(502);
    expect(misfit.body).toContain("age: Too small");
    const streamed = await ask(sluice, path, { ...body(person, true), tools, stream: true });
    expect(streamed.status).toBe(200);
    expect(streamed.body).toContain("age: Too small");
    expect(streamed.body).not.toMatch(/response\.completed|"finish_reason":"stop"/);

    const { additionalProperties: _open, ...advice } = person;
    const advised = await ask(sluice, path, body(advice, false));
    expect(advised).toMatchObject({ status: 200, warning: null });
    expect(advised.seen).toMatchObject({ output_config: { format: { schema: heldPerson } } });
    await sluice.quiet();
  });

  test("the upstream is asked for strict calls where it takes the tool's schema", async () => {
    await using sluice = await startSluice();
    const open = { type: "object", properties: { a: { type: "object", additionalProperties: { type: "string" } } } };
    const strict = [
      { name: "save", parameters: person, strict: true },
      { name: "merge", parameters: open, strict: true },
    ];
    const { response_format: _, text: __, ...plain } = body({}, false) as Record<string, unknown>;
    const asked = tools.some((tool) => "function" in tool)
      ? strict.map((tool) => ({ type: "function", function: tool }))
      : strict.map((tool) => ({ type: "function", ...tool }));
    const { seen, warning } = await ask(sluice, path, { ...plain, tools: asked });
    const [save, merge] = seen?.tools ?? [];
    expect(save).toMatchObject({ name: "save", strict: true, input_schema: heldPerson });
    expect(merge).toMatchObject({ name: "merge", input_schema: open });
    expect(merge).not.toHaveProperty("strict");
    expect(warning).toBe("strict ignored for merge: the upstream can't hold to it");
  });

  test("of a schema that it does not take the model is told, the answer is checked, and calls are free", async () => {
    await using sluice = await startSluice();
    const ages = { type: "object", additionalProperties: { type: "integer" } };
    sluice.mock.respond(() => text('```json\n{"Ann": 3}\n```'));
    const told = await ask(sluice, path, { ...body(ages, true), tools });
    expect(told.status).toBe(200);
    expect(JSON.parse(textOf(JSON.parse(told.body)))).toEqual({ Ann: 3 });
    expect(told.warning).toBe(`${field}: the model is told of it, but not held to it by the upstream`);
    expect(told.seen?.["output_config"]).not.toHaveProperty("format");
    expect(systemIn(told.seen).join()).toContain(JSON.stringify(ages));

    sluice.mock.respond(() => text('{"Ann": "three"}'));
    expect(await ask(sluice, path, { ...body(ages, true), tools })).toMatchObject({ status: 502 });
    expect(await ask(sluice, path, { ...body(ages, false), tools })).toMatchObject({ status: 200 });
    sluice.mock.respond(() => text("Ann is three."));
    expect(await ask(sluice, path, { ...body(ages, false), tools })).toMatchObject({ status: 502 });
    sluice.mock.respond(() => toolUse([{ name: "look", input: {} }], { text: "Let me look." }));
    expect(await ask(sluice, path, { ...body(ages, true), tools })).toMatchObject({ status: 200 });
    await sluice.quiet();
  });
});

const png = drawPng(4, 4);
const pdf = "JVBERi0xLjQK";
const address = "https://example.com/a";
const textFile = `data:text/markdown;base64,${Buffer.from("# Ä").toString("base64")}`;
/** What all of the media are upstream. */
const mediaBlocks = [
  { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
  { type: "image", source: { type: "url", url: address } },
  { type: "document", source: { type: "base64", media_type: "application/pdf", data: pdf }, title: "a.pdf" },
  { type: "document", source: { type: "text", media_type: "text/plain", data: "# Ä" }, title: "a.md" },
];
const [pngUrl, pdfUrl] = [`data:image/png;base64,${png}`, `data:application/pdf;base64,${pdf}`];

describe("images and files, asked about and brought by a tool", () => {
  test("Chat Completions", async () => {
    await using sluice = await startSluice();
    const parts = [
      { type: "image_url", image_url: { url: pngUrl, detail: "high" } },
      { type: "image_url", image_url: { url: address } },
      { type: "file", file: { filename: "a.pdf", file_data: pdfUrl } },
      { type: "file", file: { filename: "a.md", file_data: textFile } },
    ];
    const call = { id: "c1", type: "function", function: { name: "look", arguments: "{}" } };
    const { seen, warning } = await ask(sluice, "/v1/chat/completions", {
      tools: [{ type: "function", function: look }],
      messages: [
        { role: "user", content: [...parts, { type: "text", text: "These?" }] },
        { role: "assistant", tool_calls: [call] },
        { role: "tool", tool_call_id: "c1", content: parts },
      ],
    });
    const [asked, , brought] = conversationIn(seen);
    expect<unknown>(asked?.content).toEqual([...mediaBlocks, { type: "text", text: "These?" }]);
    expect<unknown>(brought?.content).toMatchObject([{ type: "tool_result", content: mediaBlocks }]);
    expect(warning).toBeNull();
  });

  test("Responses", async () => {
    await using sluice = await startSluice();
    const parts = [
      { type: "input_image", image_url: pngUrl, detail: "auto" },
      { type: "input_image", image_url: address },
      { type: "input_file", filename: "a.pdf", file_data: pdfUrl },
      { type: "input_file", filename: "a.md", file_data: textFile },
      { type: "input_file", file_url: address },
    ];
    const all = [...mediaBlocks, { type: "document", source: { type: "url", url: address } }];
    const { seen, warning } = await ask(sluice, "/v1/responses", {
      tools: [{ type: "function", ...look }],
      input: [
        { role: "user", content: [...parts, { type: "input_text", text: "These?" }] },
        { type: "function_call", call_id: "c1", name: "look", arguments: "{}" },
        { type: "function_call_output", call_id: "c1", output: parts },
      ],
    });
    const [asked, , brought] = conversationIn(seen);
    expect<unknown>(asked?.content).toEqual([...all, { type: "text", text: "These?" }]);
    expect<unknown>(brought?.content).toMatchObject([{ type: "tool_result", content: all }]);
    expect(warning).toBeNull();
  });
});

describe("Messages", () => {
  test("max_tokens 0 warms the cache and says nothing, whatever the upstream does", async () => {
    await using sluice = await startSluice();
    // Slowly, as a model writes: whether the CLI is ended before it asks again is otherwise a race of two processes.
    const delayMs = 200;
    for (const reply of [blocks([], { stop_reason: "max_tokens", delayMs }), text("Too much.", { delayMs })]) {
      sluice.mock.respond(() => reply);
      const message = await sluice.anthropic.messages.create({
        model: "sonnet",
        max_tokens: 0,
        messages: [{ role: "user", content: "Hello" }],
      });
      expect(message).toMatchObject({ content: [], stop_reason: "max_tokens" });
      // The API takes 0 only where nothing is streamed, and the CLI always streams.
      expect(sluice.mock.requests.at(-1)?.body).toMatchObject({ max_tokens: 1 });
    }
    expect(sluice.mock.requests).toHaveLength(2);
    await sluice.quiet();
  });

  test("what the CLI does to an image is what the warning says, and to none other", async () => {
    await using sluice = await startSluice();
    const image = (data: string) => ({ type: "image", source: { type: "base64", media_type: "image/png", data } });
    const asking = async (data: string) => {
      const content = [image(data), { type: "text", text: "This?" }];
      const { seen, warning } = await ask(sluice, "/v1/messages", {
        max_tokens: 100,
        messages: [{ role: "user", content }],
      });
      const arrived = conversationIn(seen)[0]?.content.find(({ type }) => type === "image");
      return { same: Bun.deepEquals(arrived, image(data)), warned: warning !== null };
    };
    for (const data of [drawPng(4, 4), drawPng(1900, 1900), drawPng(2000, 1500), drawPng(400, 400, "noise")]) {
      expect(await asking(data)).toEqual({ same: true, warned: false });
    }
    for (const data of [drawPng(2001, 10), drawPng(2000, 2000), drawPng(450, 450, "noise")]) {
      expect(await asking(data)).toEqual({ same: false, warned: true });
    }
  });
});
