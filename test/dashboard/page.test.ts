/** The page in a browser: what it shows, what it survives, and what it may not. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { pagePart, partPaths } from "../../src/dashboard/index.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { startServer } from "../../src/server.ts";
import { type Browser, startBrowser, type Tab, type ViewOptions } from "../support/browser.ts";
import { buildBinary, chooseSluice, startBinary } from "../support/binary.ts";
import { cleanEnvironment, temporaryFolder } from "../support/environment.ts";
import { error, midStreamError, text, thinking } from "../support/mock-anthropic.ts";
import { secrets } from "../support/secrets.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

let browser: Browser;
let sluice: TestSluice;
beforeAll(async () => {
  [browser, sluice] = await Promise.all([startBrowser(), startSluice({ args: ["--spares", "1"] })]);
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
  await browser[Symbol.asyncDispose]();
});

const body = { model: "sonnet", max_tokens: 900, messages: [{ role: "user", content: "THE-QUESTION" }] };
const axe = await Bun.file(resolve(import.meta.dir, "../../node_modules/axe-core/axe.min.js")).text();

/** Opens the page, and waits until it is connected. */
async function openPage(options: ViewOptions = {}, url = sluice.url): Promise<Tab> {
  const tab = await browser.open(options);
  await tab.open(url);
  await tab.shows("#connection", "Live");
  return tab;
}

/** What axe finds wrong with the page as it is. */
async function faults(tab: Tab): Promise<string[]> {
  await tab.evaluate(`(() => { ${axe}; return 0; })()`);
  return await tab.evaluate(
    `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + " " + target + " " + failureSummary)))`,
  );
}

test("shows a running answer as it streams, then what it came to, and not a word of it", async () => {
  await using tab = await openPage();
  const answer = "THE-ANSWER goes on and on. ".repeat(40);
  sluice.mock.respond(() =>
    thinking("THE-THOUGHT ".repeat(20), answer, { chunks: 30, delayMs: 40, usage: { output_tokens: 270 } }),
  );
  const headers = { "user-agent": "watched/1.0" };
  const reply = sluice.post("/v1/messages", { ...body, stream: true }, { headers }).then((response) => response.text());
  await tab.shows("#requests tr.running", "thinking");
  await tab.shows("#requests tr.running", "writing");
  const tokens = async () => Number((await tab.text("#requests tr.running td.number")).match(/≈ (\d+)/)?.[1] ?? 0);
  const first = await tokens();
  expect(first).toBeGreaterThan(0);
  await tab.until(
    `Number(document.querySelector("#requests tr.running td.number")?.innerText.match(/≈ (\\d+)/)?.[1]) > ${first}`,
  );
  expect(await tab.text("#running")).toBe("1");
  expect(await reply).toContain("THE-ANSWER");
  await tab.shows("#requests tr.ok", "270");
  expect(await tab.text("#requests tr.ok")).toContain("watched");
  await tab.until(`document.querySelector("#requests tr.running") === null`);
  // Of its processes, of its times, of its window's title.
  await tab.shows("#processes", "keeping a conversation");
  await tab.shows("#latency-note", "answer");
  const shown = await tab.evaluate<string>("document.documentElement.outerHTML + document.title");
  expect(shown).not.toMatch(/THE-(QUESTION|ANSWER|THOUGHT)/);
  expect(tab.complaints).toEqual([]);
});

test("an answer that passes unread is shown by its bytes until it has said how long it is", async () => {
  await using native = await startSluice({ args: ["--mode", "native", "--budget-day-requests", "1"] });
  await using tab = await openPage({}, native.url);
  native.mock.respond(() => text("unread ".repeat(60), { chunks: 60, delayMs: 50, usage: { output_tokens: 77 } }));
  const reply = native.post("/v1/messages", { ...body, stream: true }).then((response) => response.text());
  await tab.shows("#requests tr.running", " kB");
  await reply;
  await tab.shows("#requests tr.ok", "77");
  // No price is told, and none is made up.
  await tab.shows("#spend-rows", "1 of 1");
  expect(await tab.text("#spend")).toBe("–");
  expect((await native.post("/v1/messages", body)).status).toBe(429);
  await tab.shows("#errors", "allow more with --budget-day-requests");
});

