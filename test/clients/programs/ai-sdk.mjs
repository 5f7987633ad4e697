import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, isStepCount, jsonSchema, streamText } from "ai";
import { model as id, question, task, tools as all, url, way } from "./task.mjs";

const options = { baseURL: `${url}/v1`, apiKey: "any" };

const ways = {
  anthropic: () => createAnthropic(options)(id),
  responses: () => createOpenAI(options)(id),
  chat: () => createOpenAI(options).chat(id),
  compatible: () => createOpenAICompatible({ name: "sluice", ...options })(id),
};

const tools = Object.fromEntries(
  all.map(({ name, description, schema, run }) => [
    name,
    { description, inputSchema: jsonSchema(schema), execute: run },
  ]),
);

const settings = {
  model: ways[way](),
  tools,
  stopWhen: isStepCount(9),
  providerOptions: {
    anthropic: { thinking: { type: "adaptive" } },
    openai: { forceReasoning: true, reasoningEffort: "medium", reasoningSummary: "auto" },
    sluice: { reasoningEffort: "medium" },
  },
};

const messages = [{ role: "user", content: task }];
const first = await generateText({ ...settings, messages });
console.log(first.text);
messages.push(...first.responseMessages, { role: "user", content: question });
const second = streamText({ ...settings, messages, onError: ({ error }) => console.error(error) });
console.log(await second.text);
