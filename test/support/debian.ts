/** Programs that tests need and a machine may not have: they come from Debian. */

/** What an installation may take, with the wait for another one's end (milliseconds). */
const patience = 180_000;

/** Installs what is absent of these programs, each from the package that is named with it. Throws where that is not possible. */
export async function installPrograms(packages: Readonly<Record<string, string>>): Promise<void> {
  const absent = Object.entries(packages).flatMap(([program, name]) => (Bun.which(program) === null ? [name] : []));
  if (absent.length === 0) return;
  const advice = `apt-get install ${absent.join(" ")}`;
  if (Bun.which("apt-get") === null || process.getuid?.() !== 0) {
    throw new Error(`These can only be installed by root on Debian or its like: ${advice}`);
  }
  const options = ["-o", "DPkg::Lock::Timeout=120", "-y", "-qq", "--no-install-recommends"];
  // The lists may be too old for what there is to download now.
  if (!(await succeeds(["apt-get", "install", ...options, ...absent]))) {
    await succeeds(["apt-get", "update", "-qq", "-o", "DPkg::Lock::Timeout=120"]);
    if (!(await succeeds(["apt-get", "install", ...options, ...absent]))) throw new Error(`${advice} failed`);
  }
}

async function succeeds(command: string[]): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const child = Bun.spawn(command, { env, stdin: "ignore", stdout: "ignore", stderr: "ignore", timeout: patience });
  return (await child.exited) === 0;
}
