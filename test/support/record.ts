/**
 * What the real CLI prints as an agent, line by line, while a scripted model tells it what to do. The transcripts in
 * `test/fixtures/agent` are made here: `bun test/support/record.ts [name …]`.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadConfig } from "../../src/config.ts";
import { childEnvironment } from "../../src/engine/claude/environment.ts";
import { type CliLine, isResult, isStreamEvent, userLine } from "../../src/engine/claude/lines.ts";
import { CliProcess } from "../../src/engine/claude/process.ts";
import { connectServer, ToolServer } from "../../src/engine/claude/tools.ts";
import type { Tool } from "../../src/messages/types.ts";
import { formatLine } from "../../src/wire/ndjson.ts";
import { cleanEnvironment, realClaude, temporaryFolder } from "./environment.ts";
import { blocks, cut, error, type Handler, type Reply, startMock, text, thinking, toolUse } from "./mock-anthropic.ts";

export const transcripts = resolve(import.meta.dir, "../fixtures/agent");

/** The tool of the client in the scenes that have one. */
const weather: Tool = {
  name: "get_weather",
  description: "The weather in a city",
  input_schema: { type: "object", properties: { city: { type: "string" } } },
};

/** The line of an agent, but for its permissions. */
const usual = [
  ..."-p --input-format stream-json --output-format stream-json --verbose --include-partial-messages".split(" "),
  ..."--thinking-display summarized --model sonnet --strict-mcp-config --no-session-persistence".split(" "),
  "--setting-sources",
  "",
  "--settings",
  JSON.stringify({ attribution: { commit: "", pr: "" } }),
];

export interface Scene {
  /** What the model answers, request by request. */
  model: readonly Reply[] | Handler;
  /** The permissions, and what else differs from the usual line. */
  args: readonly string[];
  /** The client's tool is offered, and every call of it is answered with "sunny". */
  client?: boolean;
}

const bash = (id: string, command: string) => ({ id, name: "Bash", input: { command, description: "Say it" } });
const allowed = ["--permission-mode", "dontAsk", "--allowedTools", "mcp__cli,Bash"];

/** Each becomes a transcript of its name. */
export const scenes: Record<string, Scene> = {
  text: { model: [thinking("Let me think.", "Hello from the model.")], args: allowed },
  bash: {
    model: [
      toolUse([bash("toolu_bash", "echo hi")], { text: "I'll say it." }),
      thinking("It said hi.", "It said hi.", { usage: { input_tokens: 20, output_tokens: 9 } }),
    ],
    args: allowed,
  },
  "two-calls": {
    model: [
      toolUse([bash("toolu_one", "echo one"), bash("toolu_two", "echo two; exit 3")]),
      text("One went well, two did not."),
    ],
    args: allowed,
  },
  denied: {
    model: [toolUse([bash("toolu_denied", "touch file")], { text: "I'll make a file." }), text("I may not.")],
    args: ["--permission-mode", "dontAsk", "--allowedTools", "mcp__cli"],
  },
  read: {
    model: (body, _, n) =>
      n === 1
        ? toolUse([{ id: "toolu_read", name: "Read", input: { file_path: noteIn(body) } }], { chunks: 1 })
        : text("The note says: buy milk."),
    args: ["--permission-mode", "dontAsk", "--allowedTools", "mcp__cli,Read"],
  },
  "max-turns": {
    model: (_, __, n) => toolUse([bash(`toolu_turn_${n}`, `echo ${n}`)], { text: `Turn ${n}.` }),
    args: [...allowed, "--max-turns", "2"],
  },
  "client-tool": {
    model: [
      toolUse([bash("toolu_own", "echo hi"), { id: "toolu_client", name: "get_weather", input: { city: "Paris" } }], {
        text: "Let me see.",
      }),
      toolUse([bash("toolu_own_again", "echo there")]),
      text("It is sunny in Paris."),
    ],
    args: allowed,
    client: true,
  },
  "client-tool-denied": {
    model: [
      toolUse([
        { id: "toolu_client", name: "get_weather", input: { city: "Paris" } },
        bash("toolu_late", "touch file"),
      ]),
      text("It is sunny in Paris."),
    ],
    args: ["--permission-mode", "dontAsk", "--allowedTools", "mcp__cli"],
    client: true,
  },
  "sub-agent": {
    model: (body) => {
      const said = JSON.stringify(body.messages);
      if (said.includes("toolu_agent")) return text("The agent found nothing.");
      if (said.includes("toolu_sub")) return text("Nothing here.");
      if (said.includes("Look around")) return toolUse([bash("toolu_sub", "touch file")], { text: "Looking." });
      const input = { description: "Look", prompt: "Look around", subagent_type: "general-purpose" };
      return toolUse([{ id: "toolu_agent", name: "Agent", input }], { text: "I'll send an agent." });
    },
    args: ["--permission-mode", "dontAsk", "--allowedTools", "mcp__cli,Agent"],
  },
  "max-tokens": {
    model: (_, __, n) => text(`piece ${n} `, { stop_reason: n < 3 ? "max_tokens" : "end_turn" }),
    args: allowed,
  },
  "max-tokens-always": { model: () => text("more ", { stop_reason: "max_tokens" }), args: allowed },
  refusal: {
    model: () => blocks([{ type: "text", text: "Well" }], { stop_reason: "refusal" }),
    args: allowed,
  },
  "fails-later": {
    model: [toolUse([bash("toolu_bash", "echo hi")], { text: "I'll say it." }), error(403, "permission_error", "No")],
    args: allowed,
  },
  "cut-call": {
    model: (_, __, n) =>
      n === 1
        ? cut(4, { of: toolUse([bash("toolu_cut", "echo hi")]) })
        : n === 2
          ? toolUse([bash("toolu_bash", "echo hi")])
          : text("Done."),
    args: allowed,
  },
  "unknown-tool": {
    model: [toolUse([{ id: "toolu_none", name: "Nope", input: {} }]), text("No such tool.")],
    args: allowed,
  },
};

