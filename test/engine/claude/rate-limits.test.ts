import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { CliLine } from "../../../src/engine/claude/lines.ts";
import { RateLimits } from "../../../src/engine/claude/rate-limits.ts";

const now = 1_795_222_500;
const soon = now + 9_000;
const later = now + 400_000;

/** What is known after these lines, so many seconds after the last. */
function known(infos: readonly unknown[], after = 0): RateLimits {
  let time = now * 1000;
  const limits = new RateLimits(() => time);
  for (const rate_limit_info of infos) limits.take({ type: "rate_limit_event", rate_limit_info } as CliLine);
  time += after * 1000;
  return limits;
}

// As the CLI prints them, see test/e2e/rate-limits.test.ts.
const allowed = {
  status: "allowed",
  resetsAt: soon,
  rateLimitType: "five_hour",
  overageStatus: "rejected",
  overageDisabledReason: "org_level_disabled",
  isUsingOverage: false,
  unifiedWindows: {
    five_hour: { utilization: 0.42, resetsAt: soon, status: "allowed" },
    seven_day: { utilization: 0.1, resetsAt: later, status: "allowed" },
  },
};
const warning = {
  status: "allowed_warning",
  resetsAt: later,
  rateLimitType: "seven_day_overage_included",
  utilization: 0.93,
  surpassedThreshold: 0.9,
  unifiedWindows: {
    seven_day_overage_included: {
      utilization: 0.93,
      resetsAt: later,
      status: "allowed_warning",
      surpassedThreshold: 0.9,
    },
  },
};
const onCredit = {
  status: "rejected",
  resetsAt: soon,
  rateLimitType: "five_hour",
  overageStatus: "allowed",
  overageResetsAt: later,
  isUsingOverage: true,
  overageInUse: true,
};

describe("headers", () => {
  test.each([
    [
      "allowed",
      allowed,
      {
        status: "allowed",
        reset: `${soon}`,
        "representative-claim": "five_hour",
        "5h-status": "allowed",
        "5h-utilization": "0.42",
        "5h-reset": `${soon}`,
        "7d-status": "allowed",
        "7d-utilization": "0.1",
        "7d-reset": `${later}`,
        "overage-status": "rejected",
        "overage-disabled-reason": "org_level_disabled",
      },
    ],
    [
      "allowed with a warning",
      warning,
      {
        status: "allowed_warning",
        reset: `${later}`,
        "representative-claim": "seven_day_overage_included",
        "7d_oi-status": "allowed_warning",
        "7d_oi-utilization": "0.93",
        "7d_oi-surpassed-threshold": "0.9",
        "7d_oi-reset": `${later}`,
      },
    ],
    [
      "paid for as extra usage",
      onCredit,
      {
        status: "rejected",
        reset: `${soon}`,
        "representative-claim": "five_hour",
        "overage-status": "allowed",
        "overage-reset": `${later}`,
        "overage-in-use": "true",
      },
    ],
    [
      "a version that tells of no windows",
      { status: "allowed_warning", resetsAt: soon, rateLimitType: "seven_day", utilization: 0.8 },
      {
        status: "allowed_warning",
        reset: `${soon}`,
        "representative-claim": "seven_day",
        "7d-utilization": "0.8",
      },
    ],
  ])("%s", (_, info, expected) => {
    const prefixed = Object.entries(expected).map(([name, value]) => [`anthropic-ratelimit-unified-${name}`, value]);
    expect(known([info]).headers).toEqual(Object.fromEntries(prefixed));
  });

  test("what the CLI was told last holds, all of it", () => {
    expect(known([allowed, warning]).headers).toEqual(known([warning]).headers);
  });

  test.each([
    { status: "rejected", isUsingOverage: false },
    { status: "allowed" },
    {},
    null,
    "x",
    { resetsAt: "soon" },
  ])("%j, of which the upstream said nothing, changes nothing", (info) => {
    expect(known([info]).headers).toEqual({});
    expect(known([allowed, info]).headers).toEqual(known([allowed]).headers);
  });

  test("a limit whose time is over is known no more", () => {
    const names = Object.keys(known([allowed], 9_000).headers).map((name) => name.replace(/^.*-unified-/, ""));
    expect(names).toEqual(["overage-status", "overage-disabled-reason", "7d-status", "7d-reset", "7d-utilization"]);
    const credit = Object.keys(known([onCredit], 500_000).headers);
    expect(credit).toEqual([]);
  });

  test("whatever a line says, its headers can be sent", () => {
    const value = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.object());
    const names = Object.keys({ ...allowed, ...warning, ...onCredit });
    const fields = fc.dictionary(fc.constantFrom(...names), value);
    const windows = fc.dictionary(fc.constantFrom("five_hour", "seven_day", "x"), fields);
    fc.assert(
      fc.property(fields, windows, (info, unifiedWindows) => {
        const { headers } = known([{ ...info, unifiedWindows }]);
        expect(Object.fromEntries(new Headers(headers))).toEqual(headers);
        for (const one of Object.values(headers)) expect(one).toMatch(/^[\w.+-]+$/);
      }),
    );
  });
});

describe("report", () => {
  test("tells the same, and how old it is", () => {
    expect(known([warning], 61).report).toEqual({
      age_seconds: 61,
      status: "allowed_warning",
      reset: later,
      "representative-claim": "seven_day_overage_included",
      "7d_oi": { status: "allowed_warning", reset: later, utilization: 0.93, "surpassed-threshold": 0.9 },
    });
  });

  test("is null where nothing was told", () => {
    expect(known([]).report).toBeNull();
  });
});
