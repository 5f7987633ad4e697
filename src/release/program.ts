/** The executable of Sluice, and its package for npm: how both are bundled. */

import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

const entrypoint = resolve(import.meta.dir, "../main.ts");

/**
 * The systems that Bun makes executables for. Those for Linux need glibc, or else musl; on x64 one program fits every
 * processor since 2008 (SSE 4.2).
 */
export const targets = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
  "windows-x64",
  "windows-arm64",
] as const;

export type Target = (typeof targets)[number];

/**
 * Makes an executable, for this machine where no target is given. Bytecode halves the time until it listens; what is not
 * needed for that is a chunk of its own, loaded later; and nothing is compiled further before (`startServer` ends that).
 * The source map is there for the traces of bugs. To minify would save 0.4 of 108 MB, and no time.
 */
export async function compile(outfile: string, target?: Target): Promise<void> {
  // Others may be running what is there; and the source map is written beside it, though it is in it as well.
  await mkdir(dirname(outfile), { recursive: true });
  const folder = await mkdtemp(join(dirname(outfile), ".build-"));
  try {
    const made = join(folder, basename(outfile));
    await build({
      entrypoints: [entrypoint],
      compile: {
        outfile: made,
        autoloadDotenv: false,
        autoloadBunfig: false,
        jitPolicy: 32,
        ...(target && { target: `bun-${target}` }),
      },
      bytecode: true,
      splitting: true,
      sourcemap: "linked",
      format: "esm",
    });
    await rename(made, outfile);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Makes JavaScript that Bun runs without any other package; the command is `sluice.js`. */
export async function bundle(outdir: string): Promise<void> {
  await build({
    entrypoints: [entrypoint],
    outdir,
    target: "bun",
    splitting: true,
    naming: { entry: "sluice.[ext]", chunk: "chunks/[name]-[hash].[ext]" },
  });
}

/** Throws where the build fails. */
export async function build(config: Bun.BuildConfig): Promise<void> {
  const result = await Bun.build(config);
  if (!result.success) throw new AggregateError(result.logs, "The build failed");
}
