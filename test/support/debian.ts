/** Programs that are needed and that a machine may not have: they come from Debian. */

/** What an installation may take (milliseconds). */
const patience = 180_000;

/** Two tests that run at once may both want something: apt serves one, and another waits for it (seconds). */
const waits = ["-o", "DPkg::Lock::Timeout=120"];
const attempts = 4;

/** Installs what is absent of these programs, each from the package that is named with it. Throws where that is not possible. */
export async function installPrograms(packages: Readonly<Record<string, string>>): Promise<void> {
  const absent = () => Object.keys(packages).filter((program) => findProgram(program) === undefined);
  for (let attempt = 1; absent().length > 0; attempt++) {
    const wanted = absent().map((program) => packages[program] ?? program);
    const advice = `apt-get install ${wanted.join(" ")}`;
    if (Bun.which("apt-get") === null || process.getuid?.() !== 0) {
      throw new Error(`What is needed can only be installed by root on Debian or its like: ${advice}`);
    }
    const complaint = await complaintOf([
      "apt-get",
      "install",
      "-y",
      "-qq",
      "--no-install-recommends",
      ...waits,
      ...wanted,
    ]);
    if (complaint === undefined) continue;
    if (attempt === attempts) throw new Error(`${advice} failed: ${complaint}`);
    // The lists may be absent, or too old for what there is by now.
    await complaintOf(["apt-get", "update", "-qq", ...waits]);
    await Bun.sleep(2000);
  }
}

/** The path of a program. Debian has servers where only root looks. */
export function findProgram(name: string): string | undefined {
  return Bun.which(name, { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` }) ?? undefined;
}

/** What a command that fails has to say. */
async function complaintOf(command: string[]): Promise<string | undefined> {
  const child = Bun.spawn(command, {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: patience,
  });
  const complaint = (await new Response(child.stderr).text()).trim();
  return (await child.exited) === 0 ? undefined : complaint;
}
