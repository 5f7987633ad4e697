/** The launchd agent: launchd.plist(5), as XML. */

import type { Definition } from "./definition.ts";
import { stopMargin } from "./unit.ts";

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** The text of a property list. What is said beside the log goes to the same file. */
export function renderPlist(label: string, { command, env, drainTimeout }: Definition, logFile: string): string {
  const job: Value = {
    Label: label,
    ProgramArguments: command,
    EnvironmentVariables: env,
    RunAtLoad: true,
    // Again when it failed, but not when it was told to stop.
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 10,
    ExitTimeOut: Math.ceil(drainTimeout / 1000) + stopMargin,
    // Someone waits for its answers: no less of the processors than a program with a window has.
    ProcessType: "Interactive",
    StandardOutPath: logFile,
    StandardErrorPath: logFile,
  };
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- Written by "sluice service install", which also changes it; "sluice service uninstall" removes it. -->
<plist version="1.0">
${render(job, "")}
</plist>
`;
}

function render(value: Value, indent: string): string {
  if (typeof value === "boolean") return `${indent}<${value}/>`;
  if (typeof value === "number") return `${indent}<integer>${value}</integer>`;
  if (typeof value === "string") return `${indent}<string>${escapeText(value)}</string>`;
  const inner = `${indent}  `;
  const [tag, lines] = isList(value)
    ? ["array", value.map((item) => render(item, inner))]
    : [
        "dict",
        Object.entries(value).flatMap(([key, item]) => [`${inner}<key>${escapeText(key)}</key>`, render(item, inner)]),
      ];
  return [`${indent}<${tag}>`, ...lines, `${indent}</${tag}>`].join("\n");
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}

/** A reader makes one line feed of a carriage return that is not escaped. */
function escapeText(text: string): string {
  return text.replace(/[&<>\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}
