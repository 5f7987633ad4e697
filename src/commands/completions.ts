import { type ArgsDef, defineCommand } from "citty";
import { StartError } from "../error.ts";
import { shells } from "../shell/index.ts";
import { commands } from "./index.ts";

const names = Object.keys(shells);

export const completions = defineCommand<ArgsDef>({
  meta: { name: "completions", description: "Print what completes commands and options in a shell" },
  args: {
    shell: { type: "positional", description: "bash, zsh or fish", valueHint: names.join("|"), required: false },
  },
  async run({ rawArgs: [name = "", ...rest] }) {
    const shell = Object.hasOwn(shells, name) ? shells[name] : undefined;
    if (shell === undefined || rest.length > 0) {
      throw new StartError("usage", "Name one shell: sluice completions bash, zsh or fish.");
    }
    const { describe } = await import("../shell/describe.ts");
    process.stdout.write(shell(await describe(commands)));
  },
});
