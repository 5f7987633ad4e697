import OpenAI from "openai";
import { call, model, question, task, tools, url, way } from "./task.mjs";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any" });

const ways = { chat, responses };
await ways[way]();

async function chat() {
  const functions = tools.map(({ name, description, schema, run }) => ({
    type: "function",
    function: { name, description, parameters: schema, function: run, parse: JSON.parse },
  }));
  const settings = { model, tools: functions };
  const messages = [{ role: "user", content: task }];
  const runner = client.chat.completions.runTools({ ...settings, messages });
  console.log(await runner.finalContent());
  const said = [...runner.messages, { role: "user", content: question }];
  console.log(await client.chat.completions.runTools({ ...settings, messages: said, stream: true }).finalContent());
}

async function responses() {
  const settings = {
    model,
    reasoning: { effort: "medium", summary: "auto" },
    tools: tools.map(({ name, description, schema }) => ({
      type: "function",
      name,
      description,
      parameters: schema,
      strict: true,
    })),
  };
  let response = await client.responses.create({ ...settings, input: task });
  while (true) {
    const input = await Promise.all(
      response.output
        .filter(({ type }) => type === "function_call")
        .map(async ({ call_id, name, arguments: json }) => {
          return { type: "function_call_output", call_id, output: await call(name, json) };
        }),
    );
    if (input.length === 0) break;
    response = await client.responses.create({ ...settings, input, previous_response_id: response.id });
  }
  console.log(response.output_text);
  const stream = client.responses.stream({ ...settings, input: question, previous_response_id: response.id });
  console.log((await stream.finalResponse()).output_text);
}
