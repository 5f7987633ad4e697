import { listSome } from "./invalid.ts";
import { toHeld } from "./held-schema.ts";
import { closeObjects, requireShallow } from "./json-schema.ts";
import type { MessagesRequest, Tool } from "./types.ts";

/**
 * Tools that are `strict`, with their schemas in the words that the upstream holds a call to. One that has other words is
 * not strict then, and a warning says so. Throws `invalid_request` for a schema that is nested too deeply.
 */
export function holdTools<R extends Pick<MessagesRequest, "tools">>(request: R): { request: R; warnings: string[] } {
  const loose: string[] = [];
  const tools = request.tools?.map((tool): Tool => {
    if (tool.strict !== true) return tool;
    const input_schema = held(tool);
    if (input_schema !== undefined) return { ...tool, input_schema };
    loose.push(tool.name.slice(0, 64));
    return { ...tool, strict: undefined };
  });
  const warnings = loose.length === 0 ? [] : [`strict ignored for ${listSome(loose)}: the upstream can't hold to it`];
  return { request: tools === undefined ? request : { ...request, tools }, warnings };
}

function held({ name, input_schema }: Tool): Tool["input_schema"] | undefined {
  const path = `the schema of the tool ${name}`;
  requireShallow(input_schema, path);
  const schema = toHeld(closeObjects(input_schema, path, "all"));
  return schema?.["type"] === "object" ? schema : undefined;
}
