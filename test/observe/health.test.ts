/** `/health`: that it lives, at once; and with `deep=1` whether all is there that an answer needs. */

import { Database } from "bun:sqlite";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { scriptedClaude } from "../support/command.ts";
import { eventually, type TemporaryFolder, temporaryFolder } from "../support/environment.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function deep({ url }: TestSluice, headers: Record<string, string> = {}) {
  const reply = await fetch(`${url}/health?deep=1`, { headers });
  const body = (await reply.json()) as {
    ok: boolean;
    engine: string;
    parts: Record<string, { ok: boolean; detail?: string; mend?: string }>;
  };
  return { status: reply.status, ...body };
}

test("with all in order", async () => {
  await using sluice = await startSluice({ args: ["--spares", "1"] });
  const found = await deep(sluice);
  expect(found).toMatchObject({
    status: 200,
    ok: true,
    engine: "claude",
    parts: {
      claude: { ok: true, detail: expect.stringContaining("claude") },
      version: { ok: true, detail: expect.stringMatching(/^2\.1\.329/) },
      login: { ok: true, detail: "api_key" },
      spare: { ok: true },
      database: { ok: true, detail: "writable" },
    },
  });
  await eventually(async () => JSON.stringify((await deep(sluice)).parts["spare"]).includes("1 ready"));
});

test("the details are for who has the key; that it lives may anyone know", async () => {
  await using sluice = await startSluice({ args: ["--mode", "native", "--client-key", "door"] });
  expect((await fetch(`${sluice.url}/health?deep=1`)).status).toBe(401);
  expect(await (await fetch(`${sluice.url}/health`)).json()).toEqual({ ok: true });
  expect(await deep(sluice, { "x-api-key": "door" })).toEqual({
    status: 200,
    ok: true,
    engine: "native",
    parts: { database: { ok: true, detail: "writable" } },
  });
});

describe("what is wrong is named, with what mends it", () => {
  test("no Claude Code, and a database that is none", async () => {
    const database = `${folder.path}/none/sluice/sluice.db`;
    await Bun.write(database, "This is no database.".repeat(100));
    const env = { XDG_STATE_HOME: `${folder.path}/none` };
    await using sluice = await startSluice({ claude: "/nowhere/claude", env });
    // Nobody else may write there, which the folder's maker has to see to.
    chmodSync(`${folder.path}/none/sluice`, 0o700);
    expect(await deep(sluice)).toMatchObject({
      status: 503,
      ok: false,
      parts: {
        claude: { ok: false, mend: "There is no /nowhere/claude: give the path of Claude Code with --claude PATH." },
        spare: { ok: false, mend: expect.stringContaining("There is no /nowhere/claude") },
        database: {
          ok: false,
          mend: `The database ${database} is damaged: move it away, and Sluice begins a new one.`,
        },
      },
    });
    // It lives nevertheless.
    expect((await fetch(`${sluice.url}/health`)).status).toBe(200);
  });

  test("a database that can be opened, and not written", async () => {
    await using sluice = await startSluice({
      args: ["--mode", "native"],
      env: { XDG_STATE_HOME: `${folder.path}/held` },
    });
    expect((await deep(sluice)).parts["database"]).toEqual({ ok: true, detail: "writable" });
    using other = new Database(`${folder.path}/held/sluice/sluice.db`);
    other.run("BEGIN IMMEDIATE");
    const { status, parts } = await deep(sluice);
    expect([status, parts["database"]]).toEqual([
      503,
      { ok: false, mend: expect.stringContaining("is locked by another program") },
    ]);
    other.run("ROLLBACK");
    expect((await deep(sluice)).status).toBe(200);
  });

  test("not logged in, which is asked again at once; logged in, which holds for a time", async () => {
    const calls = `${folder.path}/calls`;
    writeFileSync(calls, "");
    const answer = `echo x >> ${calls}; cat "${folder.path}/auth"`;
    const claude = scriptedClaude(folder.path, { version: "echo 2.1.300", auth: answer });
    await using sluice = await startSluice({ claude, args: ["--spares", "0"] });
    writeFileSync(`${folder.path}/auth`, '{"loggedIn":false}');
    for (let n = 0; n < 2; n++) {
      expect(await deep(sluice)).toMatchObject({
        status: 503,
        parts: {
          claude: { ok: true, detail: claude },
          version: { ok: true, detail: "2.1.300 (untested: 2.1.329 is known to work)" },
          login: { ok: false, mend: "Log in: run `claude auth login`." },
          spare: { ok: true, detail: "none is wanted (--spares 0)" },
        },
      });
    }
    writeFileSync(`${folder.path}/auth`, '{"loggedIn":true,"authMethod":"claude.ai"}');
    for (let n = 0; n < 3; n++) {
      expect(await deep(sluice)).toMatchObject({ status: 200, parts: { login: { ok: true, detail: "claude.ai" } } });
    }
    expect(readFileSync(calls, "utf8")).toBe("x\n".repeat(3));
  });

  test("a Claude Code that does not answer is waited for, but not for ever", async () => {
    const claude = scriptedClaude(`${folder.path}/silent`, { version: "echo 2.1.329", auth: "exec sleep 60" });
    await using sluice = await startSluice({ claude, args: ["--spares", "0"] });
    const { status, parts } = await deep(sluice);
    expect(status).toBe(503);
    expect(parts["login"]?.mend).toContain("did not answer within 3000 ms");
  });
});
