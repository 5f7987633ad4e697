/** What connects each client, as `sluice connect` prints it. */

import { announce } from "./announce.ts";
import { ask } from "./access.ts";
import { byId, html, prose, write } from "./dom.ts";

/** One snippet of a client; some clients have more than one. */
interface Snippet {
  /** What `sluice connect` calls the client. */
  readonly name: string;
  readonly title: string;
  readonly place: string;
  readonly hints: readonly string[];
  readonly snippet: string;
  /** Whether `sluice connect NAME --write` does it. */
  readonly writes: boolean;
}

let chosen: string | undefined;

/** Asks for the snippets and shows those of one client. */
export async function offerSnippets(): Promise<void> {
  const response = await ask(`/snippets?scheme=${location.protocol.slice(0, -1)}`).catch(() => undefined);
  if (!response?.ok) return;
  const all = (await response.json()) as readonly Snippet[];
  const clients = Map.groupBy(all, ({ name }) => name);
  if (chosen === undefined || !clients.has(chosen)) chosen = all[0]?.name;
  byId("clients").replaceChildren(
    ...[...clients].map(([name, snippets]) => {
      const input = html("input", { type: "radio", name: "client", value: name });
      input.checked = name === chosen;
      input.addEventListener("change", () => show(name, snippets));
      return html("label", { class: "chip" }, input, html("span", {}, snippets[0]?.title ?? name));
    }),
  );
  if (chosen !== undefined) show(chosen, clients.get(chosen) ?? []);
}

function show(name: string, snippets: readonly Snippet[]): void {
  chosen = name;
  const [first] = snippets;
  const command = `sluice connect ${name} --write`;
  byId("snippets").replaceChildren(
    ...(first?.writes ? [html("p", { class: "into" }, html("code", {}, command), " does this:")] : []),
    ...snippets.flatMap(({ place, snippet }) => [
      html("p", { class: "into" }, place),
      html(
        "pre",
        { class: "paper snippet", role: "region", "aria-label": `Snippet: ${place}`, tabindex: "0" },
        snippet,
      ),
      ...copyButton(place, snippet),
    ]),
    html("ul", { class: "hints" }, ...(first?.hints ?? []).map((hint) => html("li", {}, ...prose(hint)))),
  );
}

/** A button that copies; nothing where the page was not loaded safely, and may not. */
function copyButton(place: string, text: string): HTMLElement[] {
  if (!window.isSecureContext) return [];
  const button = html("button", { class: "quiet", type: "button", "aria-label": `Copy the snippet: ${place}` }, "Copy");
  const said = html("p", { class: "sub" });
  button.addEventListener("click", async () => {
    const words = await navigator.clipboard.writeText(text).then(
      () => "Copied",
      () => "The browser does not allow it: select the text",
    );
    write(said, words);
    announce(words);
    setTimeout(() => write(said, ""), 4_000);
  });
  return [html("div", { class: "row" }, button, said)];
}
