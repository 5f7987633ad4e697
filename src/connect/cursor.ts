import type { Client } from "./client.ts";

const why =
  "Cursor can't reach a Sluice on this machine: its requests to a model of your own are sent by Cursor's servers, " +
  "not by the editor, and those can't call 127.0.0.1.";

/** Cursor: https://cursor.com/help/models-and-usage/api-keys */
export const cursor: Client = {
  title: "Cursor",
  snippets: () => [
    {
      place: "nowhere",
      language: "text",
      text: `${why}

Only a tunnel that gives Sluice a public HTTPS address would change that. Then all that you send passes Cursor's
servers, and whoever learns the address and the key can use your subscription. Even so it is not for everything: a paid
plan is needed, Tab stays with Cursor's own model, the agent refuses models of your own where chat takes them, and the
requests differ from OpenAI's, for which other gateways have a route of their own. Sluice was not tried with it.
If you want to try it all the same:

  sluice serve --allow-host NAME.EXAMPLE     with SLUICE_CLIENT_KEY set to a long random key
  Cursor Settings > Models > API Keys        OpenAI API Key: that key
                                             Override OpenAI Base URL: https://NAME.EXAMPLE/v1
                                             Add model: sonnet

What works is a client in Cursor's terminal, such as \`claude\` or \`codex\`, and the editor plugins of Cline and Continue.
`,
    },
  ],
  hints: () => [],
  cannot: why,
};
