import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join, normalize, parse } from "node:path";
import { openStateSubfolder } from "../../state.ts";

/** Marks the environment of everything that a Sluice starts, whatever starts what in turn. */
export const instanceVariable = "SLUICE_INSTANCE";

/** Marks the environment of one process of the CLI, and of what it starts in turn. */
export const processVariable = "SLUICE_PROCESS";

/** A Sluice that runs, or ran: its own process and the mark of what it started. */
interface Instance {
  id: string;
  pid: number;
  /** When the process started, as the system tells it: a process id alone may be another's by now. */
  started: string;
  /** The folder with its transcripts. */
  folder: string;
}

/**
 * Writes down in the state folder that this Sluice runs, so that a later one can end what it left behind when it was
 * killed. The CLI ends by itself then (`BUN_FEATURE_FLAG_NO_ORPHANS`); this is for what does not.
 */
export class InstanceRecord {
  readonly id = crypto.randomUUID();
  readonly #file: string;

  constructor(stateFolder: string, folder: string) {
    this.#file = join(instancesIn(stateFolder), `${this.id}.json`);
    this.#write(folder);
  }

  /** Its transcripts are in another folder from now on. */
  moved(folder: string): void {
    try {
      this.#write(folder);
    } catch {
      // That a later Sluice may not find that one is no reason to refuse a request.
    }
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }

  #write(folder: string): void {
    const record: Instance = { id: this.id, pid: process.pid, started: startOf(process.pid) ?? "", folder };
    writeFileSync(this.#file, JSON.stringify(record), { mode: 0o600 });
  }
}

/** Ends what Sluices left behind that are gone. Gives how many processes that were. */
export function sweepOrphans(stateFolder: string): number {
  const instances = instancesIn(stateFolder);
  const records = namesIn(instances).filter((name) => /^[0-9a-f-]{36}\.json$/.test(name));
  const gone = records.flatMap((name) => {
    const file = join(instances, name);
    const instance = readInstance(file);
    if (instance && startOf(instance.pid) === instance.started) return [];
    return [{ file, instance }];
  });
  let ended = 0;
  for (const { file, instance } of gone) {
    if (instance) ended += endMarked(instanceVariable, instance.id);
    // What is left of it is for the next start.
    if (instance === undefined || removeFolder(instance.folder)) rmSync(file, { force: true });
  }
  return ended;
}

/** Ends the processes whose environment carries a mark. Gives how many that were. */
export function endMarked(variable: string, mark: string): number {
  return processesWith(`${variable}=${mark}`).filter(endProcess).length;
}

/** Removes a folder with transcripts. False where that can't be: Windows keeps what a program has open. Never throws. */
export function removeFolder(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Whether it is gone is what counts: Bun may also leave something without a word (oven-sh/bun#39710).
  }
  return !existsSync(folder);
}

function instancesIn(stateFolder: string): string {
  return openStateSubfolder(stateFolder, "instances");
}

function readInstance(file: string): Instance | undefined {
  try {
    const value = JSON.parse(readFileSync(file, "utf8")) as Partial<Instance>;
    const { id, pid, started, folder } = value;
    const valid = /^[\w-]{8,36}$/.test(String(id)) && typeof pid === "number" && typeof started === "string";
    // Only a folder of the kind that Sluice makes is ever removed.
    if (!valid || typeof id !== "string" || typeof folder !== "string") return undefined;
    const { dir, base } = parse(folder);
    if (normalize(folder) !== folder || !isAbsolute(dir) || !/^sluice-\w{6}$/.test(base)) return undefined;
    return { id, pid, started, folder };
  } catch {
    return undefined;
  }
}

function processesWith(entry: string): number[] {
  // On Windows they are in a job of Sluice's, and gone with it.
  if (process.platform === "win32") return [];
  if (process.platform !== "linux") return processesByPs(entry);
  const pids = namesIn("/proc").map(Number).filter(Number.isInteger);
  return pids.filter((pid) => read(`/proc/${pid}/environ`).split("\0").includes(entry));
}

function processesByPs(entry: string): number[] {
  const { stdout } = Bun.spawnSync(["ps", "-axww", "-E", "-o", "pid=,command="]);
  const lines = stdout.toString().split("\n");
  return lines.filter((line) => line.includes(entry)).map((line) => Number.parseInt(line));
}

/** When a process started; undefined when there is none. */
function startOf(pid: number): string | undefined {
  if (process.platform === "win32") return exists(pid) ? "unknown" : undefined;
  if (process.platform !== "linux") {
    return (
      Bun.spawnSync(["ps", "-o", "lstart=", "-p", String(pid)])
        .stdout.toString()
        .trim() || undefined
    );
  }
  const stat = read(`/proc/${pid}/stat`);
  // The command, in parentheses, may hold anything; the start is the 20th field behind it.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function endProcess(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
