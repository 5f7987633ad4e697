/** A headless Chromium that reaches this machine alone, with a home of its own. */

import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { installPrograms } from "./debian.ts";
import { eventually, type TemporaryFolder, temporaryFolder } from "./environment.ts";

export interface ViewOptions {
  /** CSS pixels. */
  width?: number;
  height?: number;
  theme?: "light" | "dark";
  /** As a person set it who gets dizzy. */
  calm?: boolean;
  /** Pixels of the screen to one of CSS. */
  density?: number;
}

export interface Browser extends AsyncDisposable {
  /** Opens an empty tab. */
  open(options?: ViewOptions): Promise<Tab>;
  /** What every connection of this browser was to, also those of its own that no page asked for. */
  connections(): Promise<string[]>;
}

const flags = [
  // As root it has no other way, and it sees nothing but our own page.
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
  "--disable-features=OptimizationHints,MediaRouter,Translate,NetworkTimeServiceQuerying",
  "--no-pings",
  "--no-proxy-server",
  "--force-color-profile=srgb",
  "--hide-scrollbars",
  // The first rule that fits counts. evil.example is a name that leads here, as a page of another's may have one.
  "--host-resolver-rules=MAP evil.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/** Starts Chromium, once in a process of the tests. Installs it where it is missing. */
export async function startBrowser(): Promise<Browser> {
  const folder = await temporaryFolder();
  await installPrograms({ chromium: "chromium" });
  const path = await wrapper(folder, Bun.which("chromium") ?? "");
  const log = join(folder.path, "net.json");
  const argv = [...flags, `--user-data-dir=${join(folder.path, "profile")}`, `--log-net-log=${log}`];
  const backend = { type: "chrome" as const, path, argv };
  return {
    async open({ width = 1280, height = 900, theme = "light", calm = false, density = 1 } = {}) {
      const tab = new Tab({ width, height, backend });
      await tab.view.navigate("about:blank");
      await tab.view.cdp("Network.enable");
      await tab.view.cdp("Emulation.setEmulatedMedia", {
        features: [
          { name: "prefers-color-scheme", value: theme },
          { name: "prefers-reduced-motion", value: calm ? "reduce" : "no-preference" },
        ],
      });
      const scale = { deviceScaleFactor: density, mobile: width < 600 };
      await tab.view.cdp("Emulation.setDeviceMetricsOverride", { width, height, ...scale });
      return tab;
    },
    async connections() {
      // Its last lines may still be on their way to the file, which has an end only with the browser.
      const [head = "", ...lines] = (await readFile(log, "utf8")).split('"events": [');
      const { constants } = JSON.parse(`${head.trim().replace(/,$/, "")}}`) as NetLog;
      const events = lines
        .join()
        .split("\n")
        .flatMap((line) => parseEvent(line.replace(/,$/, "")));
      const types = constants.logEventTypes;
      // A datagram has no address of its own; who opens a socket for one has not yet sent it.
      const sent = new Set(
        events.filter(({ type }) => type === types["UDP_BYTES_SENT"]).map(({ source }) => source.id),
      );
      const addresses = events.flatMap(({ type, source, params }) => {
        const datagram = type === types["UDP_CONNECT"] && sent.has(source.id);
        return (datagram || type === types["TCP_CONNECT_ATTEMPT"]) && params?.address ? params.address : [];
      });
      return [...new Set(addresses)];
    },
    async [Symbol.asyncDispose]() {
      Bun.WebView.closeAll();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** What Chromium logs of its network, as far as it is read. */
interface NetLog {
  constants: { logEventTypes: Record<string, number> };
}

interface NetEvent {
  type: number;
  source: { id: number };
  params?: { address?: string };
}

/** An event on a line; none where the line is still being written. */
function parseEvent(line: string): NetEvent[] {
  try {
    return [JSON.parse(line) as NetEvent];
  } catch {
    return [];
  }
}

/** Chromium writes into the home of whoever starts it. */
async function wrapper(folder: TemporaryFolder, chromium: string): Promise<string> {
  const path = join(folder.path, "chromium");
  const home = join(folder.path, "home");
  const lines = ["#!/bin/sh", `export HOME='${home}' XDG_CONFIG_HOME='${home}' XDG_CACHE_HOME='${home}'`];
  await Bun.write(path, [...lines, `exec '${chromium}' "$@"`, ""].join("\n"));
  await chmod(path, 0o700);
  return path;
}

/** An expression for the text that is shown in an element. */
function shownText(selector: string): string {
  const shown = `[document.querySelector(${JSON.stringify(selector)})].filter((one) => one?.checkVisibility())`;
  return `${shown}.map((one) => one.innerText.trim()).join("")`;
}

/** One page, and what it asked for. */
export class Tab implements AsyncDisposable {
  readonly view: Bun.WebView;
  /** What the page asked for, also in vain. */
  readonly requests: string[] = [];
  /** What the page said to the console, and what the browser complained of. */
  readonly complaints: string[] = [];

  constructor(options: Bun.WebView.ConstructorOptions) {
    this.view = new Bun.WebView({
      ...options,
      console: (type: string, ...values: unknown[]) => void this.complaints.push(`${type}: ${values.join(" ")}`),
    });
    this.view.addEventListener("Network.requestWillBeSent", (event) => {
      const { data } = event as MessageEvent<{ request: { url: string } }>;
      this.requests.push(data.request.url);
    });
  }

  async open(url: string): Promise<void> {
    await this.view.navigate(url);
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    return (await this.view.evaluate(expression)) as T;
  }

  /** The text of an element as it is shown; "" for what is not. */
  async text(selector: string): Promise<string> {
    return await this.evaluate(shownText(selector));
  }

  /** Resolves when an expression in the page is true. */
  async until(expression: string): Promise<void> {
    try {
      await eventually(() => this.view.evaluate(`Boolean(${expression})`));
    } catch {
      throw new Error(`Never true in the page: ${expression}. It shows: ${await this.text("body")}`);
    }
  }

  /** Resolves when an element shows a text. */
  async shows(selector: string, text: string): Promise<void> {
    await this.until(`${shownText(selector)}.includes(${JSON.stringify(text)})`);
  }

  /** The whole page as a PNG, or its upper part. */
  async picture({ scale = 1, height }: { scale?: number; height?: number } = {}): Promise<Uint8Array> {
    const { cssContentSize } = (await this.view.cdp("Page.getLayoutMetrics")) as {
      cssContentSize: { width: number; height: number };
    };
    const clip = { x: 0, y: 0, ...cssContentSize, ...(height !== undefined && { height }), scale };
    const options = { format: "png", captureBeyondViewport: true, clip };
    const { data } = (await this.view.cdp("Page.captureScreenshot", options)) as { data: string };
    return Buffer.from(data, "base64");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.view.close();
  }
}
