import { instanceVariable } from "./orphans.ts";

/**
 * Waits for the end of its input, which comes when Sluice is gone however it went, gives Claude Code the time to end by
 * itself, and ends what is left of the instance. A shell's words, because a shell is on every machine and costs 1 MB.
 */
const script = `
cat >/dev/null
sleep 2
if [ -d /proc/self ]; then
  marked() { grep -lzx "$1" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\\n'; }
else
  marked() { ps -axww -E -o pid=,command= | grep -F "$1" | grep -v grep | awk '{print $1}'; }
fi
for pid in $(marked "$1"); do [ "$pid" = $$ ] || kill -9 "$pid"; done
`;

/** Windows ends by itself what a program that is gone has started: all of it is in one of its jobs. */
export const needsReaper = process.platform !== "win32";

/**
 * Ends the shell commands of an agent when Sluice is killed: they run in sessions of their own, and outlive the Claude
 * Code that started them. Needed only where Claude Code has tools of its own.
 */
export class Reaper implements Disposable {
  readonly #shell: Bun.Subprocess<"pipe", "ignore", "ignore">;

  constructor(instance: string) {
    this.#shell = Bun.spawn(["/bin/sh", "-c", script, "sh", `${instanceVariable}=${instance}`], {
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/",
      stdin: "pipe",
      stdout: "ignore",
      stderr: "ignore",
      detached: true,
    });
    this.#shell.unref();
  }

  [Symbol.dispose](): void {
    try {
      process.kill(-this.#shell.pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }
}
