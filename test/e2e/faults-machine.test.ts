/** The machine at fault, around the built executable: disk, database, descriptors. */

import { Database } from "bun:sqlite";
import { beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { buildBinary, type BinaryOptions, type RunningBinary, startBinary } from "../support/binary.ts";
import { eventually, temporaryFolder } from "../support/environment.ts";
import { fakeClaude, journal } from "../support/fake-claude.ts";

beforeAll(buildBinary, 120_000);

interface Stage {
  sluice: RunningBinary;
  claude: string;
  /** Where the database is. */
  database: string;
  /** Asks the Responses API. */
  ask(more?: object): Promise<Told>;
}

interface Told {
  status: number;
  headers: Headers;
  store?: boolean;
  error?: { message: string; type: string };
}

/** A Sluice in front of a fake that echoes. `options` are given the home folder. */
async function onStage(
  options: (home: string) => BinaryOptions,
  play: (stage: Stage) => Promise<void>,
  prepare: (database: string) => void = () => {},
): Promise<void> {
  await using folder = await temporaryFolder();
  const claude = await fakeClaude({}, folder.path);
  const database = join(folder.path, ".local/state/sluice/sluice.db");
  prepare(database);
  await using sluice = await startBinary(
    folder.path,
    { url: "http://127.0.0.1:9" },
    { claude, ...options(folder.path) },
  );
  await play({
    sluice,
    claude,
    database,
    ask: async (more = {}) => {
      const reply = await sluice.post("/v1/responses", { model: "sonnet", input: "Hello", ...more });
      return { ...((await reply.json()) as object), status: reply.status, headers: reply.headers };
    },
  });
  expect(await sluice.stop()).toBe(0);
}

const advice = ({ headers }: { headers: Headers }) => [headers.get("retry-after"), headers.get("x-should-retry")];

/** Starts a command where `folder` is a disk of its own, of which so many bytes are free; nobody else sees it. */
function disk(folder: string, size: number, free = size): string[] {
  const mount = `mkdir -p "$0" && mount -t tmpfs -o size=${size} tmpfs "$0" && head -c ${size - free} /dev/zero >"$0/full"`;
  return ["unshare", "--map-root-user", "--mount", "sh", "-c", `${mount} && exec "$@"`, folder];
}

describe("the disk is full", () => {
  const state = (home: string) => join(home, ".local/state");

  test("when a response is to be stored", () =>
    onStage(
      (home) => ({ through: disk(state(home), 262_144) }),
      async ({ sluice, ask }) => {
        expect(await ask()).toMatchObject({ status: 200, store: true });
        const large = await ask({ input: "x".repeat(100_000) });
        expect(large).toMatchObject({ status: 200, store: false });
        await sluice.logged({
          level: "warn",
          msg: "A response could not be stored",
          reason: "can't be written: the disk is full.",
        });
        expect(await ask()).toMatchObject({ status: 200, store: true });
      },
    ));

  test("from the start", () =>
    onStage(
      (home) => ({ through: disk(state(home), 65_536, 0) }),
      async ({ sluice, ask }) => {
        await sluice.logged({ level: "warn", msg: "The state folder can't be used", reason: "ENOSPC" });
        const told = await ask();
        expect(told).toMatchObject({ status: 200, store: false });
        expect(told.headers.get("x-sluice-warning")).toMatch(/^not stored: .* the disk is full\.$/);
        const refused = await ask({ store: true });
        expect([refused.status, ...advice(refused)]).toEqual([500, null, "false"]);
        expect(refused.error?.message).toContain("can't be written: the disk is full.");
      },
    ));

  test("when a long conversation is to be written down", () =>
    onStage(
      (home) => ({ through: disk(join(home, "tmp"), 65_536) }),
      async ({ sluice, claude }) => {
        const words = "x".repeat(200);
        const messages = Array.from({ length: 801 }, (_, n) => ({
          role: n % 2 ? "assistant" : "user",
          content: `${n} ${words}`,
        }));
        const reply = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 9, messages });
        expect([reply.status, reply.headers.get("x-sluice-way")]).toEqual([200, "replay"]);
        expect(await reply.text()).toContain("You said: 800 ");
        await sluice.logged({ level: "warn", msg: "A conversation could not be written down", reason: "ENOSPC" });
        const read = (await journal(claude)).filter((entry) => entry.event === "line" && entry.line["type"] === "user");
        expect(read).toHaveLength(401);
      },
    ));

  test("where the log goes", () =>
    onStage(
      () => ({ through: ["sh", "-c", 'exec "$@" 2>/dev/full', "sh"] }),
      async ({ ask }) => {
        for (let n = 0; n < 5; n++) expect(await ask({ store: false })).toMatchObject({ status: 200 });
      },
    ));

  test("where temporary files go", async () => {
    await using folder = await temporaryFolder();
    const claude = await fakeClaude({}, folder.path);
    const start = startBinary(folder.path, { url: "http://127.0.0.1:9" }, { claude, env: { TMPDIR: "/dev/full" } });
    const told = await start.then(
      () => "it started",
      (error: Error) => error.message,
    );
    expect(told).toMatch(
      /^Sluice did not start, but ended with 2:\nsluice: Sluice can't make a folder in \/dev\/full \(ENOTDIR\): [^\n]*TMPDIR\.\n$/,
    );
  });
});

