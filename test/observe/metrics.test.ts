/** What a monitor reads: real numbers after real requests, in a format that Prometheus' own tool finds nothing in. */

import { beforeAll, expect, test } from "bun:test";
import { Metrics } from "../../src/observe/metrics.ts";
import { Counter, exposition, Histogram, Names, now } from "../../src/observe/prometheus.ts";
import { installPrograms } from "../support/debian.ts";
import { eventually } from "../support/environment.ts";
import { error, text, toolUse } from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";
import { requestRecord } from "../store/ledger-records.ts";

beforeAll(() => installPrograms({ promtool: "prometheus" }), 300_000);

/** What `promtool check metrics` has to complain of. */
async function complaints(metrics: string): Promise<string> {
  const child = Bun.spawn(["promtool", "check", "metrics"], {
    stdin: new Blob([metrics]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return `${await child.exited} ${said.join("").trim()}`;
}

/** The samples by what stands before the value. */
function valuesOf(metrics: string): Record<string, number> {
  const lines = metrics.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]),
  );
}

async function scrape({ url }: TestSluice, key = "door") {
  const reply = await fetch(`${url}/metrics`, { headers: { "x-api-key": key } });
  expect(reply.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return await reply.text();
}

const body = { model: "sonnet", max_tokens: 50, messages: [{ role: "user", content: "Hello" }] };

test("after real requests", async () => {
  const login = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: "dummy" };
  await using sluice = await startSluice({ env: login, args: ["--client-key", "door", "--budget-day-requests", "8"] });
  const prefix = "anthropic-ratelimit-unified";
  const reset = Math.floor(Date.now() / 1000) + 9_000;
  const headers = {
    [`${prefix}-status`]: "allowed",
    [`${prefix}-representative-claim`]: "five_hour",
    [`${prefix}-5h-status`]: "allowed",
    [`${prefix}-5h-utilization`]: "0.42",
    [`${prefix}-5h-reset`]: String(reset),
  };
  const own = { "x-api-key": "door", "user-agent": 'Some"\\/1.0 (x)' };
  const ask = async (path: string, body: object) => await (await sluice.post(path, body, { headers: own })).text();
  sluice.mock.respond(() => text("fine", { headers }));
  await ask("/v1/messages", { ...body, stream: true });
  await ask("/v1/chat/completions", { model: "sonnet", messages: body.messages });
  sluice.mock.respond(() => toolUse([{ name: "weather", input: {} }]));
  await ask("/v1/responses", {
    model: "sonnet",
    input: "Hello",
    tools: [{ type: "function", name: "weather", parameters: {} }],
  });
  sluice.mock.respond(() => error(403, "permission_error", "No."));
  await ask("/v1/messages", { ...body, messages: [{ role: "user", content: "Refused" }] });
  await sluice.post("/v1/messages", body, { headers: { "user-agent": "Stranger/1" } });

  const metrics = await eventually(async () => {
    const metrics = await scrape(sluice);
    return ["sluice_requests_running 0\n", "sluice_rate_limit_used"].every((part) => metrics.includes(part))
      ? metrics
      : undefined;
  });
  expect(await complaints(metrics)).toBe("0 ");
  const values = valuesOf(metrics);
  expect(values).toMatchObject({
    'sluice_requests_total{api="messages",outcome="ok"}': 1,
    'sluice_requests_total{api="messages",outcome="permission"}': 1,
    'sluice_requests_total{api="messages",outcome="authentication"}': 1,
    'sluice_requests_total{api="chat",outcome="ok"}': 1,
    'sluice_requests_total{api="responses",outcome="ok"}': 1,
    'sluice_client_answers_total{client="Some"}': 3,
    'sluice_model_answers_total{model="claude-sonnet-5-5"}': 3,
    'sluice_tokens_total{model="claude-sonnet-5-5",kind="input"}': 30,
    'sluice_tokens_total{model="claude-sonnet-5-5",kind="output"}': 21,
    'sluice_tokens_total{model="claude-sonnet-5-5",kind="cache_read"}': 15,
    'sluice_tokens_total{model="claude-sonnet-5-5",kind="cache_write"}': 9,
    'sluice_time_to_first_text_seconds_count{api="messages"}': 1,
    'sluice_time_to_first_text_seconds_bucket{api="messages",le="+Inf"}': 1,
    'sluice_request_duration_seconds_count{api="messages"}': 3,
    'sluice_processes{state="parked"}': 1,
    sluice_queue_length: 0,
    sluice_process_crashes_total: 0,
    'sluice_rate_limit_used_ratio{window="5h"}': 0.42,
    'sluice_rate_limit_reset_timestamp_seconds{window="5h"}': reset,
    'sluice_budget_used_ratio{period="day",unit="requests"}': 3 / 8,
  });
  // That of the tool call is rounded to four digits.
  expect(values['sluice_cost_dollars_total{model="claude-sonnet-5-5"}']).toBeCloseTo(3 * 0.000098, 4);
  expect(Object.keys(values).join()).not.toContain("Stranger");
  expect(Number(values["sluice_process_starts_total"])).toBeGreaterThanOrEqual(3);
  const ways = Object.entries(values).filter(([name]) => name.startsWith("sluice_answers_total{way="));
  expect(ways.reduce((sum, [, count]) => sum + count, 0)).toBe(3);

  // A process that ends by itself is counted as one.
  const [victim] = sluice.processes();
  process.kill(Number(victim?.pid), "SIGKILL");
  await eventually(async () => valuesOf(await scrape(sluice))["sluice_process_crashes_total"] === 1);
});

