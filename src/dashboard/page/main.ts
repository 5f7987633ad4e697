/** The page: what `/live` tells goes to its instruments. */

import type { LiveState } from "../../observe/live.ts";
import type { Spend } from "../../observe/spend.ts";
import { keepKey, storedKey } from "./access.ts";
import { announce } from "./announce.ts";
import { byId, write } from "./dom.ts";
import { showErrors } from "./errors.ts";
import { follow } from "./feed.ts";
import { clock } from "./format.ts";
import { drawRate, type EngineDetail, showEngine, showLatency, showWork } from "./instruments.ts";
import { offerModels } from "./playground.ts";
import { draw, setClock, showRequests } from "./requests.ts";
import { offerSnippets } from "./snippets.ts";
import { showSpend } from "./spend.ts";

interface Parts extends LiveState {
  engine: { engine: string; detail: EngineDetail } | null;
  spend: Spend | null;
}

let connected: boolean | undefined;
let started: number | undefined;
/** When something was told last. */
let heard: number | undefined;

const parts: { [K in keyof Parts]: (value: Parts[K]) => void } = {
  hello({ version, mode, started: since, now }) {
    setClock(now);
    write(byId("version"), `${version}, ${mode}`);
    if (since === started) return;
    if (started !== undefined) announce("Sluice was started anew.");
    started = since;
    void offerModels();
    void offerSnippets();
  },
  requests(requests) {
    showRequests(requests);
    showWork(requests);
  },
  errors: showErrors,
  latency: showLatency,
  engine: showEngine,
  spend: showSpend,
};

function say(state: "live" | "lost" | "locked", words: string): void {
  byId("connection").className = state;
  write(byId("connection-words"), words);
}

void follow({
  part(name, value) {
    heard = performance.timeOrigin + performance.now();
    if (Object.hasOwn(parts, name)) parts[name as keyof Parts](value as never);
  },
  connected() {
    byId("lock").hidden = true;
    byId("instruments").hidden = false;
    byId("forget").hidden = storedKey() === undefined;
    say("live", "Live");
    if (connected === false) announce("Connected again.");
    connected = true;
  },
  lost(why, seconds) {
    if (connected === true) announce(`${why} Trying again.`);
    connected = false;
    const since = heard === undefined ? "" : ` What is shown is of ${clock(heard)}.`;
    say("lost", `${why} Trying again in ${seconds} s.${since}`);
  },
  locked(why) {
    say("locked", "Locked");
    byId("forget").hidden = true;
    byId("instruments").hidden = true;
    byId("lock").hidden = false;
    // Without a key nobody has been wrong yet.
    const tried = storedKey() !== undefined;
    keepKey(undefined);
    write(byId("lock-words"), tried ? `401: ${why}` : "This Sluice has a client key, and answers nobody without it.");
    const [form, key] = [byId<HTMLFormElement>("lock-form"), byId<HTMLInputElement>("key")];
    key.setAttribute("aria-invalid", String(tried));
    key.value = "";
    key.focus();
    const { promise, resolve } = Promise.withResolvers<void>();
    form.onsubmit = (event) => {
      event.preventDefault();
      keepKey(key.value);
      key.value = "";
      resolve();
    };
    return promise;
  },
});

byId("forget").addEventListener("click", () => {
  keepKey(undefined);
  location.reload();
});

const calm = matchMedia("(prefers-reduced-motion: reduce)");
let beats = 0;
setInterval(() => {
  beats = (beats + 1) % 4;
  if (beats === 0) drawRate();
  if (connected === true && (beats === 0 || !calm.matches)) draw();
}, 250);
