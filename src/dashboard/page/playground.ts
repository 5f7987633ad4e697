/** A small request to any of the three APIs, its answer as it streams, and the events that carry it. */

import { announce } from "./announce.ts";
import { ask, complaint } from "./access.ts";
import { type SampleRequest, sampleRequests, textOf } from "./apis.ts";
import { byId, html, write } from "./dom.ts";
import { readEvents } from "./events.ts";
import { duration } from "./format.ts";

/** What is shown of the raw events, at most (characters). */
const mostRaw = 200_000;

const form = byId<HTMLFormElement>("playground-form");
const [send, stop] = [byId<HTMLButtonElement>("send"), byId<HTMLButtonElement>("stop")];
const [answer, raw] = [byId("answer"), byId("raw")];
let abort: AbortController | undefined;

/** Offers the models that Sluice lists; any other name may be typed. */
export async function offerModels(): Promise<void> {
  const response = await ask("/v1/models").catch(() => undefined);
  if (!response?.ok) return;
  const { data } = (await response.json()) as { data: { id: string }[] };
  byId("models").replaceChildren(...data.map(({ id }) => html("option", { value: id })));
  const model = byId<HTMLInputElement>("model");
  if (model.value === "") model.value = data[0]?.id ?? "";
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (abort === undefined) void run();
});
byId<HTMLTextAreaElement>("prompt").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
stop.addEventListener("click", () => abort?.abort());

async function run(): Promise<void> {
  const fields = new FormData(form);
  const of = (name: string) => String(fields.get(name) ?? "");
  const samples = sampleRequests(of("model"), of("prompt"));
  const sample = samples[Number(of("api"))];
  if (sample === undefined) return;
  abort = new AbortController();
  const began = performance.now();
  busy(true);
  answer.textContent = raw.textContent = "";
  write(byId("outcome"), "Waiting for the first event …");
  try {
    const words = await stream(sample, abort.signal, began);
    tell(`${words}, ${duration(performance.now() - began)} in all.`);
  } catch (error) {
    tell(abort.signal.aborted ? "Stopped." : `It failed: ${error instanceof Error ? error.message : String(error)}`);
  }
  abort = undefined;
  busy(false);
}

async function stream({ path, headers, body }: SampleRequest, signal: AbortSignal, began: number): Promise<string> {
  const response = await ask(path, { method: "POST", headers, body: JSON.stringify(body), signal });
  if (!response.ok || response.body === null) throw new Error(`${response.status}. ${await complaint(response)}`);
  const way = response.headers.get("x-sluice-way");
  let first: string | undefined;
  for await (const { data, raw: lines } of readEvents(response.body)) {
    if ((raw.textContent?.length ?? 0) < mostRaw) raw.append(`${lines}\n\n`);
    const text = textOf(data);
    if (text === "") continue;
    first ??= duration(performance.now() - began);
    write(byId("outcome"), `Answering, first text after ${first} …`);
    answer.append(text);
  }
  const warning = response.headers.get("x-sluice-warning");
  return [
    `Done by way of ${way ?? "?"}`,
    ...(warning === null ? [] : [`warning: ${warning}`]),
    first === undefined ? "no text" : `first text after ${first}`,
  ].join(", ");
}

function tell(sentence: string): void {
  write(byId("outcome"), sentence);
  announce(`Playground: ${sentence}`);
}

/** The button that has the focus stays where it is: it is only told to do nothing. */
function busy(runs: boolean): void {
  send.setAttribute("aria-disabled", String(runs));
  stop.hidden = !runs;
  if (!runs && document.activeElement === document.body) send.focus();
  answer.setAttribute("aria-busy", String(runs));
}
