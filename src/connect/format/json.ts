/** JSON with or without comments, trailing commas and what else JSON5 has. What is written is JSON. */

import {
  applyEdits,
  type Edit,
  type Format,
  indentation,
  lineEnding,
  matchAt,
  type Path,
  Unreadable,
  type Value,
  wrap,
} from "./format.ts";
import { type Member, type Node, scan } from "./json-scan.ts";

export const json: Format = {
  parse(text) {
    if (text.trim() === "") return {};
    open(text);
    try {
      return Bun.JSON5.parse(text);
    } catch (error) {
      throw new Unreadable(text, 0, `is no JSON (${(error as Error).message})`);
    }
  },

  set(text, path, value) {
    if (text.trim() === "") return `${JSON.stringify(wrap(path, value), undefined, 2)}\n`;
    const root = open(text);
    const { object, member, rest } = find(root, path);
    const unit = unitOf(text, root);
    const [key, ...below] = rest as [string, ...Path];
    const inner = wrap(below, value);
    if (member === undefined) return applyEdits(text, insert(text, root, object, unit, key, inner));
    const written = render(text, inner, spread(text, root, object) ? unit : "", indentation(text, member.start));
    return applyEdits(text, [{ start: member.value.start, end: member.value.end, text: written }]);
  },

  locate(text, path) {
    const { member, rest } = find(open(text), path);
    return rest.length === 1 ? member?.value : undefined;
  },

  remove(text, path) {
    const { object, member } = find(open(text), path);
    return member === undefined ? text : applyEdits(text, cut(text, object, member));
  },
};

interface ObjectNode extends Node {
  readonly members: readonly Member[];
}

function open(text: string): ObjectNode {
  const root = scan(text);
  if (!isObject(root)) throw new Unreadable(text, root.start, "must hold an object");
  return root;
}

function isObject(node: Node): node is ObjectNode {
  return node.members !== undefined;
}

/** The innermost object on a path, what it has there, and the rest of the path from there on. */
function find(root: ObjectNode, path: Path): { object: ObjectNode; member: Member | undefined; rest: Path } {
  let object = root;
  for (let depth = 0; ; depth += 1) {
    // Of two with the same key the last one counts.
    const member = object.members.findLast(({ key }) => key === path[depth]);
    if (member === undefined || depth === path.length - 1 || !isObject(member.value)) {
      return { object, member, rest: path.slice(depth) };
    }
    object = member.value;
  }
}

/** What one level is indented by. */
function unitOf(text: string, { members: [first] }: ObjectNode): string {
  if (first === undefined || !/\n[ \t]*$/.test(text.slice(0, first.start))) return "  ";
  return indentation(text, first.start) || "  ";
}

/** Whether an object has its members on lines of their own. */
function spread(text: string, root: ObjectNode, { start, end, members }: ObjectNode): boolean {
  const [first, last] = [members[0], members.at(-1)];
  if (first === undefined || last === undefined) return start === root.start || text.trim().includes("\n");
  return /\n/.test(text.slice(start, first.start) + text.slice(last.value.end, end));
}

function render(text: string, value: Value, unit: string, indent: string): string {
  // On one line it has spaces, too; in a string there is no line.
  if (unit === "") return JSON.stringify(value, undefined, 1).replace(/\n */g, " ");
  return JSON.stringify(value, undefined, unit).replaceAll("\n", lineEnding(text) + indent);
}

/** What is behind a value on the same line: spaces and comments. */
const trail = /(?:[ \t]|\/\*[^\n\r]*?\*\/)*(?:\/\/[^\n\r]*)?/y;

function insert(text: string, root: Node, object: ObjectNode, unit: string, key: string, value: Value): Edit[] {
  const { start, end, members } = object;
  const [first, last] = [members[0], members.at(-1)];
  const ending = lineEnding(text);
  const lines = spread(text, root as ObjectNode, object);
  const outer = indentation(text, start);
  const own = first !== undefined && /\n[ \t]*$/.test(text.slice(start, first.start));
  const indent = own ? indentation(text, first.start) : outer + unit;
  const member = `${JSON.stringify(key)}: ${render(text, value, lines ? unit : "", indent)}`;

  if (last === undefined) {
    const inside = text.slice(start + 1, end - 1);
    const at = start + 1 + inside.trimEnd().length;
    const closed = inside.trimEnd() !== inside && inside.slice(inside.trimEnd().length).includes("\n");
    return [{ start: at, end: at, text: lines ? ending + indent + member + (closed ? "" : ending + outer) : member }];
  }
  const behind = last.comma === undefined ? last.value.end : last.comma + 1;
  const at = behind + matchAt(trail, text, behind).trimEnd().length;
  const comma = last.comma === undefined ? "" : ",";
  return [
    ...(last.comma === undefined ? [{ start: last.value.end, end: last.value.end, text: "," }] : []),
    { start: at, end: at, text: (lines ? ending + indent : " ") + member + comma },
  ];
}

function cut(text: string, { start, end, members }: ObjectNode, member: Member): Edit[] {
  const behind = member.comma === undefined ? member.value.end : member.comma + 1;
  const after = behind + matchAt(/[ \t]*/y, text, behind).length;
  const lead = text.slice(0, member.start).trimEnd().length;
  if (members.length === 1 && lead === start + 1 && text.slice(behind, end - 1).trim() === "") {
    return [{ start: start + 1, end: end - 1, text: "" }];
  }
  const before = members[members.indexOf(member) - 1];
  const edits: Edit[] = [];
  // The comma that came with it.
  if (member.comma === undefined && before?.comma !== undefined) {
    edits.push({ start: before.comma, end: before.comma + 1, text: "" });
  }
  // What else is on its line keeps its place.
  const alone = /^(?:\r?\n|\}|$)/.test(text.slice(after, after + 2)) && lead !== start + 1;
  const gone = alone ? { start: lead, end: behind } : { start: member.start, end: after };
  return [...edits, { ...gone, text: "" }];
}
