/** Budgets: what counts, when they begin anew, and what clients see of them. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { loadConfig } from "../../src/config.ts";
import { startOfDay, startOfMonth } from "../../src/day.ts";
import { ProxyError } from "../../src/error.ts";
import { createLog } from "../../src/log.ts";
import { Budget, type BudgetConfig } from "../../src/observe/budget.ts";
import { requestRecord, without } from "../store/ledger-records.ts";
import { eventually, type TemporaryFolder, temporaryFolder } from "../support/environment.ts";
import { text } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";

const none: BudgetConfig = {
  budgetDay: undefined,
  budgetMonth: undefined,
  budgetDayRequests: undefined,
  budgetMonthRequests: undefined,
};
const noon = new Date(2026, 10, 21, 12).getTime();

function budgetOf(config: Partial<BudgetConfig>, earlier?: (since: number) => number) {
  const clock = { now: noon };
  const logged: string[] = [];
  const log = createLog("warn", (line) => logged.push(line));
  const settings = { ...none, ...config };
  const spent = earlier && ((since: number) => ({ usd: earlier(since), requests: earlier(since) }));
  const budget = new Budget(settings, spent, log, () => clock.now);
  const refusal = () => {
    try {
      budget.check();
      return undefined;
    } catch (error) {
      return error as ProxyError;
    }
  };
  return { budget, clock, settings, logged, refusal };
}

test("dollars: a warning from 80 % on, a refusal with the time from 100 % on, and a new day", () => {
  const { budget, clock, refusal } = budgetOf({ budgetDay: 1 });
  const seen = [];
  for (let n = 0; n < 4; n++) {
    seen.push([budget.warning, refusal()?.kind]);
    budget.ended(requestRecord({ costUsd: n === 3 ? 0.25 : 0.27 }));
  }
  expect(seen).toEqual([
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
    ["budget of this day: $0.81 of $1.00 used", undefined],
  ]);
  expect(refusal()).toMatchObject({
    kind: "rate_limit",
    status: 429,
    retryAfter: 12 * 3600,
    retryable: false,
    message:
      "The budget of this day is used up ($1.06 of $1.00). It begins anew on 2026-11-22 at 00:00 local time, in 12 h 0 min; allow more with --budget-day.",
  });
  clock.now = startOfDay(noon, 1);
  expect([refusal(), budget.warning]).toEqual([undefined, undefined]);
});

test("requests: what the model has answered or begun to, also without a price; no counts and no refusals", () => {
  const { budget, refusal } = budgetOf({ budgetMonthRequests: 3 });
  budget.ended(requestRecord({ api: "count" }));
  budget.ended({ ...without("usage"), outcome: "rate_limit", status: 429 });
  budget.ended({ ...without("usage"), outcome: "invalid_request" });
  expect(budget.uses).toEqual([{ period: "month", unit: "requests", limit: 3, used: 0, reset: startOfMonth(noon, 1) }]);
  budget.ended({ ...without("costUsd"), outcome: "canceled" });
  budget.ended(without("costUsd"));
  expect(refusal()).toBeUndefined();
  budget.ended(without("costUsd", "usage"));
  expect(refusal()?.message).toContain("this month is used up (3 of 3 requests)");
  expect(refusal()?.message).toContain(
    "on 2026-12-01 at 00:00 local time, in 9 d 12 h; allow more with --budget-month-requests",
  );
});

test("of two that are used up the one that lasts longer is told", () => {
  const { budget, refusal } = budgetOf({ budgetDay: 0.1, budgetMonth: 0.2 });
  budget.ended(requestRecord());
  expect(refusal()?.message).toContain("this month");
  expect(budget.warning).toBe("budget of this day: $0.25 of $0.10 used; budget of this month: $0.25 of $0.20 used");
});

test("what the ledger knows counts once, whenever a budget is set", () => {
  // The ledger has seen all that was counted here, too.
  let known = 5;
  const { budget, settings } = budgetOf({}, (since) => (since === startOfDay(noon) ? known : known + 10));
  budget.ended(requestRecord({ costUsd: 1 }));
  known += 1;
  Object.assign(settings, { budgetDay: 10, budgetMonth: 100 });
  expect(budget.uses.map(({ used }) => used)).toEqual([6, 16]);
  budget.ended(requestRecord({ costUsd: 2 }));
  expect(budget.uses.map(({ used }) => used)).toEqual([8, 18]);
});

test("without a ledger that can be read it counts from now on, and says so", () => {
  const { budget, logged } = budgetOf({ budgetDay: 10 }, () => {
    throw new ProxyError("bug", "The database is damaged.");
  });
  budget.ended(requestRecord({ costUsd: 1 }));
  expect(budget.uses[0]?.used).toBe(1);
  expect(logged.join()).toContain("The database is damaged.");
});

describe("to clients", () => {
  let folder: TemporaryFolder;
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder[Symbol.asyncDispose]());
  const model = "claude-sonnet-5-5";
  const hello = [{ role: "user", content: "Hello" }];
  const messages = { model, max_tokens: 50, messages: hello };

  test("in each API's own words, with the time; across a restart; and a reload sets another", async () => {
    const env = { XDG_STATE_HOME: folder.path };
    const native = ["--mode", "native"];
    {
      await using sluice = await startSluice({ args: [...native, "--budget-day-requests", "5"], env });
      sluice.mock.respond(() => text("fine"));
      const warnings = [];
      for (let n = 0; n < 4; n++) {
        const reply = await sluice.post("/v1/messages", { ...messages, stream: n % 2 === 0 });
        await reply.text();
        warnings.push(reply.headers.get("x-sluice-warning"));
        expect(reply.status).toBe(200);
      }
      expect(warnings).toEqual([null, null, null, null]);
    }
    await using sluice = await startSluice({ args: [...native, "--budget-day-requests", "5"], env });
    sluice.mock.respond(() => text("fine"));
    const reply = await sluice.post("/v1/chat/completions", { model, messages: hello, seed: 1 });
    await reply.text();
    expect(reply.headers.get("x-sluice-warning")).toMatch(/; budget of this day: 4 of 5 requests used$/);
    const asked = sluice.mock.requests.length;

    for (const [path, body, failure] of [
      ["/v1/messages", messages, { type: "error", error: { type: "rate_limit_error" } }],
      ["/v1/messages", { ...messages, stream: true }, { type: "error", error: { type: "rate_limit_error" } }],
      [
        "/v1/chat/completions",
        { model, messages: hello },
        { error: { type: "rate_limit_error", code: "rate_limit_exceeded" } },
      ],
      ["/v1/responses", { model, input: "Hello" }, { error: { code: "rate_limit_exceeded" } }],
    ] as const) {
      const refused = await eventually(async () => {
        const reply = await sluice.post(path, body);
        return reply.status === 429 ? reply : void (await reply.text());
      });
      const said = (await refused.json()) as { error: { message: string } };
      expect(said).toMatchObject(failure);
      expect(said.error.message).toContain("The budget of this day is used up (5 of 5 requests). It begins anew on ");
      expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 25 * 3600 + 1);
      expect(refused.headers.get("x-should-retry")).toBe("false");
    }
    expect(sluice.mock.requests).toHaveLength(asked);
    // What costs nothing is not refused.
    expect((await sluice.post("/v1/messages/count_tokens", messages)).status).toBe(200);

    const { config } = loadConfig(["--budget-day-requests", "6"], { env: { ...env, HOME: folder.path } });
    sluice.server.reload(config);
    expect((await sluice.post("/v1/messages", messages)).status).toBe(200);
  });

  test("by what the real CLI says that an answer has cost, also what was in flight", async () => {
    await using sluice = await startSluice({ args: ["--budget-month", "0.00015"] });
    sluice.mock.respond(() => text("fine"));
    // A price of 0.000098 each: none of the two is there yet when the other one comes.
    const replies = await Promise.all([sluice.post("/v1/messages", messages), sluice.post("/v1/messages", messages)]);
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    await eventually(async () => (await sluice.post("/v1/messages", messages)).status === 429);
    const reply = await sluice.post("/v1/messages", messages);
    expect(await reply.text()).toContain("The budget of this month is used up ($0.00 of $0.00)");
  });
});
