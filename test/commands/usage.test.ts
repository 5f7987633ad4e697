/** `sluice usage`: what it sums up, what it draws, and what it asks of a Sluice that runs. */

import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { asText } from "../../src/commands/usage-text.ts";
import type { UsageReport } from "../../src/commands/usage.ts";
import { dayOf, startOfDay } from "../../src/day.ts";
import { exitCodes } from "../../src/error.ts";
import { createLog } from "../../src/log.ts";
import { StateDatabase } from "../../src/store/database.ts";
import { Ledger } from "../../src/store/ledger.ts";
import { nothing } from "../../src/store/usage.ts";
import { runCommand } from "../support/command.ts";
import { cleanEnvironment, eventually, temporaryFolder } from "../support/environment.ts";
import { text } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";
import { requestRecord, without } from "../store/ledger-records.ts";

const now = Date.now();

/** A ledger with some requests of today and three days ago. */
function fill(home: string): string[] {
  using database = new StateDatabase(`${home}/.local/state/sluice`);
  const ledger = new Ledger(database, createLog("silent"));
  for (let n = 0; n < 3; n++) ledger.ended(requestRecord({ at: now }));
  ledger.ended({ ...without("costUsd", "model"), at: now, client: "OpenAI/JS", outcome: "overloaded" });
  ledger.ended(requestRecord({ at: startOfDay(now, -3), model: "claude-opus-\u001b[31m", costUsd: 2 }));
  ledger.ended(requestRecord({ at: startOfDay(now, -20) }));
  ledger.write();
  return [];
}
const run = (...args: string[]) => runCommand(["usage", "--port", "9", ...args], { prepare: fill });

describe("as JSON", () => {
  test("by day, of the last seven; days without requests are there, too", async () => {
    const { code, stdout, stderr } = await run("--json");
    expect([code, stderr]).toEqual([0, ""]);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ by: "day", budgets: [], rate_limits: null });
    expect(report.since).toBe(new Date(startOfDay(now, -7)).toISOString());
    expect(report.rows.map(({ name, requests, cost }: any) => [name, requests, cost])).toEqual([
      [dayOf(startOfDay(now, -3)), 1, 2],
      [dayOf(startOfDay(now, -2)), 0, null],
      [dayOf(startOfDay(now, -1)), 0, null],
      [dayOf(now), 4, 0.75],
    ]);
    expect(report.total).toEqual({
      requests: 5,
      failed: 1,
      input: 50,
      output: 35,
      cache_read: 25,
      cache_write: 15,
      priced: 4,
      cost: 2.75,
    });
  });

  test.each([
    ["model", ["claude-sonnet-5-5", "", "claude-opus-\u001b[31m"]],
    ["client", ["curl", "OpenAI/JS"]],
  ])("by %s, the most tokens first", async (by, names) => {
    const { stdout } = await run("--json", "--by", by, "--since=30d");
    const rows: { name: string; requests: number }[] = JSON.parse(stdout).rows;
    expect(new Set(rows.map(({ name }) => name))).toEqual(new Set(names));
    expect(rows[0]?.name).toBe(String(names[0]));
    expect(rows.reduce((sum, { requests }) => sum + requests, 0)).toBe(6);
  });

  test("with budgets, and what is used of them", async () => {
    const { stdout } = await run("--json", "--budget-day", "1", "--budget-day-requests", "10");
    expect(JSON.parse(stdout).budgets).toEqual([
      { period: "day", unit: "usd", limit: 1, used: 0.75, reset: new Date(startOfDay(now, 1)).toISOString() },
      { period: "day", unit: "requests", limit: 10, used: 4, reset: new Date(startOfDay(now, 1)).toISOString() },
    ]);
  });
});

