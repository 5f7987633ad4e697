/** The page as a text: what it is made of, and what it may do. */

import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { pagePart, partPaths } from "../../src/dashboard/index.ts";

const folder = resolve(import.meta.dir, "../../src/dashboard");
const texts = new Map<string, string>();
for (const path of partPaths) texts.set(path, await ((await pagePart(path))?.text() ?? ""));

test("every module of the page is served, as a script without types", () => {
  const files = readdirSync(`${folder}/page`).map((name) => `/page/${name}`);
  expect(partPaths.filter((path) => path.endsWith(".ts")).sort()).toEqual(files.sort());
  const scripts = new Bun.Transpiler({ loader: "js" });
  for (const path of files) expect(() => scripts.scan(texts.get(path) ?? "")).not.toThrow();
});

test("what a part asks for is a part", () => {
  const asked = [...texts.values()].flatMap((text) => [
    ...[...text.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path]) => path),
    ...[...text.matchAll(/from\s*"\.\/([^"]+)"/g)].map(([, name]) => `/page/${name}`),
  ]);
  expect(asked.length).toBeGreaterThan(20);
  expect(asked.filter((path) => !partPaths.includes(path ?? ""))).toEqual([]);
});

test("there is no way from a text to markup or code, no address but ours, no style or script in the HTML", () => {
  const all = [...texts].map(([path, text]) => `${path}\n${text}`).join("\n");
  expect(all).not.toMatch(
    /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function|setHTML/,
  );
  expect(all.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\/|sourceMappingURL/);
  expect(texts.get("/")).not.toMatch(/<style|style=|<script(?! type="module" src=)|\son\w+=/);
});

test("nothing else has a path: not the source of the server, not what names lead to", async () => {
  const others = [
    "/page/",
    "/page/../index.ts",
    "/page/index.ts",
    "/page/constructor",
    "/page/main",
    "__proto__",
    "constructor",
  ];
  for (const path of others) expect(await pagePart(path)).toBeUndefined();
});

test("the browser is told to hold it to that", async () => {
  for (const path of partPaths) {
    const headers = (await pagePart(path))?.headers;
    const policy = headers?.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:|blob:/);
    expect(headers?.get("x-content-type-options")).toBe("nosniff");
    expect(headers?.get("referrer-policy")).toBe("no-referrer");
  }
});
