/** What connects each client, as `sluice connect` prints it. */

import { announce } from "./announce.ts";
import { ask } from "./access.ts";
import { byId, html, write } from "./dom.ts";

export interface Snippet {
  readonly title: string;
  readonly language: string;
  readonly place: string;
  readonly hints: readonly string[];
  readonly snippet: string;
}

let chosen: string | undefined;

/** Asks for the snippets and shows one of them. */
export async function offerSnippets(): Promise<void> {
  const response = await ask("/snippets").catch(() => undefined);
  if (!response?.ok) return;
  const snippets = (await response.json()) as readonly Snippet[];
  const one = snippets.find((snippet) => labelOf(snippet, snippets) === chosen) ?? snippets[0];
  if (one === undefined) return;
  byId("clients").replaceChildren(
    ...snippets.map((snippet) => {
      const label = labelOf(snippet, snippets);
      const input = html("input", { type: "radio", name: "client", value: label });
      input.checked = snippet === one;
      input.addEventListener("change", () => show(snippet, label));
      return html("label", { class: "chip" }, input, html("span", {}, label));
    }),
  );
  show(one, labelOf(one, snippets));
}

/** The client's title; of several snippets for one client each names its language, too. */
function labelOf({ title, language }: Snippet, all: readonly Snippet[]): string {
  return all.filter((one) => one.title === title).length > 1 ? `${title} (${language})` : title;
}

function show({ place, hints, snippet }: Snippet, label: string): void {
  chosen = label;
  write(byId("snippet-place"), place);
  write(byId("snippet"), snippet);
  byId("snippet-hints").replaceChildren(...hints.map((hint) => html("li", {}, html("code", {}, hint))));
}

const copy = byId<HTMLButtonElement>("copy");
// A page that was not loaded safely may not write there.
copy.hidden = !window.isSecureContext;
copy.addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(byId("snippet").textContent ?? "");
    copied("Copied");
  } catch {
    copied("The browser does not allow it: select the text");
  }
});

function copied(words: string): void {
  write(byId("copied"), words);
  announce(words);
  setTimeout(() => write(byId("copied"), ""), 4_000);
}
