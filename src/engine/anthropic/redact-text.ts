/**
 * The texts in which clients tell of the machine and the person. The formats are Claude Code's: the `<env>` block, which
 * others such as opencode write too, and in later versions the section "# Environment" with the git status beside it.
 * Labels stay, so that a model finds what it knows; no value is made up.
 */

import { redactPaths } from "./redact-paths.ts";

const withheld = "withheld";
/** True wherever the working directory is, and Claude Code's tools take paths relative to it. */
const here = ".";

const ownFolders = ["Primary working directory", "Working directory"];
const facts = [...ownFolders, "Is a git repository", "Platform", "Shell", "OS Version", "The current date is"];
const folders = "Additional working directories";

const attribution = /^(?:x-anthropic-billing-header:.*(?:\n+|$))+/;
const envBlock = /<env>\n(?:(?!<\/?env>)[^])*<\/env>/g;
const envFact = /^([ \t]*([^:\n]+):)[ \t]*\S.*$/gm;
const section = /^# Environment(?: update|\nYou have been invoked .*)\n(?: +- .*(?:\n|$))+/gm;
const item = /^( +- )(.*)$/gm;
const fact = new RegExp(`^(${facts.join("|")}):.*`);
const scratchpad = /^(Scratchpad directory: ).*?(?= — |$)/;
const gitStatus =
  /(This is the git status at the start of the conversation\..*)((?:\n+(?:Current branch|Main branch[^:\n]*|Git user|Status|Recent commits):.*(?:\n(?!<\/).+)*)+)/g;
const gitFact = /^(Current branch|Main branch[^:\n]*|Git user|Status|Recent commits):(.*)(?:\n.+)*/gm;
const email = /(The user's email address is )\S+(?=\.(?:\s|$))/g;

/** A system prompt without the line that Claude Code puts in front of it to say what is paid for. */
export function withoutAttribution(text: string): string {
  return text.replace(attribution, "");
}

/** A system prompt, or a part of it, that tells neither of the machine nor whose it is. */
export function redactInstructions(text: string, home: string | undefined): string {
  const general = text.replace(envBlock, (block) =>
    block.replace(envFact, (_, head: string, label: string) => `${head} ${wordFor(label.trim())}`),
  );
  return redactPaths(redactContext(redactEnvironment(general)), home);
}

/** A text of a user message: only where it is a reminder in which Claude Code tells of the environment. */
export function redactReminder(text: string, home: string | undefined): string {
  if (!text.startsWith("<system-reminder>\n")) return text;
  if (text.startsWith("# Environment", text.indexOf("\n") + 1)) return redactPaths(redactEnvironment(text), home);
  return redactContext(text);
}

function redactEnvironment(text: string): string {
  return text.replace(section, (whole) => {
    let inFolders = false;
    return whole.replace(item, (_, lead: string, content: string) => {
      if (lead === " - ") inFolders = content.startsWith(folders);
      else if (inFolders) return lead + withheld;
      const general = content.replace(fact, (_, label: string) => `${label}: ${wordFor(label)}`);
      return lead + general.replace(scratchpad, `$1${withheld}`);
    });
  });
}

function redactContext(text: string): string {
  return text
    .replace(gitStatus, (_, sentence: string, status: string) => {
      const general = status.replace(
        gitFact,
        (_, label: string, value: string) => `${label}:${value === "" ? "\n" : " "}${withheld}`,
      );
      return sentence + general;
    })
    .replace(email, `$1${withheld}`);
}

function wordFor(label: string): string {
  return ownFolders.includes(label) ? here : withheld;
}
