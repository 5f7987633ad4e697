/** Pictures of figures: as the light or the dark page wants them, and legible at 800 pixels. */

export const width = 800;

/** The colours of series, in their order: far enough apart for eyes that see fewer colours. */
export const colours = 6;

const style = `
  svg { --paper: #ffffff; --ink: #1f2328; --faint: #59636e; --grid: #d8dee4;
    --c0: #0b62d6; --c1: #b45309; --c2: #0f7b6c; --c3: #a3246e; --c4: #59636e; --c5: #6941c6 }
  @media (prefers-color-scheme: dark) { svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --grid: #30363d;
    --c0: #58a6ff; --c1: #f0a13a; --c2: #3fc7b0; --c3: #f778ba; --c4: #9198a1; --c5: #b692f6 } }
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; fill: var(--ink) }
  .small { font-size: 12px; fill: var(--faint) }
  .title { font-weight: 600 }
  .grid { stroke: var(--grid); stroke-width: 1 }
`.trim();

/** A picture of these parts. `title` is what it is called for who can't see it. */
export function picture(height: number, title: string, parts: readonly string[]): string {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">`;
  const paper = `<rect width="${width}" height="${height}" fill="var(--paper)"/>`;
  return `${[head, `<style>${style}</style>`, paper, ...parts, "</svg>"].join("\n")}\n`;
}

interface TextOptions {
  anchor?: "start" | "middle" | "end";
  kind?: "small" | "title";
  colour?: number;
}

export function label(x: number, y: number, text: string, { anchor, kind, colour }: TextOptions = {}): string {
  const attributes = [
    `x="${rounded(x)}" y="${rounded(y)}"`,
    anchor && `text-anchor="${anchor}"`,
    kind && `class="${kind}"`,
    colour !== undefined && `style="fill: var(--c${colour})"`,
  ];
  return `<text ${attributes.filter(Boolean).join(" ")}>${escaped(text)}</text>`;
}

export function gridLine(x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="grid" x1="${rounded(x1)}" y1="${rounded(y1)}" x2="${rounded(x2)}" y2="${rounded(y2)}"/>`;
}

export function stroke(points: readonly (readonly [number, number])[], colour: number): string {
  const path = points.map(([x, y]) => `${rounded(x)},${rounded(y)}`).join(" ");
  return `<polyline points="${path}" fill="none" stroke="var(--c${colour})" stroke-width="2"/>`;
}

/** A point; one that is hollow is the lesser of two. */
export function dot(x: number, y: number, colour: number, hollow = false): string {
  const fill = hollow ? "var(--paper)" : `var(--c${colour})`;
  return `<circle cx="${rounded(x)}" cy="${rounded(y)}" r="4.5" fill="${fill}" stroke="var(--c${colour})" stroke-width="2"/>`;
}

/** A logarithmic axis from the powers of ten around some values to pixels. */
export function logScale(values: readonly number[], from: number, to: number) {
  const known = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...known)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...known))));
  return {
    at: (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n)),
  };
}

/** A number as an axis shows it. */
export function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(1)));
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
