import { ChatAnthropic } from "@langchain/anthropic";
import { HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ChatOpenAI } from "@langchain/openai";
import { model, question, task, tools as all, url, way } from "./task.mjs";

const openai = { model, apiKey: "any", configuration: { baseURL: `${url}/v1` } };

const reasoning = { effort: "medium", summary: "auto" };

const ways = {
  anthropic: () => new ChatAnthropic({ model, apiKey: "any", anthropicApiUrl: url, thinking: { type: "adaptive" } }),
  chat: () => new ChatOpenAI(openai),
  // Its own option `reasoning` is left out for models with other names than OpenAI's.
  responses: () => new ChatOpenAI({ ...openai, useResponsesApi: true, modelKwargs: { reasoning } }),
};

const tools = all.map(({ run, ...rest }) => tool(run, rest));
const bound = ways[way]().bindTools(tools);

const messages = [new HumanMessage(task)];
while (true) {
  const answer = await bound.invoke(messages);
  messages.push(answer);
  if (answer.tool_calls.length === 0) break;
  for (const call of answer.tool_calls) messages.push(await tools.find(({ name }) => name === call.name).invoke(call));
}
console.log(messages.at(-1).text);

messages.push(new HumanMessage(question));
let text = "";
for await (const chunk of await bound.stream(messages)) text += chunk.text;
console.log(text);
