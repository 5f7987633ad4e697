/**
 * What of the README is decided elsewhere: tables by the code, figures by the benches, the order of its sections.
 * `bun test/support/readme.ts` writes all of that anew.
 */

import { join, resolve } from "node:path";
import { parameters as messages } from "../../src/dialect/anthropic/parameters.ts";
import { parameters as chat } from "../../src/dialect/chat/parameters.ts";
import { parameters as responses } from "../../src/dialect/responses/parameters.ts";
import { measuredFiles, measuredSection, writePictures } from "./measured.ts";
import { arrange } from "./readme-order.ts";
import type { Parameters } from "../../src/messages/parameters.ts";
import { configFile, type Option, options, variablesOf } from "../../src/options.ts";

export const readmePath = resolve(import.meta.dir, "../../README.md");

/** The rows below each heading, as cells. */
export const tables: Readonly<Record<string, string[][]>> = {
  Options: [...Object.values(options), configFile].map(optionRow),
  "Parameters of Messages": parameterRows(messages),
  "Parameters of Chat Completions": parameterRows(chat),
  "Parameters of Responses": parameterRows(responses),
};

/** The cells of the table below a heading of a text, without its head. */
export function readTable(text: string, heading: string): string[][] {
  const [, section = ""] = text.split(`\n## ${heading}\n`);
  const [, ...rows] = [...(section.split("\n## ")[0] ?? "").matchAll(/^\|(.*)\|$/gm)];
  const cells = rows.map(([, row = ""]) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  return cells.filter(([first]) => !/^-+$/.test(first ?? ""));
}

/**
 * What is wrong with the last cells of a table's rows, each of which names the tests that show the row, a file below
 * `test/` and a title in it: `` `e2e/x.test.ts` the title ``, and a `<br>` between two. Bold rows are headings.
 */
export async function checkTests(table: readonly (readonly string[])[]): Promise<string[]> {
  const rows = table.filter(([first]) => !first?.startsWith("**"));
  const wrong = rows
    .flatMap((row) => (row.at(-1) ?? "").split("<br>"))
    .map(async (cell) => {
      const [, file, title] = /^`([^`]+\.test\.ts)` (.+)$/.exec(cell) ?? [];
      if (file === undefined) return [`names no test: ${cell}`];
      const source = Bun.file(join(import.meta.dir, "..", file));
      const text = (await source.exists()) ? await source.text() : "";
      // As an argument, or as a name in a table of cases.
      const found = [",", ":"].some((end) => text.includes(`"${title}"${end}`));
      return found ? [] : [`there is no such test: ${cell}`];
    });
  return (await Promise.all(wrong)).flat();
}

function optionRow(option: Option<unknown>): string[] {
  return [
    `\`--${option.flag}${option.hint && ` ${option.hint}`}\``,
    variablesOf(option)
      .map((name) => `\`${name}\``)
      .join(", "),
    option.fallback ? `\`${option.fallback}\`` : "",
    `${option.description}.`,
  ];
}

function parameterRows(parameters: Parameters): string[][] {
  return Object.entries(parameters).map(([name, { verdict, note }]) => {
    const sentence = `${note.charAt(0).toUpperCase()}${note.slice(1)}.`;
    return [`\`${name}\``, verdict, sentence.replaceAll("|", "\\|")];
  });
}

function withTable(text: string, heading: string, rows: readonly string[][]): string {
  const start = text.indexOf("\n|", text.indexOf(`\n## ${heading}\n`)) + 1;
  const body = text.indexOf("\n", text.indexOf("\n", start) + 1) + 1;
  const end = text.indexOf("\n\n", start) + 1;
  return text.slice(0, body) + rows.map((row) => `| ${row.join(" | ")} |\n`).join("") + text.slice(end);
}

/** A text with another section below a heading. */
function withSection(text: string, heading: string, section: string): string {
  const start = text.indexOf("\n", text.indexOf(`\n## ${heading}\n`) + 1) + 1;
  return `${text.slice(0, start)}\n${section}\n${text.slice(text.indexOf("\n## ", start))}`;
}

/** The section below a heading, without the blanks that are there for the eye only. */
export function readSection(text: string, heading: string): string {
  return unpadded(text.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0] ?? "");
}

/** A text as it is but for the widths of its tables. */
export function unpadded(text: string): string {
  return text.replaceAll(/ +/g, " ").replaceAll(/-{3,}/g, "---").trim();
}

if (import.meta.main) {
  const text = await Bun.file(readmePath).text();
  const written = Object.entries(tables).reduce((all, [heading, rows]) => withTable(all, heading, rows), text);
  await writePictures();
  await Bun.write(readmePath, arrange(withSection(written, "Measured", await measuredSection())));
  await Bun.$`bun fmt ${[readmePath, ...measuredFiles]}`.quiet();
}
