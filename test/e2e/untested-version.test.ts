/** A version of the CLI that was never tried, in the place of which a fake one stands that lacks what is internal. */

import { expect, test } from "bun:test";
import { eventually, temporaryFolder } from "../support/environment.ts";
import { fakeClaude, journal } from "../support/fake-claude.ts";
import { startSluice } from "../support/sluice.ts";

test("where a system prompt can't be set later, each gets a process that is started with it", async () => {
  await using folder = await temporaryFolder();
  const claude = await fakeClaude({ version: "9.9.9" }, folder.path);
  await using sluice = await startSluice({ claude });
  await eventually(() => sluice.logged.some((line) => line.includes("needs a process for each system prompt")));
  const request = {
    model: "sonnet",
    max_tokens: 10,
    system: "Be brief.",
    messages: [{ role: "user", content: "Hello" }],
  };
  const reply = await sluice.post("/v1/messages", request);
  expect(reply.status).toBe(200);
  expect(reply.headers.get("x-sluice-way")).toBe("cold");

  const lines = (await journal(claude)).flatMap((entry) =>
    entry.event === "line" ? [JSON.stringify(entry.line)] : [],
  );
  expect(lines.filter((line) => line.includes('"systemPrompt":["Be brief."]'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('"system_prompt":"Be brief."'))).toHaveLength(0);
});
