/**
 * Replaces lone surrogates by U+FFFD in every string and key of a JSON-like value, in place, and returns it. Half a
 * character can't be written as UTF-8, and as an escape it is JSON that strict parsers refuse. Takes any depth.
 */
export function makeWellFormed<T extends object>(root: T): T {
  const open: object[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    for (const key in node) {
      const value: unknown = Reflect.get(node, key);
      if (typeof value === "object" && value !== null) open.push(value);
      const wellFormed: unknown = typeof value === "string" ? value.toWellFormed() : value;
      if (wellFormed === value && key.isWellFormed()) continue;
      if (!key.isWellFormed()) Reflect.deleteProperty(node, key);
      Reflect.set(node, key.toWellFormed(), wellFormed);
    }
  }
  return root;
}
