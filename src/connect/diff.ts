/** How many lines around a change are shown. */
const context = 3;
/** Beyond so many pairs of lines a change is shown as a whole. */
const mostPairs = 4_000_000;

type Line = readonly [sign: " " | "-" | "+", text: string];

/** A change as a unified diff, without its two lines of names; nothing where there is none. */
export function diff(before: string, after: string): string {
  const lines = compare(split(before), split(after));
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(([sign]) => sign !== " "),
  );
  let result = "";
  let [old, fresh] = [1, 1];
  for (let at = 0; at < lines.length;) {
    let end = at + 1;
    while (end < lines.length && near[end] === near[at]) end += 1;
    const hunk = lines.slice(at, end);
    const [gone, added] = [hunk.filter(([sign]) => sign !== "+").length, hunk.filter(([sign]) => sign !== "-").length];
    if (near[at]) {
      result += `@@ -${range(old, gone)} +${range(fresh, added)} @@\n${hunk.map(([sign, text]) => `${sign}${text}\n`).join("")}`;
    }
    [old, fresh, at] = [old + gone, fresh + added, end];
  }
  return result;
}

function split(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

function range(start: number, count: number): string {
  return `${count === 0 ? start - 1 : start},${count}`;
}

/** The lines of both texts in one order, by their longest common subsequence. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  let [start, tail] = [0, 0];
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  const most = Math.min(before.length, after.length) - start;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const same = (lines: readonly string[]): Line[] => lines.map((line) => [" ", line]);
  return [
    ...same(before.slice(0, start)),
    ...middle(before.slice(start, before.length - tail), after.slice(start, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

function middle(before: readonly string[], after: readonly string[]): Line[] {
  const [rows, columns] = [before.length, after.length];
  const lengths = new Uint32Array(rows * columns > mostPairs ? 0 : (rows + 1) * (columns + 1));
  const at = (row: number, column: number) => lengths[row * (columns + 1) + column] ?? 0;
  if (lengths.length > 0) {
    for (let row = rows - 1; row >= 0; row -= 1) {
      for (let column = columns - 1; column >= 0; column -= 1) {
        lengths[row * (columns + 1) + column] =
          before[row] === after[column]
            ? at(row + 1, column + 1) + 1
            : Math.max(at(row + 1, column), at(row, column + 1));
      }
    }
  }
  const lines: Line[] = [];
  let [row, column] = [0, 0];
  while (row < rows || column < columns) {
    if (row < rows && column < columns && before[row] === after[column] && at(row, column) > 0) {
      lines.push([" ", before[row++] ?? ""]);
      column += 1;
    } else if (row < rows && (column === columns || at(row + 1, column) >= at(row, column + 1))) {
      lines.push(["-", before[row++] ?? ""]);
    } else {
      lines.push(["+", after[column++] ?? ""]);
    }
  }
  return lines;
}
