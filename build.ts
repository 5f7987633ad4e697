/** `bun build.ts`: the executable for this machine, as `dist/sluice`, and OpenClaw's plugin with it, as `dist/openclaw`. */

import { chmod, copyFile, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { license, version } from "./package.json";
import plugin from "./src/openclaw/package.json";

const source = import.meta.dir;
const executable = resolve(source, "dist/sluice");

await build({
  entrypoints: [resolve(source, "src/main.ts")],
  compile: { outfile: executable, autoloadDotenv: false, autoloadBunfig: false, jitPolicy: 32 },
  bytecode: true,
  format: "esm",
  splitting: true,
});
console.log(`Sluice ${version}: ${executable} (${Math.round(Bun.file(executable).size / 1024 ** 2)} MB)`);

const pluginFolder = resolve(source, "dist/openclaw");
await buildPlugin(pluginFolder);
console.log(`OpenClaw plugin: ${pluginFolder} (npm pack makes it one file)`);

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
  await copyFile(executable, join(inside, "sluice"));
  await chmod(join(inside, "sluice"), 0o755);
  await writePackage(inside, { name: dependency, version, license, ...machine, bin: { sluice: "sluice" } });
}

async function writePackage(folder: string, manifest: object): Promise<void> {
  await Bun.write(join(folder, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

async function build(config: Bun.BuildConfig): Promise<void> {
  const result = await Bun.build(config);
  if (!result.success) throw new AggregateError(result.logs, "The build failed");
}
