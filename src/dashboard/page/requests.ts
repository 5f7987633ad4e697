/** The list of requests: those that run, and the last that have ended. */

import type { LiveState } from "../../observe/live.ts";
import type { RequestRecord } from "../../observe/request.ts";
import { byId, html, List, write } from "./dom.ts";
import { clock, count, dollars, duration, plural } from "./format.ts";
import { TimeBar } from "./plots.ts";

const apiNames: Readonly<Record<RequestRecord["api"], string>> = {
  messages: "Messages",
  chat: "Chat",
  responses: "Responses",
  count: "Count",
  other: "Other",
};

/** Every browser calls itself by the same name; that of a page is one of them. */
const clientNames = new Map([
  ["", "unnamed client"],
  ["Mozilla", "browser"],
]);

const phaseNames: Readonly<Record<NonNullable<RequestRecord["phase"]>, string>> = {
  thinking: "thinking",
  writing: "writing",
  calling: "calling a tool",
};

let shown: LiveState["requests"] | undefined;
/** The server's clock less ours (milliseconds). */
let ahead = 0;

const list = new List<RequestRecord>(byId("requests"), ({ id }) => id, makeRow);

/** Takes the server's clock. */
export function setClock(now: number): void {
  ahead = now - here();
}

export function showRequests(requests: LiveState["requests"]): void {
  shown = requests;
  byId("requests-empty").hidden = requests.running.length + requests.recent.length > 0;
  byId("requests-table").hidden = !byId("requests-empty").hidden;
  byId("requests-more").hidden = requests.more === 0;
  write(byId("requests-more"), `${plural(requests.more, "more request")} running.`);
  draw();
}

/** Draws what runs as far as it has come by now. */
export function draw(): void {
  if (shown !== undefined) list.show([...shown.running, ...shown.recent]);
}

/** How long a request has taken so far, or did take. */
function timeOf({ at, ms }: RequestRecord): number {
  return ms ?? Math.max(0, here() + ahead - at);
}

/** The time that fills a bar: of the longest that is listed, and never so little that every wait looks long. */
function scale(): number {
  const all = shown === undefined ? [] : [...shown.running, ...shown.recent];
  return Math.max(4_000, ...all.map(timeOf));
}

function makeRow(): { element: Element; update(record: RequestRecord): void } {
  const cell = (className: string) => html("td", { class: className });
  const [client, api, model] = [html("strong"), html("span", { class: "api" }), html("span", { class: "model" })];
  const [state, way] = [html("span"), html("span", { class: "sub" })];
  // Where there is no room for a column of its own.
  const brief = html("span", { class: "brief" });
  const [tokens, input] = [html("span"), html("span", { class: "sub" })];
  const [time, first] = [html("span"), html("span", { class: "sub" })];
  const cost = html("span");
  const bar = new TimeBar();
  const who = html("th", { scope: "row", class: "who" }, client, html("span", { class: "sub" }, api, brief, model));
  const cells = [cell("state"), cell("number"), cell("number cost"), cell("number time")];
  cells[0]?.append(state, way);
  cells[1]?.append(tokens, input);
  cells[2]?.append(cost);
  cells[3]?.append(html("div", {}, bar.element, html("div", {}, time, first)));
  const element = html("tr", {}, who, ...cells);
  return {
    element,
    update(record) {
      const total = timeOf(record);
      const running = record.outcome === undefined;
      element.className = running ? "running" : record.outcome === "ok" ? "ok" : "failed";
      element.title = `${clock(record.at - ahead)} · ${record.id}`;
      write(client, clientNames.get(record.client) ?? record.client);
      write(api, apiNames[record.api] ?? record.api);
      write(model, record.model ?? "");
      write(state, stateOf(record));
      write(brief, stateOf(record));
      write(way, record.way ?? "");
      write(tokens, outputOf(record));
      write(input, record.usage === undefined ? "" : `of ${count(inputOf(record.usage))} in`);
      write(cost, running ? "" : dollars(record.costUsd));
      write(time, duration(total));
      write(first, record.firstTextMs === undefined ? "" : `first ${duration(record.firstTextMs)}`);
      bar.show(record.firstTextMs, total, scale());
    },
  };
}

/** In words, also what the colour says. */
function stateOf({ outcome, phase, firstTextMs, status }: RequestRecord): string {
  if (outcome === "ok") return "done";
  if (outcome !== undefined) return `${outcome.replaceAll("_", " ")}${status === undefined ? "" : ` ${status}`}`;
  if (phase !== undefined) return phaseNames[phase];
  return firstTextMs === undefined ? "waiting" : "writing";
}

/** The tokens of the answer, or what is known in their place as long as it runs. */
function outputOf({ usage, written = 0, passed = 0, outcome }: RequestRecord): string {
  const told = usage?.output_tokens ?? 0;
  if (outcome !== undefined && told > 0) return count(told);
  if (written > 0) return `≈ ${count(Math.round(Math.max(told, written)))}`;
  return passed > 0 ? `${count(Math.ceil(passed / 1024))} kB` : "–";
}

/** All tokens of the input, read from a cache or not. */
function inputOf(usage: NonNullable<RequestRecord["usage"]>): number {
  const { input_tokens, cache_creation_input_tokens: made, cache_read_input_tokens: read } = usage;
  return input_tokens + (made ?? 0) + (read ?? 0);
}

function here(): number {
  return performance.timeOrigin + performance.now();
}
