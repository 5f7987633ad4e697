/** `bun build.ts`: the executable for this machine, as `dist/sluice`. */

import { resolve } from "node:path";
import { version } from "./package.json";

const outfile = resolve(import.meta.dir, "dist/sluice");

const result = await Bun.build({
  entrypoints: [resolve(import.meta.dir, "src/main.ts")],
  compile: { outfile, autoloadDotenv: false, autoloadBunfig: false },
  bytecode: true,
  format: "esm",
});
if (!result.success) throw new AggregateError(result.logs, "The build failed");

console.log(`Sluice ${version}: ${outfile} (${Math.round(Bun.file(outfile).size / 1024 ** 2)} MB)`);
