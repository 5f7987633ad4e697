import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import { model, question, task, tools, url } from "./task.mjs";

const { messages } = new Anthropic({ baseURL: url, apiKey: "any" }).beta;

const settings = {
  model,
  max_tokens: 10_000,
  thinking: { type: "adaptive" },
  tools: tools.map(({ name, description, schema, run }) => betaTool({ name, description, inputSchema: schema, run })),
};

const runner = messages.toolRunner({ ...settings, messages: [{ role: "user", content: task }] });
print(await runner);
runner.pushMessages({ role: "user", content: question });
const again = messages.toolRunner({ ...settings, messages: runner.params.messages, stream: true });
for await (const stream of again) print(await stream.finalMessage());

function print({ content }) {
  console.log(content.map(({ text }) => text ?? "").join(""));
}
