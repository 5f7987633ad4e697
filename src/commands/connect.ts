import { resolve } from "node:path";
import { type ArgsDef, defineCommand } from "citty";
import { addressOf } from "../address.ts";
import { type LoadedConfig, loadConfig } from "../config.ts";
import type { Client, ConfigFile, Connection } from "../connect/client.ts";
import { diff } from "../connect/diff.ts";
import { clients } from "../connect/index.ts";
import { type Plan, planUndo, planWrite } from "../connect/plan.ts";
import { Records } from "../connect/records.ts";
import { placeholderKey } from "../engine/own-address.ts";
import { StartError } from "../error.ts";
import { escapeControls } from "../log.ts";
import { nearest } from "../nearest.ts";
import { knownModels, listModels } from "../openclaw/models.ts";
import { stateFolder } from "../state.ts";
import { readableByAnyone } from "../trust.ts";
import { helpArgs } from "./args.ts";

const names = Object.keys(clients);

const own = {
  write: { type: "boolean", description: "Bring it into the client's config file, with a backup beside it" },
  undo: { type: "boolean", description: "Take out of the config file what --write brought in" },
  "dry-run": { type: "boolean", description: "Show what --write or --undo would change, and change nothing" },
  file: { type: "string", description: "Another config file than the one that the client reads", valueHint: "PATH" },
} as const;

export const connect = defineCommand<ArgsDef>({
  meta: { name: "connect", description: "Show what connects a client (stdout) and where it goes (stderr), or do it" },
  args: {
    client: { type: "positional", description: names.join(", "), valueHint: names.join("|"), required: false },
    ...own,
    ...helpArgs(),
  },
  async run({ rawArgs: [name, ...rest] }) {
    const client = find(name);
    const { write, undo, dryRun, file, others } = readOwn(rest);
    const loaded = loadConfig(others);
    if (!write && !undo && !dryRun) {
      if (file !== undefined) throw usage("--file is for --write, --undo and --dry-run.");
      show(client, await connectionOf(loaded));
      return;
    }
    if (client.config === undefined) throw usage(client.cannot ?? `There is no config file for ${name}.`);
    const path = resolve(file ?? client.config.path(loaded.config.env));
    const records = new Records(stateFolder(loaded.config.env));
    if (undo) takeBack(path, client.config, records, dryRun);
    else bringIn(path, client, client.config, records, await connectionOf(loaded), dryRun);
  },
});

function find(name: string | undefined): Client {
  const list = `sluice connect knows ${names.join(", ")}.`;
  if (name === undefined || name.startsWith("-")) throw usage(`Name a client first: ${list}`);
  const client = Object.hasOwn(clients, name) ? clients[name] : undefined;
  if (client !== undefined) return client;
  const meant = nearest(name, names);
  throw usage(`Unknown client ${JSON.stringify(name)}: ${meant === undefined ? list : `did you mean ${meant}?`}`);
}

/** This command's own flags, and what is left for the options. */
function readOwn(args: readonly string[]) {
  const others: string[] = [];
  const given = new Set<string>();
  let file: string | undefined;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (arg === "--write" || arg === "--undo" || arg === "--dry-run") given.add(arg);
    else if (arg === "--file" || arg.startsWith("--file=")) {
      file = arg === "--file" ? args[(at += 1)] : arg.slice("--file=".length);
      if (!file || file.startsWith("-")) throw usage("--file needs a value: --file PATH.");
    } else others.push(arg);
  }
  const [write, undo] = [given.has("--write"), given.has("--undo")];
  if (write && undo) throw usage("--write and --undo contradict each other: give one.");
  return { write, undo, dryRun: given.has("--dry-run"), file, others };
}

async function connectionOf({ config }: LoadedConfig): Promise<Connection> {
  if (config.port === 0) throw usage("A client needs a port that stays: --port PORT.");
  const url = addressOf(config);
  const key = config.clientKey;
  // What runs may not run with this configuration; what is asked for here is the snippet, not a diagnosis.
  const listed = await listModels(url, key ?? placeholderKey).catch(() => []);
  const [first = knownModels[0], ...others] = listed.length > 0 ? listed : knownModels;
  return { url, key, models: [first, ...others] };
}

function show(client: Client, connection: Connection): void {
  const snippets = client.snippets(connection);
  snippets.forEach(({ place, text }, index) => {
    if (client.cannot === undefined || snippets.length > 1) tell(`${index > 0 ? "\n" : ""}Into ${place}:`);
    process.stdout.write(text);
  });
  const hints = [...client.hints(connection), ...(client.instead?.(connection) ?? [])];
  if (hints.length > 0) tell(["", ...hints].join("\n"));
}

function bringIn(
  path: string,
  { hints }: Client,
  { format, entries }: ConfigFile,
  records: Records,
  connection: Connection,
  dryRun: boolean,
): void {
  const plan = planWrite(path, format, entries(connection), records);
  if (dryRun) return showPlan(plan);
  const said = plan.run();
  const { key } = connection;
  if (key !== undefined && plan.after?.includes(key) && readableByAnyone(plan.path)) {
    said.push(`Every user of this machine can read it, and it holds the key: chmod 600 ${plan.path}`);
  }
  tell([...said, ...hints(connection)].join("\n"));
}

function takeBack(path: string, { format }: ConfigFile, records: Records, dryRun: boolean): void {
  const plan = planUndo(path, format, records);
  if (plan === undefined) tell(`In ${path} there is nothing that Sluice has written.`);
  else if (dryRun) showPlan(plan);
  else tell(plan.run().join("\n"));
}

function showPlan({ path, before, after }: Plan): void {
  const changes = diff(before ?? "", after ?? "");
  const [old, fresh] = [before === undefined ? "/dev/null" : path, after === undefined ? "/dev/null" : path];
  if (changes === "") tell(`${path} would stay as it is.`);
  // A program gets it as it is; on a terminal what is in the file has no say.
  else process.stdout.write(`--- ${old}\n+++ ${fresh}\n${process.stdout.isTTY ? printable(changes) : changes}`);
}

function printable(text: string): string {
  const parts = text.split(/(\t|\r?\n)/);
  return parts.map((part, index) => (index % 2 === 0 ? escapeControls(part) : part)).join("");
}

function usage(sentence: string): StartError {
  return new StartError("usage", sentence);
}

/** Says something beside the snippet. On a terminal console.error would say it in red, as if it were a fault. */
function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}