describe("the database", () => {
  test("is locked by another program: a store waits for a moment, and nobody else does", () =>
    onStage(
      () => ({}),
      async ({ sluice, database, ask }) => {
        expect(await ask()).toMatchObject({ store: true });
        using other = new Database(database);
        other.run("BEGIN IMMEDIATE");
        expect(await ask()).toMatchObject({ status: 200, store: false });
        await sluice.logged({
          level: "warn",
          msg: "A response could not be stored",
          reason: "is locked by another program",
        });
        // What is only read is not locked.
        expect((await fetch(`${sluice.url}/v1/responses/resp_none`)).status).toBe(404);
        other.run("ROLLBACK");
        expect(await ask({ store: true })).toMatchObject({ status: 200, store: true });
      },
    ));

  test("is locked when Sluice first needs it", () =>
    onStage(
      () => ({}),
      async ({ database, ask }) => {
        mkdirSync(dirname(database), { recursive: true });
        using other = new Database(database);
        other.run("BEGIN EXCLUSIVE");
        const told = await ask({ store: true });
        expect([told.status, ...advice(told)]).toEqual([500, "5", null]);
        expect(told.error?.message).toContain("is locked by another program: end that, or try again.");
        other.run("ROLLBACK");
        expect(await ask({ store: true })).toMatchObject({ status: 200, store: true });
      },
    ));

  test.each<[string, (database: string) => void, string]>([
    [
      "is damaged",
      (database) => writeFileSync(database, "This is no database. ".repeat(100)),
      "is damaged: move it away",
    ],
    [
      "is from a newer version",
      (database) => new Database(database).run("PRAGMA user_version = 99"),
      "was written by a newer Sluice: update this one, or move the file away.",
    ],
  ])("%s", (_, spoil, sentence) =>
    onStage(
      () => ({}),
      async ({ sluice, ask }) => {
        const told = await ask();
        expect(told).toMatchObject({ status: 200, store: false });
        expect(told.headers.get("x-sluice-warning")).toContain(sentence);
        for (const refused of [await ask({ store: true }), await ask({ previous_response_id: "resp_1" })]) {
          expect([refused.status, ...advice(refused)]).toEqual([500, null, "false"]);
          expect(refused.error?.message).toContain(sentence);
        }
        const messages = [{ role: "user", content: "Hello" }];
        expect((await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 9, messages })).status).toBe(200);
      },
      (database) => {
        mkdirSync(dirname(database), { recursive: true });
        spoil(database);
      },
    ),
  );
});

describe("file descriptors are exhausted", () => {
  const limit = 64;
  const few: BinaryOptions = {
    through: ["sh", "-c", `ulimit -n ${limit} && exec "$@"`, "sh"],
    args: ["--spares", "0"],
  };

  /** Connections that have sent something: without a byte the system would keep them to itself. */
  const hold = (port: number, count: number, sent: string): Socket[] =>
    Array.from({ length: count }, () => {
      const socket = connect(port, "127.0.0.1").on("error", () => {});
      socket.write(sent);
      return socket;
    });
  const open = ({ pid }: RunningBinary) => readdirSync(`/proc/${pid}/fd`).length;

  test("by processes", () =>
    onStage(
      () => few,
      async ({ sluice, ask }) => {
        const sockets: Socket[] = [];
        // One is left for the connection, and none for a process. Some of those that are open now may be about to close.
        await eventually(async () => {
          const more = hold(sluice.port, limit - 1 - open(sluice), "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n");
          await Promise.all(more.map((socket) => once(socket, "data")));
          sockets.push(...more);
          return open(sluice) >= limit - 1;
        });
        const told = await ask({ store: false });
        expect([told.status, ...advice(told)]).toEqual([503, "5", null]);
        expect(told.error?.message).toContain("There is no room for another Claude Code process (EMFILE");
        await sluice.logged({ level: "warn", msg: "POST /v1/responses", error: "overloaded" });
        for (const socket of sockets) socket.destroy();
        await eventually(() => open(sluice) < limit / 2);
        expect(await ask()).toMatchObject({ status: 200 });
      },
    ));

  test("by connections", () =>
    onStage(
      () => few,
      async ({ sluice, ask }) => {
        const sockets = hold(sluice.port, 2 * limit, "GET / HTTP/1.1\r\n");
        await eventually(() => open(sluice) >= limit);
        const waiting = fetch(`${sluice.url}/health`);
        for (const socket of sockets) socket.destroy();
        expect((await waiting).status).toBe(200);
        await eventually(() => open(sluice) < limit / 2);
        expect(await ask()).toMatchObject({ status: 200 });
      },
    ));
});
