import { type ArgsDef, defineCommand } from "citty";
import manifest from "../../package.json" with { type: "json" };
import { examine, type NamedFinding } from "../doctor/doctor.ts";
import { exitCodes } from "../error.ts";
import { escapeControls } from "../log.ts";
import { helpArgs } from "./args.ts";

export const doctor = defineCommand<ArgsDef>({
  meta: { name: "doctor", description: "Look at all that Sluice needs, and say what mends what is wrong" },
  args: { ...helpArgs(), json: { type: "boolean", description: "Print JSON" } },
  async run({ rawArgs }) {
    const json = rawArgs.includes("--json");
    const findings: NamedFinding[] = [];
    for await (const finding of examine(rawArgs.filter((arg) => arg !== "--json"))) {
      findings.push(finding);
      if (!json) console.log(asText(finding));
    }
    const worst = levels.find((level) => findings.some((finding) => finding.level === level)) ?? "ok";
    if (json) console.log(JSON.stringify({ version: manifest.version, worst, findings }, undefined, 2));
    return worst === "problem" ? exitCodes.problem_found : 0;
  },
});

/** The worst one first. */
const levels = ["problem", "warning", "ok"] as const;

const colours = { ok: "\x1b[32m", warning: "\x1b[33m", problem: "\x1b[31m" } as const;

function asText({ check, level, message, mend }: NamedFinding): string {
  const word = level.padEnd(7);
  const coloured = process.stdout.isTTY ? `${colours[level]}${word}\x1b[0m` : word;
  const line = `${coloured}  ${check.padEnd(12)}  ${escapeControls(message)}`;
  return mend === undefined ? line : `${line}\n${" ".repeat(23)}→ ${escapeControls(mend)}`;
}
