/** What is ours, into what a person has in a config file and out of it again. */

import { type Format, type Path, Unreadable, type Value, wrap } from "./format/format.ts";

/** A config in which something can't be changed without a change of something else. */
export class Unchangeable extends Error {
  override readonly name = "Unchangeable";

  constructor(path: Path) {
    super(`has ${showPath(path)} in a form that can't be changed safely`);
  }
}

/** What a client's config has to say somewhere. */
export interface Entry {
  readonly path: Path;
  readonly value: Value;
  /** Only where nothing is there. */
  readonly optional?: boolean;
}

/** Entries down to what is no object: beside it there may be something of the person's. */
export function leavesOf(entries: readonly Entry[]): Entry[] {
  return entries.flatMap((entry) => {
    const { path, value } = entry;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return [entry];
    const inside = Object.entries(value).map(([key, inner]) => ({ ...entry, path: [...path, key], value: inner }));
    return inside.length === 0 || typeof path.at(-1) === "object" ? [entry] : leavesOf(inside);
  });
}

/** The text with these leaves. Throws an Unreadable, or an Unchangeable. */
export function putIn(format: Format, text: string, leaves: readonly Entry[]): string {
  let [result, tree] = [text, format.parse(text)];
  for (const { path, value, optional } of leaves) {
    const there = valueAt(tree, path);
    if (optional === true ? there !== undefined : Bun.deepEquals(there, value)) continue;
    [result, tree] = checked(format, format.set(result, path, value), withValue(tree, path, value), path);
  }
  return result;
}

/**
 * The text without the values at these paths: with what was there in the original text, and where nothing was there
 * without the path. Throws an Unreadable, or an Unchangeable.
 */
export function takeOut(format: Format, text: string, paths: readonly Path[], originalText: string): string {
  const original = format.parse(originalText);
  let [result, tree] = [text, format.parse(text)];
  const put = (path: Path, value: Value) => {
    const wanted = withValue(tree, path, value);
    const [from, to] = [format.locate(originalText, path), format.locate(result, path)];
    if (from !== undefined && to !== undefined) {
      // As it was written, quotes and all.
      const spliced = result.slice(0, to.start) + originalText.slice(from.start, from.end) + result.slice(to.end);
      if (says(format, spliced, wanted)) return void ([result, tree] = [spliced, wanted]);
    }
    [result, tree] = checked(format, format.set(result, path, value), wanted, path);
  };
  for (let path of paths.toReversed()) {
    // What was made for it goes with it.
    for (let outer = path.slice(0, -1); outer.length > 0; outer = outer.slice(0, -1)) {
      if (valueAt(original, path) !== undefined || holds(original, outer) || sizeOf(valueAt(tree, outer)) !== 1) break;
      path = outer;
    }
    const [before, outer] = [valueAt(original, path), path.slice(0, -1)];
    if (before !== undefined) put(path, before as Value);
    else if (outer.length > 0 && sizeOf(valueAt(tree, outer)) === 1) {
      put(outer, typeof path.at(-1) === "string" ? {} : []);
    } else {
      [result, tree] = checked(format, format.remove(result, path), withoutValue(tree, path), path);
    }
  }
  return result;
}

/** What is at a path of a parsed config; undefined: nothing. */
export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, part) => {
    if (typeof part === "object") return Array.isArray(inner) ? inner[indexOf(inner, part)] : undefined;
    return isObject(inner) && Object.hasOwn(inner, part) ? inner[part] : undefined;
  }, tree);
}

/** A path as a person would write it. */
export function showPath(path: Path): string {
  return path.map((part) => (typeof part === "string" ? part : part.name)).join(".");
}

/** Has the format's own parser say that an edit has changed what it should, and nothing else. */
function checked(format: Format, text: string, wanted: unknown, path: Path): [string, unknown] {
  if (!says(format, text, wanted)) throw new Unchangeable(path);
  return [text, wanted];
}

function says(format: Format, text: string, wanted: unknown): boolean {
  try {
    return Bun.deepEquals(format.parse(text), wanted);
  } catch (error) {
    if (error instanceof Unreadable) return false;
    throw error;
  }
}

type Tree = Readonly<Record<string, unknown>>;

function isObject(tree: unknown): tree is Tree {
  return typeof tree === "object" && tree !== null && !Array.isArray(tree);
}

function indexOf(list: readonly unknown[], { name }: { readonly name: string }): number {
  return list.findIndex((item) => isObject(item) && item["name"] === name);
}

function sizeOf(tree: unknown): number {
  return typeof tree === "object" && tree !== null ? Object.keys(tree).length : 0;
}

/** Whether there is something that can hold what comes next on a path. */
function holds(tree: unknown, path: Path): boolean {
  const there = valueAt(tree, path);
  return typeof there === "object" && there !== null;
}

function withValue(tree: unknown, [part, ...rest]: Path, value: Value): unknown {
  if (part === undefined) return value;
  if (typeof part === "string") {
    if (Array.isArray(tree)) throw new Unchangeable([part]);
    if (!isObject(tree)) return wrap([part, ...rest], value);
    return { ...tree, [part]: withValue(Object.hasOwn(tree, part) ? tree[part] : undefined, rest, value) };
  }
  if (isObject(tree)) throw new Unchangeable([part]);
  if (!Array.isArray(tree)) return wrap([part, ...rest], value);
  const index = indexOf(tree, part);
  return index < 0 ? [...tree, wrap(rest, value)] : tree.with(index, withValue(tree[index], rest, value));
}

function withoutValue(tree: unknown, [part, ...rest]: Path): unknown {
  if (Array.isArray(tree) && typeof part === "object") {
    const index = indexOf(tree, part);
    return rest.length === 0 ? tree.toSpliced(index, 1) : tree.with(index, withoutValue(tree[index], rest));
  }
  if (!isObject(tree) || typeof part !== "string") return tree;
  if (rest.length > 0) return { ...tree, [part]: withoutValue(tree[part], rest) };
  return Object.fromEntries(Object.entries(tree).filter(([key]) => key !== part));
}