describe("for people", () => {
  test("a table with a plot, and no escape where there is no terminal", async () => {
    const { code, stdout } = await run("--by", "model", "--budget-day", "1");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^Since [\d-]{10} 00:00, by model:\n\nModel +Requests +Failed +Input +Cached +Output +Cost\n/,
    );
    expect(stdout).toMatch(/\nclaude-opus-\\u001b\[31m +1 +18 +5 +7 +\$2\.00 +█+\n/);
    expect(stdout).toMatch(/\nclaude-sonnet-5-5 +3 +54 +15 +21 +\$0\.75 +█+[▏▎▍▌▋▊▉]?\n/);
    expect(stdout).toMatch(/\n– +1 +1 +18 +5 +7 +–\n/);
    expect(stdout).toMatch(/\nTotal +5 +1 +90 +25 +35 +\$2\.75\+\n\n\+ No price was reported for 1 of 5 requests/);
    expect(stdout).toMatch(/\nBudget of this day: \$0\.75 of \$1\.00 \(75 %\), begins anew [\d-]{10} 00:00\n/);
    expect(stdout).not.toContain("\x1b");
  });

  test("with nothing recorded it says so", async () => {
    const { code, stdout } = await runCommand(["usage", "--port", "9"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^No request is recorded since .*\.\n$/)]);
  });

  const sum = { requests: 1200, failed: 3, input: 1_234_567, output: 45_000, cache_read: 9_999_999, cache_write: 5 };
  const report: UsageReport = {
    by: "day",
    since: startOfDay(now, -1),
    now,
    sums: [
      { ...nothing, name: "2026-11-20" },
      { ...sum, name: "2026-11-21", priced: 1200, cost: 12.5 },
    ],
    budgets: [],
    limits: { age_seconds: 90, "5h": { utilization: 0.42, reset: (now + 60_000) / 1000, status: "allowed_warning" } },
  };

  test.each([30, 40, 60, 80, 120, 300])("no wider than %d columns", (columns) => {
    const lines = asText(report, { columns, colours: false }).split("\n");
    const table = lines.slice(2, lines.indexOf("", 2));
    expect(table).toHaveLength(4);
    for (const line of table) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
    expect(table[2]).toContain("1200");
    expect(table.join("").includes("█")).toBe(columns >= 80);
  });

  test("the subscription's windows, as they were told", () => {
    expect(asText(report, { columns: 80, colours: false })).toMatch(
      /\n\nSubscription, as Claude Code was told 2 min ago:\n  5 hours: 42 % used, allowed warning, begins anew (at|[\d-]{10}) \d\d:\d\d$/,
    );
  });

  test("where no price is known the plot is of tokens", () => {
    const native = { ...report, sums: [{ ...sum, name: "2026-11-21", priced: 0, cost: 0 }] };
    const said = asText(native, { columns: 100, colours: false });
    expect(said).toMatch(/ 1200 +3 +11M +10M +45k +–  █+\n/);
    expect(said).toContain("– No price is reported: only Claude Code reports one.");
  });

  test.each([
    ["", true],
    ["1", false],
  ])("on a terminal with NO_COLOR=%p colours: %p", async (NO_COLOR, coloured) => {
    await using folder = await temporaryFolder();
    fill(folder.path);
    const env = { ...cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:9" }), NO_COLOR };
    let output = "";
    const data = (_: unknown, bytes: Uint8Array) => void (output += new TextDecoder().decode(bytes));
    const main = resolve(import.meta.dir, "../../src/main.ts");
    const child = Bun.spawn([process.execPath, main, "usage", "--port", "9"], {
      env,
      terminal: { cols: 200, rows: 50, data },
    });
    expect(await child.exited).toBe(0);
    await eventually(() => output.includes("Total"));
    expect(output.includes("\x1b[36m█")).toBe(coloured);
  });
});

describe("refused with a sentence", () => {
  test.each([
    [["--by", "week"], '--by must be model, client, day, not "week".'],
    [["--since", "soon"], '--since must be a time up to 3650d, such as 12h or 30d, not "soon".'],
    [["--jso"], 'Unknown option "--jso"'],
  ])("%p", async (args, sentence) => {
    const { code, stderr } = await run(...args);
    expect([code, stderr]).toEqual([exitCodes.usage, expect.stringContaining(sentence)]);
  });

  test("a database that can't be read", async () => {
    const { code, stderr } = await runCommand(["usage"], {
      prepare: (home) => {
        fill(home);
        writeFileSync(`${home}/.local/state/sluice/sluice.db`, "This is no database.".repeat(100));
        return [];
      },
    });
    expect([code, stderr]).toEqual([exitCodes.usage, expect.stringContaining("is damaged: move it away")]);
  });
});

test("where a file stands in the place of the folder nothing is recorded", async () => {
  const { code, stdout, stderr } = await runCommand(["usage", "--port", "9"], {
    prepare: (home) => {
      mkdirSync(`${home}/.local/state`, { recursive: true });
      writeFileSync(`${home}/.local/state/sluice`, "");
      return [];
    },
  });
  expect([code, stderr, stdout]).toEqual([0, "", expect.stringContaining("No request is recorded")]);
});

test("while Sluice runs: what it has just answered, and what it knows of the subscription", async () => {
  await using folder = await temporaryFolder();
  const prefix = "anthropic-ratelimit-unified";
  const reset = Math.floor(now / 1000) + 9_000;
  const window = { [`${prefix}-5h-status`]: "allowed", [`${prefix}-5h-utilization`]: "0.42" };
  const told = { ...window, [`${prefix}-status`]: "allowed", [`${prefix}-reset`]: String(reset) };
  const headers = { ...told, [`${prefix}-representative-claim`]: "five_hour", [`${prefix}-5h-reset`]: String(reset) };
  const env = { XDG_STATE_HOME: folder.path, ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: "dummy" };
  await using sluice = await startSluice({ args: ["--client-key", "door"], env });
  sluice.mock.respond(() => text("fine", { headers }));
  const body = { model: "sonnet", max_tokens: 9, messages: [{ role: "user", content: "Hello" }] };
  expect((await sluice.post("/v1/messages", body, { headers: { "x-api-key": "door" } })).status).toBe(200);
  const usage = async () => {
    const args = ["usage", "--json", "--port", String(sluice.server.port)];
    const { stdout } = await runCommand(args, { env: { ...env, SLUICE_CLIENT_KEY: "door" } });
    return JSON.parse(stdout);
  };
  const report = await eventually(async () => {
    const report = await usage();
    return report.total.requests === 1 && report.rate_limits !== null ? report : undefined;
  });
  expect(report.total).toMatchObject({ requests: 1, input: 10, output: 7, cost: 0.000098 });
  expect(report.rate_limits).toMatchObject({ "5h": { utilization: 0.42, reset, status: "allowed" } });
});