test("only for who has the key, and in native mode too", async () => {
  await using sluice = await startSluice({ args: ["--mode", "native", "--client-key", "door"] });
  sluice.mock.respond(() => text("fine"));
  const headers = { "x-api-key": "door", "anthropic-version": "2023-06-01" };
  await (await sluice.post("/v1/messages", { ...body, model: "claude-sonnet-5-5" }, { headers })).text();
  expect((await fetch(`${sluice.url}/metrics`)).status).toBe(401);
  expect((await sluice.post("/metrics", {}, { headers })).status).toBe(405);
  const metrics = await (await fetch(`${sluice.url}/metrics`, { headers })).text();
  expect(await complaints(metrics)).toBe("0 ");
  expect(metrics).toContain('sluice_answers_total{way="native"} 1\n');
  expect(metrics).not.toContain("sluice_cost");
  expect(metrics).not.toContain("sluice_processes");
});

test("names from outside are bounded, and can't break a line", async () => {
  const metrics = new Metrics();
  for (let n = 0; n < 1000; n++) {
    const record = requestRecord({ client: `client-${n}`, model: n === 0 ? 'a"b\\c\nd' : `model-${n}` });
    metrics.began();
    metrics.ended(record);
  }
  const said = metrics.render({ ok: true, engine: "echo", detail: {} }, []);
  expect(await complaints(said)).toBe("0 ");
  const values = valuesOf(said);
  expect(Object.keys(values).length).toBeLessThan(450);
  expect(values['sluice_client_answers_total{client="client-0"}']).toBe(1);
  expect(values['sluice_client_answers_total{client="other"}']).toBe(950);
  expect(values['sluice_model_answers_total{model="a\\"b\\\\c\\nd"}']).toBe(1);
});

test("labels whose values read the same when joined are counted apart", () => {
  const counter = new Counter("tokens_total", "Tokens.", ["model", "kind"]);
  counter.add(1, "a", "bc");
  counter.add(2, "ab", "c");
  expect(counter.samples()).toEqual([
    ["tokens_total", 'model="a",kind="bc"', 1],
    ["tokens_total", 'model="ab",kind="c"', 2],
  ]);
});

test("the text format", () => {
  const counter = new Counter("requests_total", "Requests.");
  counter.add(1);
  counter.add(2);
  const histogram = new Histogram("size_bytes", "Sizes.", [1, 10], ["kind"]);
  for (const value of [0.5, 1, 5, 100]) histogram.observe(value, "a");
  const none = now("gauge", "nothing", "Nothing.", [[{}, undefined]]);
  expect(exposition([counter, histogram, none])).toBe(`# HELP requests_total Requests.
# TYPE requests_total counter
requests_total 3
# HELP size_bytes Sizes.
# TYPE size_bytes histogram
size_bytes_bucket{kind="a",le="1"} 2
size_bytes_bucket{kind="a",le="10"} 3
size_bytes_bucket{kind="a",le="+Inf"} 4
size_bytes_sum{kind="a"} 106.5
size_bytes_count{kind="a"} 4
`);
  const names = new Names(2);
  expect(["a", "b", "c", "a", "d"].map((name) => names.of(name))).toEqual(["a", "b", "other", "a", "other"]);
});
