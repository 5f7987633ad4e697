/** Sluice itself, killed while it stores responses: what a client was told of is there when it runs again. */

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import type OpenAI from "openai";
import { startCommand } from "../support/command.ts";
import { temporaryFolder } from "../support/environment.ts";

type Stored = OpenAI.Responses.Response & { store: boolean };

const running = /answers on (http:\/\/\S+)[^]*Ctrl-C stops it/;

/** Long enough for a write that takes its time. */
const words = (turn: number) => `turn ${turn} ${"and so on ".repeat(20_000)}`;

const post = async (url: string, body: object): Promise<Stored> => {
  const request = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return (await (await fetch(`${url}/v1/responses`, request)).json()) as Stored;
};

/** A conversation that goes on until the server is gone; gives the responses that it was told of, in order. */
async function converse(url: string, told: () => void): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const body = { model: "echo", input: words(ids.length), previous_response_id: ids.at(-1) };
    const answer = await post(url, body).catch(() => undefined);
    if (answer === undefined) return ids;
    expect(answer.store).toBe(true);
    ids.push(answer.id);
    told();
  }
}

async function expectWhole(url: string, ids: readonly string[]): Promise<void> {
  for (const [turn, id] of ids.entries()) {
    const stored = (await (await fetch(`${url}/v1/responses/${id}`)).json()) as Stored;
    expect(stored).toMatchObject({ id, status: "completed", previous_response_id: ids[turn - 1] ?? null });
    expect(stored.output).toMatchObject([{ content: [{ text: words(turn) }] }]);
  }
  const next = await post(url, { model: "echo", input: "So?", previous_response_id: ids.at(-1) });
  expect(next).toMatchObject({ status: "completed", store: true });
}

test("killed in the middle of its writes, it has lost nothing that a client was told of", async () => {
  await using state = await temporaryFolder();
  const start = () => startCommand(["demo", "--port", "0"], { env: { XDG_STATE_HOME: state.path } });
  const conversations: string[][] = [];
  // Each time at another moment, with the earlier runs' responses in the database.
  for (const enough of [4, 11, 23]) {
    await using sluice = await start();
    const [, url = ""] = await sluice.until(running);
    let count = 0;
    const told = () => {
      if (++count === enough) sluice.kill("SIGKILL");
    };
    conversations.push(...(await Promise.all(Array.from({ length: 4 }, () => converse(url, told)))));
    expect(await sluice.ended).toBe("SIGKILL");
  }
  await using sluice = await start();
  const [, url = ""] = await sluice.until(running);
  expect(conversations.flat().length).toBeGreaterThanOrEqual(4 + 11 + 23);
  for (const ids of conversations) await expectWhole(url, ids);
  sluice.kill("SIGTERM");
  expect(await sluice.ended).toBe(0);
  expect(sluice.stderr()).toBe("");

  using database = new Database(join(state.path, "sluice", "sluice.db"));
  expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
});