test("the snippets have the address by which the page was reached, also where something before Sluice ends TLS", async () => {
  const { host } = new URL(sluice.url);
  const ask = async (query: string) => (await fetch(`${sluice.url}/snippets${query}`)).text();
  for (const query of ["", "?scheme=http", "?scheme=javascript"])
    expect(await ask(query)).toContain(`http://${host}/v1`);
  const secure = await ask("?scheme=https");
  expect(secure).toContain(`https://${host}/v1`);
  expect(secure).not.toContain("http://");
});

test("survives a restart of Sluice, and says so meanwhile", async () => {
  await using folder = await temporaryFolder();
  const env = cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:9" });
  const log = createLog("debug", () => {});
  const start = (port: number) => startServer(loadConfig(["--port", String(port)], { mode: "echo", env }).config, log);
  const before = await start(0);
  await using tab = await openPage({}, before.url);
  // A page that is open holds nothing up: with one that did, this would take an hour.
  await before.stop(3_600);
  await tab.shows("#connection", "Trying again");
  await tab.shows("#connection", "What is shown is of");
  const after = await start(before.port);
  await tab.shows("#connection", "Live");
  expect(await tab.text("#announcement")).not.toBe("");
  const reply = await fetch(`${after.url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": "afterwards" },
    body: JSON.stringify(body),
  });
  expect(reply.status).toBe(200);
  await tab.shows("#requests", "afterwards");
  await after.stop(3_600);
});

describe("with a client key", () => {
  let locked: TestSluice;
  beforeAll(async () => {
    locked = await startSluice({ env: { SLUICE_CLIENT_KEY: secrets.clientKey } });
  });
  afterAll(() => locked[Symbol.asyncDispose]());

  test("it holds nothing without it, says 401 in words where it is wrong, and asks once", async () => {
    await using tab = await browser.open();
    await tab.open(locked.url);
    await tab.shows("#lock", "has a client key");
    expect(await tab.text("#instruments")).toBe("");
    expect(await tab.evaluate<string>("document.activeElement.id")).toBe("key");
    await tab.view.type("wrong");
    await tab.view.press("Enter");
    await tab.shows("#lock-words", "401: The client key is wrong");
    await tab.view.type(secrets.clientKey);
    await tab.view.press("Enter");
    await tab.shows("#connection", "Live");
    await tab.shows("#snippets", new URL(tab.view.url).host);
    await tab.view.reload();
    await tab.shows("#connection", "Live");
    expect(tab.requests.join()).not.toContain(secrets.clientKey);
    expect(await tab.evaluate<number>("localStorage.length + document.cookie.length")).toBe(0);
    await tab.view.click("#forget");
    await tab.shows("#lock", "has a client key");
    expect(await tab.evaluate<number>("sessionStorage.length")).toBe(0);
    expect(await faults(tab)).toEqual([]);
  });

  test("each datum does", async () => {
    for (const path of ["/live", "/snippets", "/v1/models"]) {
      const refused = await fetch(locked.url + path);
      expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining("client key")]);
    }
    for (const path of ["/", "/page/main.ts"]) expect((await fetch(locked.url + path)).status).toBe(200);
  });
});

describe("refuses what the guard refuses", () => {
  test("a name of another's that leads here", async () => {
    await using tab = await browser.open();
    await tab.open(sluice.url.replace("127.0.0.1", "evil.example"));
    expect(await tab.text("body")).toContain("does not go by the name evil.example");
    expect(await tab.evaluate<number>("document.scripts.length")).toBe(0);
  });

  test("a page of another address: it reads nothing, sends nothing, and frames nothing", async () => {
    const before = sluice.mock.requests.length;
    using elsewhere = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () =>
        new Response(`<!doctype html><title>evil</title><iframe src="${sluice.url}/"></iframe>`, {
          headers: { "content-type": "text/html" },
        }),
    });
    await using tab = await browser.open();
    await tab.open(elsewhere.url.href);
    const tries = [
      `fetch("${sluice.url}/live")`,
      `fetch("${sluice.url}/snippets", { mode: "no-cors" }).then((response) => response.text())`,
      `fetch("${sluice.url}/v1/messages", { method: "POST", headers: { "content-type": "application/json" }, body: ${JSON.stringify(JSON.stringify(body))} })`,
      `fetch("${sluice.url}/v1/messages", { method: "POST", mode: "no-cors", body: ${JSON.stringify(JSON.stringify(body))} }).then((response) => response.text())`,
      `new Promise((yes, no) => { const source = new EventSource("${sluice.url}/live"); source.onopen = () => yes("open"); source.onerror = () => no(); })`,
    ];
    for (const one of tries) {
      const read = await tab.evaluate<string>(
        `${one}.then((got) => typeof got === "string" ? got : "answered", () => "")`,
      );
      expect(read).toBe("");
    }
    expect(sluice.mock.requests.length).toBe(before);
    // The frame was asked for, and nothing of what the page consists of.
    expect(tab.requests).toContain(`${sluice.url}/`);
    expect(tab.requests.filter((url) => url.includes("/page/"))).toEqual([]);
    for (const path of ["/", "/live", "/snippets", "/page/main.ts"]) {
      const foreign = await fetch(sluice.url + path, { headers: { origin: elsewhere.url.origin } });
      expect([foreign.status, foreign.headers.has("access-control-allow-origin")]).toEqual([403, false]);
    }
  });
});

describe("the playground", () => {
  let tab: Tab;
  beforeAll(async () => {
    tab = await openPage();
    await tab.until(`document.querySelector("#model").value !== ""`);
    await tab.view.scrollTo("#send");
  });
  afterAll(() => tab[Symbol.asyncDispose]());

  test.each(["Messages", "Chat Completions", "Responses"])("%s: the answer and its events", async (api) => {
    const words = `For ${api}: Grüße, 你好 <b>`;
    sluice.mock.respond(() => text(words, { chunks: 5 }));
    const chip = `[...document.querySelectorAll("#playground-form .chip")].find((one) => one.innerText === "${api}")`;
    await tab.evaluate(`${chip}.click()`);
    await tab.view.click("#send");
    await tab.shows("#answer", words);
    await tab.shows("#outcome", "Done by way of");
    await tab.evaluate(`document.querySelector("details").open = true`);
    await tab.shows("#raw", "data: {");
    await tab.shows("#requests", "browser");
  });

  test("says what went wrong, in the words of Sluice, and stops when it is told to", async () => {
    sluice.mock.respond(() => midStreamError("overloaded_error", "Overloaded in the middle"));
    await tab.view.click("#send");
    await tab.shows("#outcome", "It failed: ");
    sluice.mock.respond(() => text("word ".repeat(400), { chunks: 400, delayMs: 50 }));
    await tab.view.click("#send");
    await tab.shows("#answer", "word word");
    await tab.view.click("#stop");
    await tab.shows("#outcome", "Stopped.");
    await tab.evaluate(`document.querySelector("#model").value = "no-such"`);
    await tab.view.click("#send");
    await tab.shows("#outcome", "404. There is no model");
    expect(await tab.evaluate<string>("document.activeElement.id")).toBe("send");
  });
});

test("what comes from outside stays a text: names of clients and models, errors, answers, events", async () => {
  const evil = `<img src=x onerror="pwned=1"><script>pwned=1</script>`;
  await using tab = await openPage();
  sluice.mock.respond(() => error(400, "invalid_request_error", `Bad ${evil}`));
  await (await sluice.post("/v1/messages", body, { headers: { "user-agent": `${evil}/1` } })).text();
  await (await sluice.post("/v1/chat/completions", { ...body, model: evil })).text();
  await tab.shows("#errors", "Bad <img src=x onerror");
  await tab.shows("#errors", `There is no model`);
  sluice.mock.respond(() => text(`Text ${evil}`));
  await tab.until(`document.querySelector("#model").value !== ""`);
  await tab.view.scrollTo("#send");
  await tab.view.click("#send");
  await tab.shows("#answer", `Text ${evil}`);
  expect(await tab.evaluate<unknown>("[document.images.length, document.scripts.length, typeof pwned]")).toEqual([
    0,
    1,
    "undefined",
  ]);
  // And were it tried, the browser would not have it.
  const tried = `(() => { try { document.body.innerHTML = "<p>"; return "done"; } catch (error) { return error.name; } })()`;
  expect(await tab.evaluate<string>(tried)).toBe("TypeError");
});

describe("by keyboard alone", () => {
  test("every control is reached in the order in which it stands, and seen to be", async () => {
    await using tab = await openPage();
    await tab.shows("#snippets", new URL(tab.view.url).host);
    const reached: string[] = [];
    for (let presses = 0; presses < 40; presses++) {
      await tab.view.press("Tab");
      const [name, seen] = await tab.evaluate<[string, boolean]>(`(() => {
        const at = document.activeElement;
        const ring = at.matches(".chip input") ? at.nextElementSibling : at;
        const { outlineStyle, outlineWidth } = getComputedStyle(ring);
        return [at === document.body ? "" : at.id || at.name || at.className || at.tagName, outlineStyle !== "none" && outlineWidth !== "0px"];
      })()`);
      if (name === "" || name === reached[0]) break;
      reached.push(name);
      expect([name, seen]).toEqual([name, true]);
    }
    const fixed = ["skip", "api", "model", "prompt", "send", "answer", "SUMMARY", "client"];
    const snippets = await tab.evaluate<number>(`document.querySelectorAll(".snippet").length`);
    const each = Array.from({ length: snippets }, () => ["paper snippet", "quiet"]).flat();
    expect(reached).toEqual([...fixed, ...each]);
  });

  test("a request is chosen, written and sent; a client is chosen", async () => {
    sluice.mock.respond(() => text("by keyboard"));
    await using tab = await openPage();
    await tab.shows("#snippets", new URL(tab.view.url).host);
    await tab.until(`document.querySelector("#model").value !== ""`);
    await tab.evaluate(`document.querySelector("[name=api]").focus()`);
    await tab.view.press("ArrowRight");
    expect(await tab.evaluate<string>(`new FormData(document.querySelector("#playground-form")).get("api")`)).toBe("1");
    await tab.view.press("Tab");
    await tab.view.press("Tab");
    await tab.view.type(" Please.");
    await tab.view.press("Enter", { modifiers: ["Control"] });
    await tab.shows("#answer", "by keyboard");
    // Said aloud, too.
    await tab.shows("#announcement", "Playground: Done");
    const before = await tab.text("#snippets");
    await tab.evaluate(`document.querySelector("[name=client]").focus()`);
    await tab.view.press("ArrowRight");
    await tab.until(`document.querySelector("#snippets").innerText.trim() !== ${JSON.stringify(before)}`);
  });
});

describe("whoever looks at it", () => {
  test.each([
    ["light", 1280],
    ["dark", 380],
  ] as const)("%s, %d px: axe finds nothing, and nothing is cut off", async (theme, width) => {
    sluice.mock.respond(() => error(529, "overloaded_error", `Overloaded${"x".repeat(300)}`));
    await (await sluice.post("/v1/messages", body, { headers: { "user-agent": `${"long".repeat(16)}/1` } })).text();
    await using tab = await openPage({ theme, width });
    await tab.shows("#errors", "Overloaded");
    await tab.shows("#snippets", new URL(tab.view.url).host);
    expect(await faults(tab)).toEqual([]);
    expect(await tab.evaluate<number>("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
  });

  test("nothing moves by itself for who does not want it", async () => {
    const moves = `[...document.querySelectorAll("*")].filter((one) => {
      const { transitionDuration, animationName } = getComputedStyle(one);
      return transitionDuration.split(", ").some((time) => parseFloat(time) > 0) || animationName !== "none";
    }).length`;
    await using lively = await openPage();
    await lively.until(`${moves} > 0`);
    await using calm = await openPage({ calm: true });
    await calm.until(`document.querySelector("#requests .timebar") !== null`);
    expect(await calm.evaluate<number>(moves)).toBe(0);
  });
});

test("the executable serves the same page, each part of it", async () => {
  await buildBinary();
  await using folder = await temporaryFolder();
  const [executable = ""] = chooseSluice().command;
  const binary = await startBinary(folder.path, sluice.mock, { command: [executable, "demo"] });
  await using tab = await openPage({}, binary.url);
  await tab.shows("#requests", "Messages");
  expect(tab.complaints).toEqual([]);
  for (const path of partPaths) {
    const [theirs, ours] = [await fetch(binary.url + path), await pagePart(path)];
    expect([path, await theirs.text()]).toEqual([path, (await ours?.text()) ?? ""]);
    expect(theirs.headers.get("content-type")).toBe(ours?.headers.get("content-type") ?? null);
  }
  expect(await binary.stop()).toBe(0);
});

test("no request to any other host, by the page or by the browser for it", async () => {
  await using tab = await openPage();
  await tab.shows("#snippets", new URL(tab.view.url).host);
  expect(tab.requests.length).toBeGreaterThan(15);
  expect(tab.requests.filter((url) => new URL(url).origin !== sluice.url)).toEqual([]);
  const connections = await browser.connections();
  expect(connections.length).toBeGreaterThan(0);
  expect(connections.filter((address) => !address.startsWith("127.0.0.1:"))).toEqual([]);
});
