import { exportLine } from "../environment.ts";
import { type Client, type Connection, keyOf, type Snippet } from "./client.ts";

const cannot = (name: string) => `${name}'s SDK has no config file: export the variables, or give them in the code.`;

/** OpenAI's SDKs, and what reads their variables. */
export const openai: Client = {
  title: "OpenAI SDK",
  snippets: (connection) => {
    const { models } = connection;
    const [url, key] = [`${connection.url}/v1`, keyOf(connection)];
    return [
      variables({ OPENAI_BASE_URL: url, OPENAI_API_KEY: key }),
      program("TypeScript", "npm install openai", "ts", [
        'import OpenAI from "openai";',
        "",
        `const client = new OpenAI({ baseURL: ${JSON.stringify(url)}, apiKey: ${JSON.stringify(key)} });`,
        "const answer = await client.chat.completions.create({",
        `  model: ${JSON.stringify(models[0])},`,
        '  messages: [{ role: "user", content: "Hello" }],',
        "});",
        "console.log(answer.choices[0]?.message.content);",
      ]),
      program("Python", "pip install openai", "python", [
        "from openai import OpenAI",
        "",
        `client = OpenAI(base_url=${JSON.stringify(url)}, api_key=${JSON.stringify(key)})`,
        "answer = client.chat.completions.create(",
        `    model=${JSON.stringify(models[0])},`,
        '    messages=[{"role": "user", "content": "Hello"}],',
        ")",
        "print(answer.choices[0].message.content)",
      ]),
    ];
  },
  hints: hintsFor("client.responses works, too."),
  cannot: cannot("OpenAI"),
};

/** Anthropic's SDKs, and what reads their variables. */
export const anthropic: Client = {
  title: "Anthropic SDK",
  snippets: (connection) => {
    const { url, models } = connection;
    const key = keyOf(connection);
    return [
      variables({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: key }),
      program("TypeScript", "npm install @anthropic-ai/sdk", "ts", [
        'import Anthropic from "@anthropic-ai/sdk";',
        "",
        `const client = new Anthropic({ baseURL: ${JSON.stringify(url)}, apiKey: ${JSON.stringify(key)} });`,
        "const message = await client.messages.create({",
        `  model: ${JSON.stringify(models[0])},`,
        "  max_tokens: 1000,",
        '  messages: [{ role: "user", content: "Hello" }],',
        "});",
        'console.log(message.content.map((block) => (block.type === "text" ? block.text : "")).join(""));',
      ]),
      program("Python", "pip install anthropic", "python", [
        "from anthropic import Anthropic",
        "",
        `client = Anthropic(base_url=${JSON.stringify(url)}, api_key=${JSON.stringify(key)})`,
        "message = client.messages.create(",
        `    model=${JSON.stringify(models[0])},`,
        "    max_tokens=1000,",
        '    messages=[{"role": "user", "content": "Hello"}],',
        ")",
        'print("".join(block.text for block in message.content if block.type == "text"))',
      ]),
    ];
  },
  hints: hintsFor("A Sluice that is started from the same shell takes no notice of them."),
  cannot: cannot("Anthropic"),
};

function hintsFor(more: string): (connection: Connection) => string[] {
  return () => ["With the variables the programs need neither address nor key.", more];
}

function variables(values: Record<string, string>): Snippet {
  const lines = Object.entries(values).map(([name, value]) => `${exportLine(name, value)}\n`);
  return { place: "the shell, such as ~/.profile", language: "sh", text: lines.join("") };
}

function program(name: string, install: string, language: string, lines: readonly string[]): Snippet {
  return { place: `a program in ${name} (${install})`, language, text: `${lines.join("\n")}\n` };
}
