/** What `--redact` changes in a request before it goes to an upstream (README, "Redaction"). */

import type { Identity } from "./redact-identity.ts";
import { redactInstructions, redactReminder, withoutAttribution } from "./redact-text.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * A Messages request that tells less of the person and the machine: a pseudonym for `metadata.user_id`, and no
 * attribution, environment or home folder in system prompts, be they in `system`, in messages of role `system`, or in
 * the reminders that Claude Code puts into user messages. What people, models and tools say stays, paths included: the
 * client's tools work with them. Takes any JSON; gives the same object where nothing had to change, else a copy.
 */
export function redact(body: unknown, identity: Identity): unknown {
  if (!isFields(body)) return body;
  const metadata = change(body, "metadata", (value) => redactMetadata(value, identity));
  const system = change(metadata, "system", (value) => redactSystem(value, identity));
  return change(system, "messages", (value) => each(value, (message) => redactMessage(message, identity)));
}

function redactMetadata(metadata: unknown, identity: Identity): unknown {
  return change(metadata, "user_id", (id) => {
    if (id === null) return id;
    // One that is no text at all is the upstream's to refuse, but not to learn from.
    return identity.userId(typeof id === "object" ? "" : String(id));
  });
}

function redactSystem(system: unknown, identity: Identity): unknown {
  return redactTexts(dropAttribution(system), (text) => redactInstructions(text, identity.home));
}

/**
 * Without Claude Code's attribution, which differs from client to client and stands in front of everything that they
 * could share in the prompt cache. A breakpoint on it goes to the block behind, which the same tools are in front of.
 */
function dropAttribution(system: unknown): unknown {
  if (typeof system === "string") return withoutAttribution(system);
  if (!Array.isArray(system)) return system;
  let breakpoint: unknown;
  const blocks = (system as unknown[]).flatMap((block) => {
    const bare = change(block, "text", (text) => (typeof text === "string" ? withoutAttribution(text) : text));
    if (bare !== block && isFields(bare) && bare["text"] === "") {
      breakpoint ??= bare["cache_control"];
      return [];
    }
    if (breakpoint === undefined || !isFields(bare)) return [bare];
    const marked = Object.hasOwn(bare, "cache_control") ? bare : { ...bare, cache_control: breakpoint };
    breakpoint = undefined;
    return [marked];
  });
  return blocks.length === system.length && blocks.every((block, at) => block === system[at]) ? system : blocks;
}

function redactMessage(message: unknown, identity: Identity): unknown {
  if (!isFields(message)) return message;
  const { role } = message;
  if (role === "system") return change(message, "content", (content) => redactSystem(content, identity));
  if (role !== "user") return message;
  return change(message, "content", (content) => redactTexts(content, (text) => redactReminder(text, identity.home)));
}

/** Texts of a prompt or a message: it is one, or a list of blocks. What is inside a block, such as a result, stays. */
function redactTexts(content: unknown, by: (text: string) => string): unknown {
  if (typeof content === "string") return by(content);
  return each(content, (block) => change(block, "text", (text) => (typeof text === "string" ? by(text) : text)));
}

/** The same object, or a copy with another value where the field is there and changes. */
function change(value: unknown, field: string, by: (value: unknown) => unknown): unknown {
  if (!isFields(value) || !Object.hasOwn(value, field)) return value;
  const changed = by(value[field]);
  return changed === value[field] ? value : { ...value, [field]: changed };
}

/** The same list, or a copy where an element changes. */
function each(value: unknown, by: (element: unknown) => unknown): unknown {
  if (!Array.isArray(value)) return value;
  const list = value as unknown[];
  const changed = list.map(by);
  return changed.some((element, at) => element !== list[at]) ? changed : value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
