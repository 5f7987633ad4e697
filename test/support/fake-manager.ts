/** Scripts in the place of the programs of a service manager: real processes, which write down how they were called. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface FakePrograms {
  /** A PATH with these programs first. */
  readonly path: string;
  /** What was called since this was asked last, a line each. */
  calls(): string[];
  /** Changes a file that the scripts read. */
  write(name: string, text: string): void;
}

/** Makes programs of shell scripts, by their names. They run in a folder of their own, where the state of the pretence lies. */
export function fakePrograms(folder: string, scripts: Readonly<Record<string, string>>): FakePrograms {
  const bin = join(folder, "bin");
  const state = join(folder, "state");
  for (const path of [bin, state]) mkdirSync(path, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    const record = `printf '%s\\n' "${name} $*" >> calls`;
    writeFileSync(join(bin, name), `#!/bin/sh\ncd '${state}' || exit 1\n${record}\n${script}\n`, { mode: 0o755 });
  }
  const calls = join(state, "calls");
  writeFileSync(calls, "");
  return {
    path: `${bin}:/usr/bin:/bin`,
    calls() {
      const lines = readFileSync(calls, "utf8").trim().split("\n").filter(Boolean);
      writeFileSync(calls, "");
      return lines;
    },
    write: (name, text) => writeFileSync(join(state, name), text),
  };
}

/** What `systemctl` does of what Sluice asks for. `start-fails` holds the exit status of a process that does not start. */
export const fakeSystemctl = `
active() { printf 'ActiveState=active\\nMainPID=%s\\nExecMainCode=0\\nExecMainStatus=0\\n' "$(cat pid)" > shown; }
inactive() { printf 'ActiveState=inactive\\nMainPID=0\\nExecMainCode=1\\nExecMainStatus=%s\\n' "$1" > shown; }
[ -e shown ] || inactive 0
case "$2" in
show-environment) if [ -e no-bus ]; then cat no-bus >&2; exit 1; fi;;
show) cat shown;;
start|restart)
  if [ -s start-fails ]; then inactive "$(cat start-fails)"; [ -e for-ever ] || rm start-fails; exit 1; fi
  active;;
stop|disable) inactive 0;;
esac
exit 0`;

/** The same of `launchctl`, which forgets what it was told to boot out a moment later. */
export const fakeLaunchctl = `
case "$1 $2" in
"print gui/"*/*)
  if [ -e leaving ]; then rm leaving loaded; fi
  [ -e loaded ] || { echo 'Could not find service' >&2; exit 113; }
  printf 'gui/501/claude-sluice = {\\n\\tstate = running\\n\\tpid = %s\\n\\tlast exit code = 0\\n}\\n' "$(cat pid)";;
"print gui/"*) if [ -e no-session ]; then cat no-session >&2; exit 125; fi;;
"bootstrap gui/"*) if [ -e loaded ]; then echo 'Bootstrap failed: 5: Input/output error' >&2; exit 5; fi; touch loaded;;
"bootout gui/"*) touch leaving;;
esac
exit 0`;
