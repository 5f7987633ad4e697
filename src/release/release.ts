/** Everything that is published of a version, from the same sources always the same bytes. */

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Glob } from "bun";
import manifest from "../../package.json" with { type: "json" };
import { commands } from "../commands/index.ts";
import { exitCodes } from "../error.ts";
import { describe } from "../shell/describe.ts";
import { shells } from "../shell/index.ts";
import { manual } from "../shell/manual.ts";
import { type ArchivedFile, tarGz, zip } from "./archive.ts";
import { formula, formulaTargets } from "./formula.ts";
import { withoutSignature } from "./macho.ts";
import { bundle, compile, type Target } from "./program.ts";

const root = resolve(import.meta.dir, "../..");
const { name: packageName, version, description, license, type, engines } = manifest;

export interface ReleaseOptions {
  /** Where everything goes; what is there is removed. */
  folder: string;
  targets: readonly Target[];
  /** The folder that the archives will be downloaded from; without it there is no formula, for that names it. */
  url: string | undefined;
  /** Is told of each file once it is there. */
  made(name: string, bytes: number): void;
}

/** Makes the archives, the package for npm, Homebrew's formula and `SHA256SUMS`. */
export async function release({ folder, targets, url, made }: ReleaseOptions): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const sums = new Map<string, string>();
  const add = async (name: string, bytes: Uint8Array | string) => {
    await Bun.write(join(folder, name), bytes);
    sums.set(name, new Bun.CryptoHasher("sha256").update(bytes).digest("hex"));
    made(name, bytes.length);
  };

  const documents = await readDocuments();
  for (const target of targets) await add(archiveName(target), await archive(target, documents));
  await add(`${packageName}-${version}.tgz`, await npmPackage(documents));
  const archives = formulaTargets.map((target) => {
    const name = archiveName(target);
    return [target, { name, sha256: sums.get(name) ?? "" }] as const;
  });
  if (url !== undefined && archives.every(([, { sha256 }]) => sha256 !== "")) {
    const desc = "Use Claude Code from every program that speaks an Anthropic or OpenAI API";
    const all = Object.fromEntries(archives) as Parameters<typeof formula>[0]["archives"];
    await add("sluice.rb", formula({ version, description: desc, license, url, archives: all }));
  }
  const lines = [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, sum]) => `${sum}  ${name}\n`);
  await Bun.write(join(folder, "SHA256SUMS"), lines.join(""));
}

export function archiveName(target: Target): string {
  return `sluice-${version}-${target}.${target.startsWith("windows") ? "zip" : "tar.gz"}`;
}

/** What comes with every program: licence, README, manual and completions. */
async function readDocuments(): Promise<ArchivedFile[]> {
  const described = await describe(commands);
  const written = {
    "completions/_sluice": shells["zsh"]?.(described),
    "completions/sluice.bash": shells["bash"]?.(described),
    "completions/sluice.fish": shells["fish"]?.(described),
    "sluice.1": manual({ name: "sluice", version, description, commands: described, exitCodes }),
  };
  const files = ["LICENSE", "README.md"].map(async (path) => ({ path, bytes: await read(join(root, path)) }));
  return [
    ...(await Promise.all(files)),
    ...Object.entries(written).map(([path, text = ""]) => ({ path, bytes: new TextEncoder().encode(text) })),
  ];
}

async function archive(target: Target, documents: readonly ArchivedFile[]): Promise<Uint8Array> {
  const windows = target.startsWith("windows");
  const path = windows ? "sluice.exe" : "sluice";
  const program = await inFolder(async (folder) => {
    await compile(join(folder, path), target);
    return await read(join(folder, path));
  });
  const bytes = target === "darwin-x64" ? withoutSignature(program) : program;
  const files = [{ path, bytes, executable: true }, ...documents];
  return windows ? zip(files) : tarGz(files);
}

/** `bunx claude-sluice`: the bundle needs no other package, and so is there at once. */
async function npmPackage(documents: readonly ArchivedFile[]): Promise<Uint8Array> {
  const bundled = await inFolder(async (folder) => {
    await bundle(folder);
    const names = [...new Glob("**/*").scanSync(folder)].sort();
    return await Promise.all(
      names.map(async (path) => ({ path, bytes: await read(join(folder, path)), executable: path === "sluice.js" })),
    );
  });
  const own = {
    name: packageName,
    version,
    description,
    license,
    type,
    engines,
    bin: { sluice: "sluice.js" },
    man: "sluice.1",
  };
  const described = {
    path: "package.json",
    bytes: new TextEncoder().encode(`${JSON.stringify(own, undefined, 2)}\n`),
  };
  return tarGz([described, ...bundled, ...documents].map((file) => ({ ...file, path: `package/${file.path}` })));
}

/** Works in a folder that is gone afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-release-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function read(path: string): Promise<Uint8Array> {
  return await Bun.file(path).bytes();
}
