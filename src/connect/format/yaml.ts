import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  stringify,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import {
  applyEdits,
  cutStatement,
  type Edit,
  type Format,
  lineEnding,
  lineStart,
  type Path,
  Unreadable,
  type Value,
  wrap,
} from "./format.ts";

export const yaml: Format = {
  parse(text) {
    const document = open(text);
    try {
      return document.toJS({ maxAliasCount: 100 }) ?? {};
    } catch (error) {
      throw new Unreadable(text, 0, `is no YAML for a config file (${(error as Error).message})`);
    }
  },

  set(text, path, value) {
    const { contents } = open(text);
    const ending = lineEnding(text);
    if (!isMap(contents)) {
      const gap = text === "" || text.endsWith("\n") ? "" : ending;
      return text + gap + block(wrap(path, value), 0, ending) + ending;
    }
    const { holder, place, rest } = find(contents, path);
    const inner = wrap(rest.slice(1), value);
    const edit = place === undefined ? insert(text, holder, rest[0], inner) : replace(text, holder, place, inner);
    return applyEdits(text, [edit]);
  },

  locate(text, path) {
    const { contents } = open(text);
    if (!isMap(contents)) return undefined;
    const { place, rest } = find(contents, path);
    if (rest.length !== 1 || !isScalar(place?.value)) return undefined;
    const [start, end] = rangeOf(place.value);
    return { start, end };
  },

  remove(text, path) {
    const { contents } = open(text);
    if (!isMap(contents)) return text;
    const { holder, place } = find(contents, path);
    return place === undefined ? text : applyEdits(text, [cut(text, holder, place)]);
  },
};

type Collection = YAMLMap<Node, Node | null> | YAMLSeq<Node>;

/** What stands at a path: in a map with its key. */
interface Place {
  readonly key?: Node;
  readonly value: Node | null;
}

function open(text: string): Document {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) {
    const reason = error.message.split(/ at line \d+, column|\n/)[0];
    throw new Unreadable(text, error.pos[0], `is no YAML (${reason})`);
  }
  const { contents } = document;
  const empty = contents === null || (isScalar(contents) && contents.value === null);
  if (!empty && !isMap(contents)) throw new Unreadable(text, rangeOf(contents)[0], "must hold keys and values");
  return document;
}

/** The innermost collection on a path, what it has there, and the rest of the path from there on. */
function find(root: YAMLMap, path: Path): { holder: Collection; place: Place | undefined; rest: Path } {
  let holder = root as Collection;
  for (let depth = 0; ; depth += 1) {
    const part = path[depth] ?? "";
    const place = placeIn(holder, part);
    const next = path[depth + 1];
    const value = place?.value;
    const goesOn = typeof next === "string" ? isMap(value) : next !== undefined && isSeq(value);
    if (!goesOn) return { holder, place, rest: path.slice(depth) };
    holder = value as Collection;
  }
}

function placeIn(holder: Collection, part: Path[number]): Place | undefined {
  if (isSeq(holder)) {
    const item = holder.items.find((one) => isMap(one) && typeof part === "object" && one.get("name") === part.name);
    return item && { value: item };
  }
  return (holder.items as Pair<Node, Node | null>[]).find(({ key }) => isScalar(key) && key.value === part);
}

function rangeOf(node: Node | null): readonly [start: number, end: number] {
  if (!node?.range) throw new Error("A node of a parsed text has a range");
  return [node.range[0], node.range[1]];
}

function column(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** A value in block style; its lines but the first one are indented. */
function block(value: Value, indent: number, ending: string): string {
  const lines = stringify(value, { lineWidth: 0 }).trimEnd().split("\n");
  return lines.join(ending + " ".repeat(indent));
}

function isEmpty(value: Value): boolean {
  return typeof value !== "object" || value === null || Object.keys(value).length === 0;
}

function replace(text: string, holder: Collection, { key, value: node }: Place, value: Value): Edit {
  const ending = lineEnding(text);
  const collection = (isMap(node) || isSeq(node)) && node.flow !== true;
  const [start, end] = rangeOf(node);
  if (holder.flow === true) return { start, end, text: JSON.stringify(value) };
  const closed = text[end - 1] === "\n" ? ending : "";
  if (key === undefined) return { start, end, text: block(value, column(text, start), ending) + closed };
  const colon = text.indexOf(":", rangeOf(key)[1]) + 1;
  if (collection || !isEmpty(value)) {
    const indent = column(text, rangeOf(key)[0]) + 2;
    const written = isEmpty(value)
      ? ` ${block(value, 0, ending)}`
      : ending + " ".repeat(indent) + block(value, indent, ending);
    return { start: colon, end, text: written + closed };
  }
  return { start, end, text: (start === colon ? " " : "") + block(value, 0, ending) };
}

function insert(text: string, holder: Collection, part: Path[number] | undefined, value: Value): Edit {
  const ending = lineEnding(text);
  const added = typeof part === "string" ? { [part]: value } : ([value] as const);
  const [start, end] = rangeOf(holder);
  const last = holder.items.at(-1);
  if (holder.flow === true || last === undefined) {
    const written = JSON.stringify(added).slice(1, -1);
    if (last === undefined) return { start: start + 1, end: start + 1, text: written };
    const at = endOf(last);
    const comma = text.indexOf(",", at);
    const trailing = comma >= 0 && comma < end && text.slice(at, comma).trim() === "";
    return trailing
      ? { start: comma + 1, end: comma + 1, text: ` ${written},` }
      : { start: at, end: at, text: `, ${written}` };
  }
  const indent = column(text, start);
  const lines = " ".repeat(indent) + block(added, indent, ending);
  const fresh = end === 0 || text[end - 1] === "\n";
  return { start: end, end, text: fresh ? lines + ending : ending + lines };
}

function endOf(item: Node | Pair): number {
  if ("key" in item) return rangeOf((item.value ?? item.key) as Node)[1];
  return rangeOf(item as Node)[1];
}

function cut(text: string, holder: Collection, place: Place): Edit {
  const [start] = rangeOf(place.key ?? place.value);
  const [, end] = rangeOf(place.value ?? place.key ?? null);
  if (holder.flow === true) return cutFlow(text, rangeOf(holder)[1], start, end);
  const dash = place.key === undefined ? text.lastIndexOf("-", start - 1) : start;
  const colon = place.key === undefined ? end : text.indexOf(":", rangeOf(place.key)[1]) + 1;
  return cutStatement(text, dash, Math.max(end, colon));
}

/** With the comma behind it, or else with the one before it. */
function cutFlow(text: string, limit: number, start: number, end: number): Edit {
  const behind = /^\s*,\s*/.exec(text.slice(end, limit));
  if (behind !== null) return { start, end: end + behind[0].length, text: "" };
  const before = /\s*,\s*$/.exec(text.slice(0, start));
  return { start: start - (before?.[0].length ?? 0), end, text: "" };
}
