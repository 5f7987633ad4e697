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

What would work is a tunnel that gives Sluice a public HTTPS address. Then all that you send passes Cursor's servers,
and whoever learns the address and the key can spend your subscription. If you want that all the same:

  sluice serve --allow-host NAME.EXAMPLE     with SLUICE_CLIENT_KEY set to a long random key
  Cursor Settings > Models > API Keys        OpenAI API Key: that key
                                             Override OpenAI Base URL: https://NAME.EXAMPLE/v1
                                             Add model: sonnet

It is for chat and the agent; Tab and Cursor's other own features stay with Cursor's models. While the override is on,
all of OpenAI's models go there. Cursor's terminal can run a client that works, such as \`claude\` or \`codex\`.
`,
    },
  ],
  hints: () => [],
  cannot: why,
};
