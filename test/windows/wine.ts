/**
 * A Windows to try Sluice in: Wine 10, in a Debian 13 of its own, with the real Claude Code for Windows in it. Linux on
 * x64 only, as root; takes 2 GB, and two minutes the first time.
 */

import { existsSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { testedVersion } from "../../src/engine/claude/locate.ts";
import { compile } from "../../src/release/program.ts";
import { findProgram, installPrograms } from "../support/debian.ts";
import { openShelf } from "../support/shelf.ts";

/** What an installation may take (milliseconds). */
const patience = 600_000;

const claudePackage = `@anthropic-ai/claude-code-win32-x64@${testedVersion}`;

export interface Windows extends AsyncDisposable {
  /** The command before one of Windows' own: `wine`, where it sees the folders that follow. */
  readonly through: string[];
  /** Sluice, as Windows names it. */
  readonly sluice: string;
  /** The folder that npm puts commands into, as Windows names it. Claude Code is the one that is there. */
  readonly npm: string;
  /** `C:`, as this machine names it. */
  readonly drive: string;
}

/** A Windows that nobody has used, with today's Sluice in it. Throws where what it needs can't be had. */
export async function openWindows(): Promise<Windows> {
  const shelf = await openShelf("windows");
  const debian = await kept(join(shelf, "debian-13"), makeDebian);
  const npm = await kept(join(shelf, `claude-${testedVersion}`), installClaude);
  const own = await mkdtemp(join(shelf, "run-"));
  const prefix = join(own, "prefix");
  const inside = (program: string) => commandIn(debian, shelf, [`WINEPREFIX=${prefix}`, ...quiet, program]);
  const through = inside("/usr/lib/wine/wine64");
  const server = inside("/usr/lib/wine/wineserver64");
  const sluice = join(own, "sluice.exe");
  await mkdir(prefix);
  await compile(sluice, "windows-x64");
  // What Windows itself consists of stays until the end, whoever comes and goes. The first program makes its files.
  await run([...server, "-p"]);
  await run([...through, "cmd", "/c", "ver"]);
  return {
    through,
    sluice: asWindowsNames(sluice),
    npm: asWindowsNames(npm),
    drive: join(prefix, "drive_c"),
    [Symbol.asyncDispose]: async () => {
      await run([...server, "-k"]);
      await rm(own, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
    },
  };
}

/** A path of this machine, as Windows has it. */
function asWindowsNames(path: string): string {
  return `Z:${path.replaceAll("/", "\\")}`;
}

/** Mounts of its own, which are gone with it; no other program sees them. */
const script = `
debian=$1 shelf=$2
mount -t proc proc "$debian/proc"
mount --bind /dev "$debian/dev"
mkdir -p "$debian$shelf"
mount --bind "$shelf" "$debian$shelf"
shift 2
exec /usr/sbin/chroot "$debian" "$@"
`;

function commandIn(debian: string, shelf: string, command: readonly string[]): string[] {
  const mounts = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", script, "sh", debian, shelf];
  return [...mounts, "/usr/bin/env", ...command];
}

/** Wine says nothing of itself, and does not ask for parts that nobody needs here. */
const quiet = ["WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml="];

/** What an earlier run has made, or else is made now: whole, or not at all. */
async function kept(folder: string, make: (draft: string) => Promise<void>): Promise<string> {
  if (existsSync(folder)) return folder;
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  await make(draft);
  await rename(draft, folder);
  return folder;
}

/** Debian 12 has a Wine that lacks what Bun needs. */
async function makeDebian(folder: string): Promise<void> {
  await installPrograms({ debootstrap: "debootstrap", unshare: "util-linux" });
  const program = findProgram("debootstrap") ?? "debootstrap";
  await run([program, "--variant=minbase", "--include=wine64", "trixie", folder, "http://deb.debian.org/debian"]);
}

/** As `npm install -g` leaves it on Windows: a script on PATH, which starts the program in a package. */
async function installClaude(folder: string): Promise<void> {
  const unpacked = join(folder, "unpacked");
  await mkdir(unpacked);
  await run(["npm", "pack", "--silent", "--pack-destination", unpacked, claudePackage]);
  await run(["sh", "-c", 'tar -xzf "$1"/*.tgz -C "$1"', "sh", unpacked]);
  const program = "node_modules/@anthropic-ai/claude-code/bin/claude.exe";
  await cp(join(unpacked, "package/claude.exe"), join(folder, program));
  await chmod(join(folder, program), 0o755);
  await Bun.write(join(folder, "claude.cmd"), `@"%~dp0\\${program.replaceAll("/", "\\")}" %*\r\n`);
  await rm(unpacked, { recursive: true });
}

async function run(command: string[]): Promise<void> {
  // A pipe would stay open as long as Wine's server runs, which the first program there starts.
  const child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "inherit", timeout: patience });
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed.`);
}
