/** Whether the page can be read: the contrast of its colours, as WCAG 2.2 computes it. */

import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";

const style = await Bun.file(resolve(import.meta.dir, "../../src/dashboard/style.css")).text();

/** The colours of the first block, and those with what the dark one changes. */
const [light = {}, dark = {}] = [...style.matchAll(/:root \{([^}]*)\}/g)].map(([, block = ""]) =>
  Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name, colour])),
) as Record<string, string>[];
const themes = { light, dark: { ...light, ...dark } };

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [bright = 0, dim = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (bright + 0.05) / (dim + 0.05);
}

test("is computed as it should be", () => {
  expect(contrast("#000000", "#ffffff")).toBe(21);
  expect(contrast("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});

describe.each(Object.entries(themes))("%s", (_, colours) => {
  const ratio = (front: string, back: string) => contrast(colours[front] ?? "", colours[back] ?? "");

  test.each(
    ["ink", "soft", "water", "good", "warn", "bad"].flatMap((text) => ["paper", "raised"].map((back) => [text, back])),
  )("text in %s on %s", (text, back) => {
    expect(ratio(text, back)).toBeGreaterThanOrEqual(4.5);
  });

  test("text on buttons", () => {
    expect(ratio("on-water", "water")).toBeGreaterThanOrEqual(4.5);
    expect(ratio("soft", "rule")).toBeGreaterThanOrEqual(3);
  });

  test.each(["edge", "water", "warn", "bad"])("the edges of fields and what is drawn in %s", (colour) => {
    for (const back of ["paper", "raised"]) expect(ratio(colour, back)).toBeGreaterThanOrEqual(3);
  });
});

test("no colour is named but at the top", () => {
  const rest = style.replaceAll(/:root \{[^}]*\}/g, "");
  expect(rest.match(/#[0-9a-f]{3,8}\b(?=[;, ])|rgb|hsl|oklch/gi)).toBeNull();
  expect(Object.keys(dark)).toEqual(Object.keys(light));
});
