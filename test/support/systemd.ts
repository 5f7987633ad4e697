/** A systemd of a user of its own, in namespaces of its own: nothing of it is left, and nothing else sees it. Root only. */

import { mkdirSync } from "node:fs";
import { chown } from "node:fs/promises";
import { join } from "node:path";
import { installPrograms } from "./debian.ts";
import { descendants, eventually, temporaryFolder } from "./environment.ts";

/** An ordinary user, and nobody else on this machine: a user has a journal, what systemd numbers itself has none. */
const uid = 54_321;

export interface UserSystemd extends AsyncDisposable {
  /** The home of the user; all below is gone with the scope. */
  readonly home: string;
  /** A folder of the user's that is not below their home. */
  readonly elsewhere: string;
  /** Gives the user all that lies in these two. */
  own(): Promise<void>;
  /** Runs a command as that user, as in a session of theirs, and gives what it printed to stdout and stderr, and its exit code. */
  run(command: readonly string[], env?: Record<string, string>): Promise<{ code: number; output: string }>;
}

/** In a group of processes of its own, which is all that is seen of the others. */
const begin = `
set -e
mount --make-rprivate /
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mkdir "/sys/fs/cgroup/$1"
echo $$ > "/sys/fs/cgroup/$1/cgroup.procs"
umount /sys/fs/cgroup
shift
unshare --cgroup "$@"
`;

/** As a machine that was booted with systemd looks to a user who has logged in. The journal is one that users can read. */
const login = `
set -e
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /run/systemd/system /run/systemd/unit-root /run/systemd/journal /run/user/${uid} /var/log/journal
touch /run/systemd/journal/flushed
chown ${uid}:${uid} /run/user/${uid}
chmod 700 /run/user/${uid}
group=/sys/fs/cgroup/user.slice/user-${uid}.slice/user@${uid}.service
mkdir -p "$group" /sys/fs/cgroup/system.slice
chown -R ${uid}:${uid} "$group"
/lib/systemd/systemd-journald &
# Who is started before it listens has no log.
until [ -S /run/systemd/journal/stdout ]; do sleep 0.02; done
echo $$ > "$group/cgroup.procs"
"$@" /lib/systemd/systemd --user &
wait
`;

/** A group stays, with nobody in it, and is gone only after all who were in it. */
const end = `
mount -t cgroup2 none /mnt
until find "/mnt/$1" -depth -type d -exec rmdir {} + ; do [ -d "/mnt/$1" ] || break; sleep 0.05; done
`;

/** Starts it; it ends with the scope: `await using systemd = await startUserSystemd()`. */
export async function startUserSystemd(): Promise<UserSystemd> {
  await installPrograms({ systemctl: "systemd", nsenter: "util-linux" });
  // Not below /tmp, of which a service may have another.
  const folder = await temporaryFolder("/var/lib");
  const home = join(folder.path, "home");
  const elsewhere = join(folder.path, "elsewhere");
  for (const path of [home, elsewhere]) mkdirSync(path);
  for (const path of [folder.path, home, elsewhere]) await chown(path, uid, uid);
  const group = `sluice-test-${crypto.randomUUID()}`;
  const session = { HOME: home, USER: "somebody", XDG_RUNTIME_DIR: `/run/user/${uid}`, PATH: "/usr/bin:/bin" };
  const asUser = (env: Record<string, string> = {}) => {
    const variables = Object.entries({ ...session, ...env }).map(([name, value]) => `${name}=${value}`);
    const become = ["/usr/bin/setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
    return ["/usr/bin/env", "-i", ...variables, ...become];
  };
  const unshare = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const child = Bun.spawn([...unshare, "bash", "-c", begin, "bash", group, "bash", "-c", login, "bash", ...asUser()], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    cwd: "/",
  });
  /** The process that is there first, of which all others are. */
  const inside = () =>
    descendants(child.pid).find(({ command }) => command.includes("systemd --user"))?.pid ?? child.pid;
  const systemd: UserSystemd = {
    home,
    elsewhere,
    own: async () => void (await Bun.spawn(["chown", "-R", `${uid}:${uid}`, home, elsewhere]).exited),
    async run(command, env) {
      const enter = ["nsenter", `--target=${inside()}`, "--mount", "--pid", "--cgroup", `--wd=${home}`];
      const all = [...enter, ...asUser(env), ...command];
      const one = Bun.spawn(all, { stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 60_000 });
      const texts = await Promise.all([new Response(one.stdout).text(), new Response(one.stderr).text()]);
      return { code: await one.exited, output: texts.join("") };
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      Bun.spawnSync(["unshare", "--mount", "sh", "-c", end, "sh", group], { timeout: 10_000 });
      await folder[Symbol.asyncDispose]();
    },
  };
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error("The namespaces can't be made: this test needs root");
    return (await systemd.run(["systemctl", "--user", "is-system-running"])).output.trim() === "running";
  });
  return systemd;
}
