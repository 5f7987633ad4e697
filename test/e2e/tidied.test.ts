/** Folders of temporary files are tidied up by systems, some after three days; a Sluice runs for longer. */

import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/environment.ts";
import { startSluice } from "../support/sluice.ts";

const model = "sonnet";
const turn = (role: string, content: string) => ({ role, content });

test("the temporary folder may be removed: what is asked next, and what goes on, is answered", async () => {
  await using state = await temporaryFolder();
  const env = { XDG_STATE_HOME: state.path };
  let folder = "";
  {
    await using sluice = await startSluice({ args: ["--spares", "1"], env });
    const instances = join(state.path, "sluice/instances");
    const folderNow = (): string => {
      const [name = ""] = readdirSync(instances);
      return JSON.parse(readFileSync(join(instances, name), "utf8")).folder;
    };
    const ask = async (...messages: object[]) => {
      const reply = await sluice.post("/v1/messages", { model, max_tokens: 50, messages });
      const { content, error } = (await reply.json()) as { content?: { text: string }[]; error?: object };
      return [reply.headers.get("x-sluice-way"), content?.[0]?.text ?? error];
    };
    const first = folderNow();
    await ask(turn("user", "one"));
    await sluice.quiet();

    rmSync(first, { recursive: true });
    expect(await ask(turn("user", "one"), turn("assistant", "You said: one"), turn("user", "more"))).toEqual([
      "live",
      "You said: more",
    ]);
    // The spare that waited, and one that is started now.
    for (const word of ["two", "three"]) expect((await ask(turn("user", word)))[1]).toBe(`You said: ${word}`);

    // What is oldest goes first.
    rmSync(join(folderNow(), "empty"), { recursive: true });
    for (const word of ["again", "and again"]) expect((await ask(turn("user", word)))[1]).toBe(`You said: ${word}`);

    // What somebody else has put in its place is not used.
    folder = folderNow();
    expect(folder).not.toBe(first);
    rmSync(folder, { recursive: true });
    symlinkSync(state.path, folder);
    await ask(turn("user", "four"));
    await sluice.quiet();
    expect((await ask(turn("user", "five")))[1]).toBe("You said: five");
    expect(readdirSync(state.path)).toEqual(["sluice"]);
    rmSync(folder);
    folder = folderNow();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
  expect(existsSync(folder)).toBe(false);
});

test("the directory of --cwd may be gone, which is told, and may come again", async () => {
  await using folder = await temporaryFolder();
  const cwd = join(folder.path, "project");
  mkdirSync(cwd);
  await using sluice = await startSluice({ args: ["--agent", "--cwd", cwd] });
  const ask = (word: string) => sluice.post("/v1/messages", { model, max_tokens: 50, messages: [turn("user", word)] });
  expect((await ask("one")).status).toBe(200);
  rmSync(cwd, { recursive: true });
  const told = await ask("two");
  expect([told.status, told.headers.get("x-should-retry")]).toEqual([500, "false"]);
  expect(await told.text()).toContain(`The directory of --cwd is gone: make ${cwd} again, or choose another one.`);
  mkdirSync(cwd);
  expect((await ask("three")).status).toBe(200);
});