/** Where the note is that the model reads: the CLI tells it in which folder it works. */
function noteIn(body: object): string {
  const folder = /working directory: ([^\\\s]+)/.exec(JSON.stringify(body))?.[1];
  if (folder === undefined) throw new Error("The CLI did not say where it works");
  return join(folder, "note.txt");
}

/** The lines that the CLI prints for the turn, without what differs from run to run. */
export async function record({ model, args, client = false }: Scene): Promise<CliLine[]> {
  await using folder = await temporaryFolder();
  await using mock = await startMock({
    handler: typeof model === "function" ? model : (_, __, n) => model[n - 1] ?? text("Nothing more was scripted."),
  });
  const cwd = join(folder.path, "work");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "note.txt"), "buy milk\n");
  const { config } = loadConfig([], { env: cleanEnvironment({ home: folder.path, baseUrl: mock.url }) });
  const cli = new CliProcess({
    command: [realClaude, ...usual, ...args],
    cwd,
    env: childEnvironment(config, config.port).env,
    killAfter: 3_000,
    sweep: () => Promise.resolve(),
    onNoise: () => {},
  });
  const server = new ToolServer([weather]);
  cli.serve((request) => server.handle(request));

  const lines: CliLine[] = [];
  const over = Promise.withResolvers<void>();
  cli.listen({
    line: (line) => {
      lines.push(line);
      if (isResult(line)) over.resolve();
      // As a client would: a moment later than the message is whole.
      if (client && isStreamEvent(line) && line.event.type === "message_stop") setTimeout(() => answer(), 300);
      return undefined;
    },
    gone: (reason) => over.reject(reason),
  });
  const answer = () =>
    server.answer([{ type: "tool_result", tool_use_id: "toolu_client", content: [{ type: "text", text: "sunny" }] }]);
  const { message: initialize } = cli.control({ subtype: "initialize" });
  const { message: connect } = cli.control(connectServer);
  const question = userLine({ role: "user", content: [{ type: "text", text: "Go" }] }, "query");
  cli.write([initialize, ...(client ? [connect] : []), question]);
  try {
    await over.promise;
  } finally {
    await cli.end();
  }
  return steady(lines, folder.path);
}

/** Without what would differ in every run and says nothing: where, when, under which ids. */
export function steady(lines: CliLine[], home: string): CliLine[] {
  const json = JSON.stringify(lines)
    .replaceAll(home, "/home/ada")
    .replaceAll(home.replaceAll(/[^a-zA-Z0-9]/g, "-"), "-home-ada")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:1234")
    .replaceAll(/cc-socks\/\d+/g, "cc-socks/1")
    .replaceAll(/("\w*(?:_ms|timestamp|_time)":)(?:\d+|"[^"]+")/g, "$10")
    .replaceAll(/\ba[0-9a-f]{16}\b/g, "a0000000000000000")
    .replaceAll(/\b0\w{8}-[0-9a-f]{8}\b/g, "000000000-00000000")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "00000000-0000-4000-8000-000000000000");
  return JSON.parse(json) as CliLine[];
}

if (import.meta.main) {
  mkdirSync(transcripts, { recursive: true });
  const names = process.argv.slice(2);
  for (const [name, scene] of Object.entries(scenes)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const lines = await record(scene);
    writeFileSync(join(transcripts, `${name}.ndjson`), lines.map(formatLine).join(""));
    console.log(name, lines.length);
  }
}
