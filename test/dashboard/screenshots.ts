/** `bun test/dashboard/screenshots.ts [FOLDER]`: the page as it looks, and docs/page.png for the README. */

import { join, resolve } from "node:path";
import { type Browser, startBrowser, type ViewOptions } from "../support/browser.ts";
import { secrets } from "../support/secrets.ts";
import { startSluice } from "../support/sluice.ts";
import { startScene } from "./scene.ts";

const readmePicture = resolve(import.meta.dir, "../../docs/page.png");
const [folder] = process.argv.slice(2);

const looks = (["light", "dark"] as const).flatMap((theme) => [1280, 380].map((width) => ({ theme, width })));

await using browser = await startBrowser();
{
  await using busy = await startScene();
  await using tab = await browser.open({ width: 1180 });
  await tab.open(busy.url);
  await tab.until(`document.querySelector("#requests .running") !== null`);
  await Bun.sleep(9_000);
  const height = await tab.evaluate<number>(
    `document.querySelector("#windows-section").getBoundingClientRect().bottom + 24`,
  );
  await Bun.write(readmePicture, await tab.picture({ height }));
  console.log(`${readmePicture} (${Math.round(Bun.file(readmePicture).size / 1024)} kB)`);
  await shoot(browser, "busy", busy.url, "#requests .running");
}
if (folder !== undefined) {
  const gone = await startScene();
  await using tab = await browser.open({ width: 380, theme: "light", density: 2 });
  await tab.open(gone.url);
  await tab.shows("#connection", "Live");
  await gone[Symbol.asyncDispose]();
  await tab.shows("#connection", "Trying again");
  await Bun.write(join(folder, "lost-light-380.png"), await tab.picture());

  await using empty = await startSluice();
  await shoot(browser, "empty", empty.url, "#instruments:not([hidden])");
  await using locked = await startSluice({ env: { SLUICE_CLIENT_KEY: secrets.clientKey } });
  await shoot(browser, "locked", locked.url, "#lock:not([hidden])");
}

async function shoot(browser: Browser, name: string, url: string, ready: string): Promise<void> {
  if (folder === undefined) return;
  for (const look of looks satisfies ViewOptions[]) {
    await using tab = await browser.open({ ...look, density: 2 });
    await tab.open(url);
    await tab.until(`document.querySelector(${JSON.stringify(ready)}) !== null`);
    await Bun.sleep(3_000);
    await Bun.write(join(folder, `${name}-${look.theme}-${look.width}.png`), await tab.picture());
    if (look.width < 600)
      await Bun.write(join(folder, `${name}-${look.theme}-${look.width}-top.png`), await tab.picture({ height: 1200 }));
  }
}
