/** Metrics in the text format of Prometheus, version 0.0.4. */

export type Labels = Readonly<Record<string, string>>;

/** The content type of `exposition`. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8";

/** Something that has values to be scraped. */
export interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Each line's name, which may go on behind that of the metric, with its labels and value. */
  samples(): Iterable<[name: string, labels: string, value: number]>;
}

/** The text of metrics; those that have no values are left out. */
export function exposition(metrics: Iterable<Metric>): string {
  let text = "";
  for (const { name, type, help, samples } of metrics) {
    const lines = [...samples()].map(([sample, labels, value]) => `${sample}${labels && `{${labels}}`} ${value}\n`);
    if (lines.length > 0) text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
  }
  return text;
}

/** A number that only grows, for each set of values of its labels. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly #series: Series<{ count: number }>;

  constructor(
    readonly name: string,
    readonly help: string,
    labels: LabelNames = [],
  ) {
    this.#series = new Series(labels, () => ({ count: 0 }));
  }

  /** The values are those of the labels, in their order. */
  add(count: number, first = "", second = ""): void {
    this.#series.of(first, second).count += count;
  }

  samples = () => this.#series.all.map(([labels, { count }]): [string, string, number] => [this.name, labels, count]);
}

/** How many values there were up to each bound, for each set of values of its labels. */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly #series: Series<{ counts: number[]; sum: number }>;

  /** `bounds` in ascending order. */
  constructor(
    readonly name: string,
    readonly help: string,
    readonly bounds: readonly number[],
    labels: LabelNames = [],
  ) {
    this.#series = new Series(labels, () => ({ counts: bounds.map(() => 0).concat(0), sum: 0 }));
  }

  /** The values behind it are those of the labels, in their order. */
  observe(value: number, first = "", second = ""): void {
    const series = this.#series.of(first, second);
    let bucket = 0;
    for (const bound of this.bounds) {
      if (value <= bound) break;
      bucket++;
    }
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
  }

  samples = () =>
    this.#series.all.flatMap(([labels, { counts, sum }]) => {
      let total = 0;
      const buckets = counts.map((count, index): [string, string, number] => {
        total += count;
        return [`${this.name}_bucket`, `${labels},le="${this.bounds[index] ?? "+Inf"}"`, total];
      });
      const ends: [string, string, number][] = [
        [`${this.name}_sum`, labels, sum],
        [`${this.name}_count`, labels, total],
      ];
      return [...buckets, ...ends];
    });
}

/** The names of a metric's labels. */
type LabelNames = readonly [first?: string, second?: string];

/** What is counted for each set of values of the labels. Every request counts a dozen: what is there is found, and nothing made. */
class Series<T> {
  /** In the order in which they came, with their labels. */
  readonly all: [labels: string, series: T][] = [];
  readonly #byValues = new Map<string, Map<string, T>>();

  constructor(
    readonly labels: LabelNames,
    readonly create: () => T,
  ) {}

  of(first: string, second: string): T {
    return this.#byValues.get(first)?.get(second) ?? this.#begin([first, second]);
  }

  #begin(values: readonly [string, string]): T {
    const [first, second] = values;
    const series = this.create();
    this.#byValues.getOrInsertComputed(first, () => new Map()).set(second, series);
    this.all.push([format(Object.fromEntries(this.labels.map((label, at) => [label, values[at]]))), series]);
    return series;
  }
}

/** Values as they are now. */
export function now(
  type: "gauge" | "counter",
  name: string,
  help: string,
  values: Iterable<readonly [Labels, number | undefined]>,
): Metric {
  const known = [...values].flatMap(([labels, value]) => (value === undefined ? [] : [[name, format(labels), value]]));
  return { type, name, help, samples: () => known as [string, string, number][] };
}

/** Names that come from outside: the first ones that are seen, and one for all others. */
export class Names {
  readonly #known = new Set<string>();

  constructor(readonly most: number) {}

  of(name: string): string {
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.most) return "other";
    this.#known.add(name);
    return name;
  }
}

function format(labels: Labels): string {
  let text = "";
  for (const name in labels) text += `${text && ","}${name}="${escape(labels[name] ?? "")}"`;
  return text;
}

function escape(value: string): string {
  if (!/[\\"\n]/.test(value)) return value;
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
