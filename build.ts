/**
 * `bun build.ts`: the executable for this machine, as `dist/sluice`, and OpenClaw's plugin with it, as `dist/openclaw`.
 * `bun build.ts --release [--target TARGET …] [--url URL]`: what is published, in `dist/release`.
 */

import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { license, version } from "./package.json";
import plugin from "./src/openclaw/package.json";
import { build, compile, targets } from "./src/release/program.ts";
import { release } from "./src/release/release.ts";

const source = import.meta.dir;
// What is bundled carries its path from here, and is to be the same wherever the build was started.
process.chdir(source);
const program = process.platform === "win32" ? "sluice.exe" : "sluice";
const executable = resolve(source, "dist", program);

const { values } = parseArgs({
  options: { release: { type: "boolean" }, target: { type: "string", multiple: true }, url: { type: "string" } },
});
if (values.release) await makeRelease(values.target ?? [...targets], values.url);
else await makeHere();

/** The executable for this machine, and OpenClaw's plugin with it. */
async function makeHere(): Promise<void> {
  await compile(executable);
  console.log(`Sluice ${version}: ${executable} (${megabytes(Bun.file(executable).size)})`);
  const pluginFolder = resolve(source, "dist/openclaw");
  await buildPlugin(pluginFolder);
  console.log(`OpenClaw plugin: ${pluginFolder} (npm pack makes it one file)`);
}

async function makeRelease(names: readonly string[], url: string | undefined): Promise<void> {
  const unknown = names.find((name) => !targets.some((target) => target === name));
  if (unknown !== undefined) throw new TypeError(`--target ${unknown}: it is one of ${targets.join(", ")}`);
  const folder = resolve(source, "dist/release");
  await release({
    folder,
    targets: targets.filter((target) => names.includes(target)),
    url: url?.replace(/\/+$/, ""),
    made: (name, bytes) => console.log(`${name} (${megabytes(bytes)})`),
  });
  console.log(`Sluice ${version}: ${folder}, with SHA256SUMS`);
  if (url === undefined) console.log("No formula for Homebrew: --url URL says where the archives will lie.");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

/** A package of npm's that brings its Sluice along, as a dependency in the same file. It fits machines like this one. */
async function buildPlugin(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await build({
    entrypoints: [resolve(source, "src/openclaw/index.ts")],
    outdir: folder,
    target: "node",
  });
  for (const file of ["openclaw.plugin.json", "README.md"]) {
    await copyFile(resolve(source, "src/openclaw", file), join(folder, file));
  }
  const machine = { os: [process.platform], cpu: [process.arch] };
  const dependency = "claude-sluice";
  await writePackage(folder, { ...plugin, version, ...machine, dependencies: { [dependency]: version } });

  const inside = join(folder, "node_modules", dependency);
  await mkdir(inside, { recursive: true });
  await copyFile(executable, join(inside, program));
  await chmod(join(inside, program), 0o755);
  await writePackage(inside, { name: dependency, version, license, ...machine, bin: { sluice: program } });
}

async function writePackage(folder: string, manifest: object): Promise<void> {
  await Bun.write(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}
