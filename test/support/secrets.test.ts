import { expect, test } from "bun:test";
import { startCommand } from "./command.ts";
import { expectNoSecrets, secrets } from "./secrets.ts";
import { startSluice } from "./sluice.ts";

test.each(Object.entries(secrets))("%s is found, whatever stands around it", (name, secret) => {
  for (const output of [secret, `x${secret}x`, JSON.stringify({ deep: [secret] }), `…${secret.slice(8)}`]) {
    expect(() => expectNoSecrets("fine", output)).toThrow(`The ${name} is told`);
  }
  expect(() => expectNoSecrets("fine", `${secret.slice(0, 8)}…`)).not.toThrow();
});

test("a Sluice that logs one fails its test", async () => {
  const sluice = await startSluice();
  sluice.logged.push(`{"key":"${secrets.apiKey}"}`);
  await expect(sluice[Symbol.asyncDispose]()).rejects.toThrow("The apiKey is told");
  await expect(fetch(sluice.url)).rejects.toThrow();
});

test("a Sluice that answers with one fails its test", async () => {
  const sluice = await startSluice();
  // What a client itself has sent may be told to it: no other way gets one into an answer.
  const tool = { name: secrets.deployToken, input_schema: { type: "object" } };
  const request = { model: "sonnet", max_tokens: 1, messages: [{ role: "user", content: "?" }], tools: [tool, tool] };
  expect((await sluice.post("/v1/messages", request)).status).toBe(400);
  await expect(sluice[Symbol.asyncDispose]()).rejects.toThrow("The deployToken is told");
});

test("a command that prints one fails its test", async () => {
  const command = await startCommand(["config", "--model", secrets.apiKey]);
  await command.ended;
  await expect(command[Symbol.asyncDispose]()).rejects.toThrow("The apiKey is told");
});
