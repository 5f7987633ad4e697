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

/** A number that only grows, for each set of labels. */
export class Counter implements Metric {
  readonly type = "counter";
  readonly #values = new Map<string, number>();

  constructor(
    readonly name: string,
    readonly help: string,
  ) {}

  add(labels: Labels, count = 1): void {
    const key = format(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + count);
  }

  samples = () => [...this.#values].map(([labels, value]): [string, string, number] => [this.name, labels, value]);
}

/** How many values there were up to each bound, for each set of labels. */
export class Histogram implements Metric {
  readonly type = "histogram";
  readonly #series = new Map<string, { counts: number[]; sum: number }>();

  /** `bounds` in ascending order. */
  constructor(
    readonly name: string,
    readonly help: string,
    readonly bounds: readonly number[],
  ) {}

  observe(labels: Labels, value: number): void {
    const key = format(labels);
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = { counts: this.bounds.map(() => 0).concat(0), sum: 0 }));
    const index = this.bounds.findIndex((bound) => value <= bound);
    const bucket = index < 0 ? this.bounds.length : index;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
  }

  samples = () =>
    [...this.#series].flatMap(([labels, { counts, sum }]) => {
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
