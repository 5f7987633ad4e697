import { type ArgsDef, defineCommand } from "citty";
import { addressOf } from "../address.ts";
import { loadConfig } from "../config.ts";
import { clients } from "../connect/index.ts";
import { placeholderKey } from "../engine/own-address.ts";
import { StartError } from "../error.ts";
import { nearest } from "../nearest.ts";
import { knownModels, listModels } from "../openclaw/models.ts";
import { helpArgs } from "./args.ts";

export const connect = defineCommand<ArgsDef>({
  meta: { name: "connect", description: "Show what connects a client: its snippet on stdout, where it goes on stderr" },
  args: {
    client: { type: "positional", description: Object.keys(clients).join(" or "), required: false },
    ...helpArgs(),
  },
  async run({ rawArgs: [name, ...rest] }) {
    const client = find(name);
    const { config } = loadConfig(rest);
    if (config.port === 0) throw new StartError("usage", "A client needs a port that stays: --port PORT.");
    const url = addressOf(config);
    const key = config.clientKey;
    // What runs may not run with this configuration; what is asked for here is the snippet, not a diagnosis.
    const listed = await listModels(url, key ?? placeholderKey).catch(() => []);
    const [first = knownModels[0], ...others] = listed.length > 0 ? listed : knownModels;
    const connection = { url, key, models: [first, ...others] } as const;

    console.error([`Into ${client.place}:`, ...client.hints(connection)].join("\n"));
    process.stdout.write(client.snippet(connection));
  },
});

function find(name: string | undefined) {
  const names = Object.keys(clients);
  const list = `sluice connect knows ${names.join(", ")}.`;
  if (name === undefined || name.startsWith("-")) throw new StartError("usage", `Name a client first: ${list}`);
  const client = Object.hasOwn(clients, name) ? clients[name] : undefined;
  if (client !== undefined) return client;
  const meant = nearest(name, names);
  const hint = meant === undefined ? list : `did you mean ${meant}?`;
  throw new StartError("usage", `Unknown client ${JSON.stringify(name)}: ${hint}`);
}
