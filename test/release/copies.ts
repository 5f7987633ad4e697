/** A release that is made in a folder of its own, by a copy of everything that it is made from. */

import { cp, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import manifest from "../../package.json" with { type: "json" };

const root = resolve(import.meta.dir, "../..");

/** What a release is made from, with the packages that are bundled. They have no dependencies of their own. */
const sources = ["src", "build.ts", "package.json", "tsconfig.json", "bunfig.toml", "README.md", "LICENSE"];
const packages = Object.keys(manifest.dependencies);

/**
 * Copies the sources into a folder, and runs their `bun build.ts --release`, from this folder where no other is given.
 * Returns the release's folder.
 */
export async function releaseIn(folder: string, options: readonly string[], cwd = folder): Promise<string> {
  await mkdir(join(folder, "node_modules"), { recursive: true });
  const paths = [...sources, ...packages.map((name) => `node_modules/${name}`)];
  await Promise.all(
    paths.map((path) => cp(join(root, path), join(folder, path), { recursive: true, dereference: true })),
  );
  const build = Bun.spawn([process.execPath, join(folder, "build.ts"), "--release", ...options], {
    cwd,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const complaint = await new Response(build.stderr).text();
  if ((await build.exited) !== 0) throw new Error(`bun build.ts --release failed: ${complaint}`);
  return join(folder, "dist/release");
}

/** The sums of a release, by the names of its files. Throws where one is not that of its file, or is absent. */
export async function sumsOf(release: string): Promise<Record<string, string>> {
  const lines = (await Bun.file(join(release, "SHA256SUMS")).text()).trimEnd().split("\n");
  const sums = Object.fromEntries(lines.map((line) => line.split("  ").reverse() as [string, string]));
  for (const [name, sum] of Object.entries(sums)) {
    const real = new Bun.CryptoHasher("sha256").update(await Bun.file(join(release, name)).bytes()).digest("hex");
    if (real !== sum) throw new Error(`${name} is ${real}, but SHA256SUMS says ${sum}`);
  }
  return sums;
}
