/** What the programs are given, and the tools that they offer, for each SDK to wrap in its own way. */

import { readFile, writeFile } from "node:fs/promises";

/** The address of Sluice, how to ask it, and what the person says: one turn of the conversation after the other. */
export const [, , url, way, task, question] = process.argv;

export const model = "claude-sonnet-4-6";

export const tools = [
  tool("write_file", "Writes a file", ["path", "content"], ({ path, content }) => writeFile(path, content)),
  tool("read_file", "Reads a file", ["path"], ({ path }) => readFile(path, "utf8")),
  tool("edit_file", "Replaces a text in a file", ["path", "old", "new"], async (input) => {
    const content = await readFile(input.path, "utf8");
    await writeFile(input.path, content.replace(input.old, input.new));
  }),
];

function tool(name, description, fields, run) {
  const properties = Object.fromEntries(fields.map((field) => [field, { type: "string" }]));
  const schema = { type: "object", properties, required: fields, additionalProperties: false };
  return { name, description, schema, run: async (input) => (await run(input)) ?? "Done" };
}

/** The result of a call of one of the tools, whose arguments are JSON. */
export function call(name, json) {
  return tools.find((one) => one.name === name).run(JSON.parse(json));
}
