/** The order of the README's sections, and the list of them at its top. */

/** The sections, in the order in which someone new needs them. One that is not written yet is passed over. */
export const sections: Readonly<Record<string, readonly string[]>> = {
  Begin: ["Installing", "Serving", "Connecting clients", "OpenClaw", "The page"],
  "Live with it": [
    "Doctor",
    "Running it as a service",
    "Usage and budgets",
    "Metrics and health",
    "Logs",
    "Changes while it runs",
  ],
  Understand: [
    "How a request is served",
    "Tools",
    "Agents",
    "Counting tokens",
    "Stored responses",
    "Native mode",
    "Measured",
    "How it differs",
  ],
  "When something is wrong": [
    "Limits and failures",
    "Troubleshooting by message",
    "When something fails",
    "Exit codes",
  ],
  "Look up": [
    "Options",
    "Parameters of Messages",
    "Parameters of Chat Completions",
    "Parameters of Responses",
    "Coming from another proxy",
    "Security",
    "Releases",
    "License",
  ],
};

const contents = "**On this page**";

/** What a heading is called in a link, as GitHub makes it. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** The text with its sections in order, below a list of them. Throws where a section has no place, or is there twice. */
export function arrange(text: string): string {
  const [head = "", ...parts] = text.split(/^(?=## )/m);
  const written = new Map(parts.map((part) => [/^## (.*)$/m.exec(part)?.[1] ?? "", part]));
  if (written.size < parts.length) throw new Error("A section is there twice");
  const order = Object.values(sections).flat();
  const homeless = [...written.keys()].filter((title) => !order.includes(title));
  if (homeless.length > 0) throw new Error(`Name a place in test/support/readme-order.ts for: ${homeless.join(", ")}`);

  const lines = Object.entries(sections).map(([group, titles]) => {
    const links = titles.filter((title) => written.has(title)).map((title) => `[${title}](#${anchor(title)})`);
    return `- ${group}: ${links.join(" · ")}`;
  });
  const list = `${contents}\n\n${lines.join("\n")}\n\n`;
  const bodies = order.flatMap((title) => written.get(title) ?? []).map((part) => `${part.trimEnd()}\n`);
  return `${head.split(contents)[0] ?? ""}${list}${bodies.join("\n")}`;
}
