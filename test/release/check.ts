/**
 * `bun run release:check`: makes the whole release twice, in folders of its own, and says where the two differ. Takes a
 * minute, and at the first time the downloads of Bun's executables for seven other systems. Exits with 1 when something is
 * wrong.
 */

import { join } from "node:path";
import { archiveName } from "../../src/release/release.ts";
import { targets } from "../../src/release/program.ts";
import { temporaryFolder } from "../support/environment.ts";
import { releaseIn, sumsOf } from "./copies.ts";
import { signatureOf } from "./macho.ts";

/** Bun signs what runs on arm64, where it must be; Sluice takes away the signature that does not fit on x64. */
const signatures = { "darwin-arm64": "ad hoc", "darwin-x64": "none" } as const;

const url = ["--url", "https://releases.example"];

async function check(): Promise<string[]> {
  await using folder = await temporaryFolder();
  const release = await releaseIn(join(folder.path, "one"), url);
  const first = await sumsOf(release);
  const second = await sumsOf(await releaseIn(join(folder.path, "somewhere/else"), url, folder.path));
  const names = Object.keys({ ...first, ...second });
  const faults = names.filter((name) => first[name] !== second[name]).map((name) => `${name} differs`);
  for (const name of names) console.log(`${first[name]}  ${name}`);
  if (names.length !== targets.length + 2) faults.push(`There are ${names.length} files`);

  for (const [target, expected] of Object.entries(signatures) as [keyof typeof signatures, string][]) {
    await Bun.$`tar -xzf ${join(release, archiveName(target))} -C ${folder.path} sluice`;
    const signature = signatureOf(await Bun.file(join(folder.path, "sluice")).bytes());
    if (signature !== expected) faults.push(`The signature for ${target} is ${signature}`);
  }
  return faults;
}

const faults = await check();
console.log(faults.length === 0 ? "Twice the same." : faults.join("\n"));
process.exitCode = faults.length === 0 ? 0 : 1;
