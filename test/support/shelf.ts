/** What is fetched or made once, and kept for the next run. */

import { mkdir, stat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** A folder for it among the temporary ones. Others may write to those too: what is run from there must be our own. */
export async function openShelf(name: string): Promise<string> {
  const { uid } = userInfo();
  const folder = join(tmpdir(), `sluice-${name}-${uid}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await stat(folder)).uid !== uid) throw new Error(`${folder} belongs to someone else`);
  return folder;
}
