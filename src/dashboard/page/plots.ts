/** Small drawings. Each stands beside words that say the same, so none is read out. */

import type { LiveLatency } from "../../observe/live.ts";
import { svg } from "./dom.ts";

function drawing(className: string, width: number, height: number, stretched: boolean): SVGSVGElement {
  return svg("svg", {
    class: className,
    viewBox: `0 0 ${width} ${height}`,
    "aria-hidden": "true",
    focusable: "false",
    ...(stretched && { preserveAspectRatio: "none" }),
  });
}

/** A line of the last values, the newest at its right end, over a base line. */
export class Sparkline {
  readonly element = drawing("spark", 120, 24, true);
  readonly #area = svg("path", { class: "area" });
  readonly #line = svg("path", { class: "line", "vector-effect": "non-scaling-stroke" });
  readonly #base = svg("path", { class: "base", d: "M0 23.5H120", "vector-effect": "non-scaling-stroke" });
  readonly #values: number[];

  constructor(points: number) {
    this.#values = Array.from({ length: points }, () => 0);
    this.element.append(this.#base, this.#area, this.#line);
  }

  push(value: number): void {
    this.#values.shift();
    this.#values.push(value);
    const top = Math.max(10, ...this.#values);
    const step = 120 / (this.#values.length - 1);
    const points = this.#values.map(
      (one, index) => `${(index * step).toFixed(1)} ${(23 - (one / top) * 21).toFixed(1)}`,
    );
    this.#line.setAttribute("d", `M${points.join("L")}`);
    this.#area.setAttribute("d", `M0 23L${points.join("L")}L120 23Z`);
  }
}

/** How long a request took: the wait for its first text, drawn hollow, and what came then, drawn full. */
export class TimeBar {
  readonly element = drawing("timebar", 100, 6, true);
  readonly #wait = svg("rect", { class: "wait", y: 2, height: 2, x: 0 });
  readonly #flow = svg("rect", { class: "flow", y: 1, height: 4 });

  constructor() {
    this.element.append(this.#wait, this.#flow);
  }

  /** Times in milliseconds; `scale` is the time that fills the whole width. */
  show(first: number | undefined, total: number, scale: number): void {
    const x = (ms: number) => Math.min(100, (ms / scale) * 100);
    const wait = x(first ?? total);
    this.#wait.setAttribute("width", wait.toFixed(2));
    this.#flow.setAttribute("x", wait.toFixed(2));
    this.#flow.setAttribute("width", (first === undefined ? 0 : Math.max(0.6, x(total) - wait)).toFixed(2));
  }
}

/** A part of a whole, from 0 to 1, with a mark where it is nearly used up. */
export class Gauge {
  readonly element = drawing("gauge", 100, 6, true);
  readonly #fill = svg("rect", { class: "fill", y: 0, height: 6, x: 0 });

  constructor() {
    this.element.append(svg("rect", { class: "track", width: 100, height: 6 }), this.#fill);
  }

  show(part: number): void {
    this.#fill.setAttribute("width", (Math.min(1, Math.max(0, part)) * 100).toFixed(1));
    this.element.setAttribute("class", `gauge${part >= 1 ? " full" : part >= 0.8 ? " high" : ""}`);
  }
}

const barWidth = 12;
const half = 44;

/** The times to the first text, upwards, and to the end, downwards, over one axis of octaves. */
export class Histogram {
  readonly element = drawing("histogram", 25 * barWidth, 2 * half + 18, false);

  show({ bounds, first, whole }: LiveLatency): void {
    const top = Math.max(1, ...first.counts, ...whole.counts);
    const bars = (counts: readonly number[], className: string, up: boolean) =>
      counts.flatMap((count, index) => {
        if (count === 0) return [];
        const height = Math.max(1.5, (count / top) * (half - 4));
        const y = up ? half - height : half + 18;
        return svg("rect", { class: className, x: index * barWidth + 1, y, width: barWidth - 2, height, rx: 1 });
      });
    const labels = bounds.flatMap((bound, index) => {
      if (index % 4 !== 0 || index === 0 || index === bounds.length - 1) return [];
      const text = bound < 1000 ? `${bound} ms` : `${Math.round(bound / 1000)} s`;
      return svg("text", { x: index * barWidth, y: half + 13, "text-anchor": "middle" }, text);
    });
    const axis = svg("path", {
      class: "axis",
      d: `M0 ${half + 0.5}H${25 * barWidth}M0 ${half + 17.5}H${25 * barWidth}`,
    });
    this.element.replaceChildren(
      axis,
      ...labels,
      ...bars(first.counts, "first", true),
      ...bars(whole.counts, "whole", false),
    );
  }
}

/** The sign of a process's state; the word for it stands beside it. */
export function processSign(state: string): SVGSVGElement {
  const sign = drawing(`sign ${state}`, 12, 12, false);
  const ring = () => svg("circle", { cx: 6, cy: 6, r: 4.25, class: "ring" });
  const shapes: Record<string, () => SVGElement[]> = {
    running: () => [svg("circle", { cx: 6, cy: 6, r: 5, class: "solid" })],
    live: () => [ring(), svg("path", { d: "M6 1.75a4.25 4.25 0 0 1 0 8.5z", class: "solid" })],
    parked: () => [
      svg("rect", { x: 2, y: 2, width: 3, height: 8, class: "solid" }),
      svg("rect", { x: 7, y: 2, width: 3, height: 8, class: "solid" }),
    ],
    spare: () => [ring()],
    starting: () => [svg("circle", { cx: 6, cy: 6, r: 4.25, class: "ring dashed" })],
  };
  sign.append(...(shapes[state]?.() ?? []));
  return sign;
}
