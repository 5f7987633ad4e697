/** What is published: twice the same, and what comes out of the package for npm is a Sluice that answers. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { cleanEnvironment, eventually, type TemporaryFolder, temporaryFolder } from "../support/environment.ts";
import { releaseIn, sumsOf } from "./copies.ts";

const { version } = manifest;
const archive = `sluice-${version}-linux-x64.tar.gz`;
const tarball = `claude-sluice-${version}.tgz`;

let folder: TemporaryFolder;
let release: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  release = await releaseIn(join(folder.path, "one"), ["--target", "linux-x64"]);
}, 600_000);
afterAll(async () => await folder[Symbol.asyncDispose]());

test("made again, elsewhere, it is the same byte for byte", async () => {
  const again = await releaseIn(join(folder.path, "somewhere/else"), ["--target", "linux-x64"], folder.path);
  const sums = await sumsOf(release);
  expect(Object.keys(sums)).toEqual([tarball, archive]);
  expect(await sumsOf(again)).toEqual(sums);
  expect(readdirSync(release).sort()).toEqual(["SHA256SUMS", tarball, archive]);
}, 600_000);

test("an archive has the program, its manual, its completions and the licence, and the program runs", async () => {
  const unpacked = join(folder.path, "unpacked");
  await mkdir(unpacked);
  await Bun.$`tar -xzf ${join(release, archive)} -C ${unpacked}`;
  const files = [...new Bun.Glob("**/*").scanSync(unpacked)].sort();
  const completions = ["completions/_sluice", "completions/sluice.bash", "completions/sluice.fish"];
  expect(files).toEqual(["LICENSE", "README.md", ...completions, "sluice", "sluice.1"]);
  expect(await Bun.$`${join(unpacked, "sluice")} --version`.text()).toBe(`${version}\n`);
  const script = await Bun.$`${join(unpacked, "sluice")} completions bash`.text();
  expect(await Bun.file(join(unpacked, "completions/sluice.bash")).text()).toBe(script);
});

describe("the package for npm", () => {
  test("has what it needs and nothing else, as npm sees it", async () => {
    const unpacked = join(folder.path, "npm");
    await mkdir(unpacked);
    await Bun.$`tar -xzf ${join(release, tarball)} -C ${unpacked}`;
    const [packed] = (await Bun.$`npm pack --dry-run --json ./package`.cwd(unpacked).quiet().json()) as [
      { name: string; version: string; files: { path: string; mode: number }[] },
    ];
    expect(packed).toMatchObject({ name: manifest.name, version });
    const files = packed.files.map(({ path }) => path);
    expect(files).toEqual(expect.arrayContaining(["package.json", "sluice.js", "sluice.1", "README.md", "LICENSE"]));
    const others = files.filter((path) => !/^(chunks|completions)\//.test(path));
    expect(others.sort()).toEqual(["LICENSE", "README.md", "package.json", "sluice.1", "sluice.js"]);
    expect(packed.files.find(({ path }) => path === "sluice.js")?.mode).toBe(0o755);
    expect(await Bun.file(join(unpacked, "package/package.json")).json()).not.toHaveProperty("dependencies");
  });

  test("bunx starts it in an empty home: it answers, and ends when it is told to", async () => {
    const home = join(folder.path, "home");
    const env = cleanEnvironment({ home, baseUrl: "http://127.0.0.1:9", path: `${home}/bin:/usr/bin:/bin` });
    await mkdir(join(home, "bin"));
    await symlink(process.execPath, join(home, "bin/bun"));
    // As `bunx claude-sluice` finds the command by the name of the package.
    const spec = `claude-sluice@file:${join(release, tarball)}`;
    const bunx = Bun.spawn([process.execPath, "x", spec, "demo", "--port", "0"], {
      cwd: home,
      env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: 600_000,
    });
    let printed = "";
    for (const stream of [bunx.stdout, bunx.stderr]) {
      void (async () => {
        const decoder = new TextDecoder();
        for await (const chunk of stream) printed += decoder.decode(chunk, { stream: true });
      })();
    }
    await eventually(() => {
      if (bunx.exitCode !== null) throw new Error(`It ended with ${bunx.exitCode}: ${printed}`);
      return printed.includes("Ctrl-C stops it");
    });
    const [, url = ""] = /answers on (http:\S+)/.exec(printed) ?? [];
    const response = await fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "echo", max_tokens: 100, messages: [{ role: "user", content: "From bunx" }] }),
    });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("From bunx")]);
    // What is embedded in the executable comes along here, too.
    const style = await fetch(`${url}/page/style.css`);
    expect([style.status, style.headers.get("content-type")]).toEqual([200, expect.stringContaining("text/css")]);
    bunx.kill("SIGTERM");
    await bunx.exited;
    expect(
      await eventually(() =>
        fetch(url).then(
          () => false,
          () => true,
        ),
      ),
    ).toBe(true);
  }, 600_000);
});

test.each<[string[], string]>([
  [["--target", "linux-riscv"], "--target linux-riscv: it is one of linux-x64,"],
  [["--targets", "linux-x64"], "--targets"],
])("%p is refused, and says why", async (options, words) => {
  await expect(releaseIn(join(folder.path, "refused"), options)).rejects.toThrow(words);
});
