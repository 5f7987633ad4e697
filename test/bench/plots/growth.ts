/** The pictures of `bun run bench:growth`. */

import type { Curve } from "../growth/curves.ts";
import { colours, dot, gridLine, label, logScale, picture, short, stroke, width } from "./svg.ts";

const area = { left: 64, right: width - 24, top: 84, bottom: 330 };

/** A curve's costs by its sizes, both on logarithmic axes: what is straight and at 45 degrees is linear. */
export function plotGrowth({ title, sizes, costs, series }: Curve): string {
  const points = series.flatMap((one) => one.points);
  const x = logScale(
    points.map(({ size }) => size),
    area.left,
    area.right,
  );
  const y = logScale(
    points.map((point) => point.median),
    area.bottom,
    area.top,
  );
  const grid = [
    ...x.ticks.flatMap((tick) => [
      gridLine(x.at(tick), area.top, x.at(tick), area.bottom),
      label(x.at(tick), area.bottom + 20, short(tick), { anchor: "middle", kind: "small" }),
    ]),
    ...y.ticks.flatMap((tick) => [
      gridLine(area.left, y.at(tick), area.right, y.at(tick)),
      label(area.left - 8, y.at(tick) + 4, short(tick), { anchor: "end", kind: "small" }),
    ]),
  ];
  const step = (area.right - area.left) / Math.min(3, series.length);
  const drawn = series.flatMap(({ name, points: own, exponent }, n) => {
    const colour = n % colours;
    const places = own
      .filter(({ size, median }) => size > 0 && median > 0)
      .map(({ size, median }) => [x.at(size), y.at(median)] as const);
    const place = { x: area.left + (n % 3) * step, y: 52 + Math.floor(n / 3) * 19 };
    return [
      stroke(places, colour),
      ...places.map(([px, py]) => dot(px, py, colour)),
      label(place.x, place.y, `${name}: exponent ${exponent.toFixed(2)}`, { colour }),
    ];
  });
  return picture(area.bottom + 52, title, [
    label(20, 28, title, { kind: "title" }),
    label(area.right, 28, costs, { anchor: "end", kind: "small" }),
    ...grid,
    label((area.left + area.right) / 2, area.bottom + 40, sizes, { anchor: "middle", kind: "small" }),
    ...drawn,
  ]);
}
