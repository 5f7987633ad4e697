import type { LiveError } from "../../observe/live.ts";
import { advice } from "./advice.ts";
import { announce } from "./announce.ts";
import { byId, html, List, prose, write } from "./dom.ts";
import { clock } from "./format.ts";

const list = new List<LiveError>(byId("errors"), ({ id }) => id, makeItem);
let newest: string | undefined;

/** The last failures, newest first, with what to do. */
export function showErrors(errors: readonly LiveError[]): void {
  byId("errors-empty").hidden = errors.length > 0;
  list.show(errors);
  const [first] = errors;
  if (newest !== undefined && first !== undefined && first.id !== newest) {
    announce(`A request of ${first.client || "a client"} failed: ${nameOf(first)}.`);
  }
  newest = first?.id ?? "";
}

function nameOf({ kind, status }: LiveError): string {
  return `${kind.replaceAll("_", " ")} ${status}`;
}

function makeItem(): { element: Element; update(error: LiveError): void } {
  const [name, where, message, hint] = [html("strong"), html("span", { class: "sub" }), html("p"), html("p")];
  hint.className = "hint";
  const element = html("li", {}, html("p", { class: "head" }, name, where), message, hint);
  return {
    element,
    update(error) {
      write(name, nameOf(error));
      write(where, [clock(error.at), error.client, error.api, error.model].filter((part) => part !== "").join(" · "));
      message.replaceChildren(...prose(error.message));
      message.hidden = error.message === "";
      hint.replaceChildren(...prose(advice[error.kind] ?? ""));
    },
  };
}
