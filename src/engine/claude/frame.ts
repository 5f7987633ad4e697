import type { MessagesRequest, Tool } from "../../messages/types.ts";
import type { CliModel, Profile } from "./settings.ts";

/** What Claude Code adds to every prompt: its own words, and the tools of an agent. They count as the client's do. */
export interface Frame {
  texts: string[];
  tools: Tool[];
}

export const noFrame: Frame = { texts: [], tools: [] };

/** Has the CLI say a request to nobody, and returns the body that it would have sent. */
export type Rehearse = (
  request: MessagesRequest,
  model: CliModel,
  profile: Profile,
) => Promise<Record<string, unknown>>;

const question = "sluice-rehearsal";

/** How long a frame holds (milliseconds): Claude Code is updated, and an agent's CLAUDE.md is edited, while Sluice runs. */
const fresh = 3_600_000;

/** The frames that were asked for, each read once an hour at most. */
export class Frames {
  readonly #rehearse: Rehearse;
  readonly #frames = new Map<string, { frame: Promise<Frame>; until: number }>();

  constructor(rehearse: Rehearse) {
    this.#rehearse = rehearse;
  }

  of(model: CliModel, profile: Profile): Promise<Frame> {
    const key = `${profile}/${model.name}`;
    const known = this.#frames.get(key);
    if (known !== undefined && performance.now() < known.until) return known.frame;
    const messages: MessagesRequest["messages"] = [{ role: "user", content: [{ type: "text", text: question }] }];
    const frame = this.#rehearse({ model: model.name, system: [], messages }, model, profile).then(readFrame);
    this.#frames.set(key, { frame, until: performance.now() + fresh });
    frame.catch(() => this.#frames.delete(key));
    return frame;
  }

  /** Resolves when none is being read any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#frames.values()].map(({ frame }) => frame));
  }
}

interface Body {
  system?: unknown;
  messages?: { content?: unknown }[];
  tools?: Partial<Tool>[];
}

/** What a body holds beside the question. */
function readFrame({ system, messages = [], tools = [] }: Body): Frame {
  const texts = [system, ...messages.map(({ content }) => content)].flatMap(textsIn);
  return {
    texts: texts.map((text) => text.replace(question, "")).filter((text) => text.trim() !== ""),
    tools: tools.flatMap(({ name, description, input_schema }) =>
      name !== undefined && input_schema !== undefined ? { name, description, input_schema } : [],
    ),
  };
}

function textsIn(content: unknown): string[] {
  if (typeof content === "string") return [content];
  if (!Array.isArray(content)) return [];
  return content.flatMap(({ text }: { text?: unknown }) => (typeof text === "string" ? text : []));
}
