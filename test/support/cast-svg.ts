/** Terminals as one SVG: what they showed appears when they showed it, again and again, or at once where nothing moves. */

/** What a terminal showed at a time, in milliseconds. Its lines end with \n; of escapes only colours count. */
export interface Piece {
  at: number;
  text: string;
}

export interface Pane {
  columns: number;
  pieces: readonly Piece[];
}

const font = { size: 12, width: 7.2, line: 17 };
const margin = 14;
const gap = 10;
/** How long the whole stays before it begins anew (milliseconds). */
const rest = 6000;

/** Classes by the codes of the terminal's colours. */
const colours: Readonly<Record<string, string>> = { 31: "r", 32: "g", 33: "y", 36: "c", 90: "d" };

const style = `
svg{--b:#f6f8fa;--l:#d0d7de;--t:#1f2328;--d:#59636e;--g:#116329;--y:#7d4e00;--r:#a40e26;--c:#0550ae}
@media(prefers-color-scheme:dark){svg{--b:#0d1117;--l:#30363d;--t:#e6edf3;--d:#9198a1;--g:#57ab5a;--y:#d29922;--r:#ff7b72;--c:#79c0ff}}
rect{fill:var(--b);stroke:var(--l)}
text{fill:var(--t);font:${font.size}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre}
.d{fill:var(--d)}.g{fill:var(--g)}.y{fill:var(--y)}.r{fill:var(--r)}.c{fill:var(--c)}
@media(prefers-reduced-motion:reduce){tspan{animation:none!important}}
`;

interface Span {
  at: number;
  text: string;
  colour: string;
}

/** The terminals one below the other. Needs no fonts, scripts or files, and follows the reader's light or dark. */
export function drawCast(panes: readonly Pane[]): string {
  const screens = panes.map(toLines);
  const end = Math.max(...panes.flatMap(({ pieces }) => pieces.map(({ at }) => at))) + rest;
  const width = Math.ceil(Math.max(...panes.map(({ columns }) => columns)) * font.width + 2 * margin + 2);
  const times = [...new Set(screens.flat(2).map(({ at }) => at))].filter((at) => at > 0).sort((a, b) => a - b);
  const keyframes = times.map(
    (at) => `@keyframes a${at}{0%{visibility:hidden}${((100 * at) / end).toFixed(2)}%{visibility:visible}}`,
  );

  let top = 1;
  const drawn = screens.map((lines) => {
    const height = lines.length * font.line + 2 * margin;
    const texts = lines.map((line, n) => drawLine(line, top + margin + font.size + n * font.line, end));
    const pane = [`<rect x="1" y="${top}" width="${width - 2}" height="${height}" rx="8"/>`, ...texts];
    top += height + gap;
    return pane.join("\n");
  });
  const height = top - gap + 1;
  const title = "sluice serve in one terminal; a streamed answer and the snippet for a client in another";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${title}">
<style>${style}${keyframes.join("\n")}
</style>
${drawn.join("\n")}
</svg>
`;
}

/** The lines that a pane shows in the end, as its terminal breaks them. */
export function toLines({ columns, pieces }: Pane): Span[][] {
  const lines: Span[][] = [[]];
  let colour = "";
  let column = 0;
  const next = () => {
    lines.push([]);
    column = 0;
  };
  for (const { at, text } of pieces) {
    // eslint-disable-next-line no-control-regex
    for (const [part, codes, newline] of text.matchAll(/\x1b\[([\d;]*)m|(\n)|[^\x1b\n]+/g)) {
      if (codes !== undefined) colour = colours[codes] ?? "";
      else if (newline !== undefined) next();
      else {
        for (let open = part; open !== "";) {
          if (column === columns) next();
          const fits = open.slice(0, columns - column);
          lines.at(-1)?.push({ at, text: fits, colour });
          column += fits.length;
          open = open.slice(fits.length);
        }
      }
    }
  }
  while (lines.at(-1)?.length === 0) lines.pop();
  return lines;
}

function drawLine(spans: readonly Span[], y: number, end: number): string {
  const parts = spans.map(({ at, text, colour }) => {
    const classes = colour && ` class="${colour}"`;
    const moves = at === 0 ? "" : ` style="animation:a${at} ${end}ms step-end infinite"`;
    return `<tspan${classes}${moves}>${escapeXml(text)}</tspan>`;
  });
  // Whatever the font, a line is as long as in a terminal.
  const length = spans.reduce((sum, { text }) => sum + text.length, 0) * font.width;
  return `<text x="${margin}" y="${y}" textLength="${length.toFixed(1)}" xml:space="preserve">${parts.join("")}</text>`;
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}
