/** The process behind `fakeClaude`: reads its script, speaks the stream-json protocol. */

import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatLine, readLines } from "../../src/wire/ndjson.ts";
import { flat } from "./flat.ts";
import type { JournalEntry } from "./fake-claude.ts";
import { AskingConversation } from "./fake-asking.ts";
import { answerControl, type ControlRequest, resolveModel } from "./fake-control.ts";
import { OpenTurn } from "./fake-interruption.ts";
import { FakeOutput } from "./fake-output.ts";
import { answer, type Line, opening, resultLine, type Script, stamped, type Step } from "./fake-script.ts";
import { text } from "./mock-replies.ts";

/** Runs the executable in this folder to its end. */
export async function fake(folder: string): Promise<void> {
  const argv = process.argv.slice(2);
  const note: Note = (entry) =>
    appendFileSync(join(folder, "journal.ndjson"), formatLine({ pid: process.pid, ...entry }));
  note({ event: "start", argv, cwd: process.cwd(), env: process.env as Record<string, string> });

  const scripts = JSON.parse(readFileSync(join(folder, "scripts.json"), "utf8")) as [Script, ...Script[]];
  if (argv[0] === "--version") return console.log(`${versionOf(scripts[0])} (Claude Code)`);
  if (argv.includes("auth")) return authStatus(scripts[0].loggedIn ?? true);
  const resumed = argv[argv.indexOf("--resume") + 1];
  const script = scripts[takeNumber(folder, scripts.length)] ?? scripts[0];
  await new FakeProcess(script, note, folder).run(argv.includes("--resume") ? resumed : undefined);
}

type Note = (entry: Without<JournalEntry, "pid">) => void;
type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A line of stdin, as far as it matters here. */
interface InputLine {
  type: string;
  message?: { role: "user" | "assistant"; content: string | { text?: string }[] };
  shouldQuery?: boolean;
  request_id?: string;
  request?: ControlRequest;
}

class FakeProcess {
  private readonly output: FakeOutput;
  private readonly conversation = new AskingConversation();
  private model = resolveModel("default");
  private turns: Promise<void> = Promise.resolve();
  private queries = 0;
  private running: AbortController | undefined;
  private hung = false;
  private failed = false;

  constructor(
    private readonly script: Script,
    private readonly note: Note,
    private readonly folder: string,
  ) {
    this.output = new FakeOutput(script.pieceBytes);
  }

  /** `transcript` is the file with what was said before. */
  async run(transcript?: string): Promise<void> {
    if (transcript !== undefined) await this.resume(transcript);
    process.on("SIGTERM", () => {
      this.note({ event: "signal", signal: "SIGTERM" });
      if (this.script.ignoreSigterm !== true) process.exit(143);
    });
    process.on("SIGINT", async () => {
      this.note({ event: "signal", signal: "SIGINT" });
      this.running?.abort();
      if (!this.hung) await this.turns;
      await this.end(0);
    });
    await this.follow(this.script.startup ?? []);

    const onNoise = (noise: string): void => {
      process.stderr.write(`Error parsing streaming input line: ${noise}\n`);
      process.exit(1);
    };
    for await (const value of flat(readLines(Bun.stdin.stream(), { maxLine: Infinity, onNoise }))) {
      this.note({ event: "line", line: value as Record<string, unknown> });
      this.receive(value as InputLine);
    }
    this.note({ event: "end of input" });
    await this.turns;
    await this.end(this.failed ? 1 : 0);
  }

  private async resume(transcript: string): Promise<void> {
    for await (const line of flat(readLines(Bun.file(transcript).stream(), { maxLine: Infinity }))) {
      const { message } = line as InputLine;
      if (message) this.conversation.tell(message);
    }
  }

  private receive(input: InputLine): void {
    if (input.type === "control_request" && input.request) this.control(input.request, input.request_id);
    if (input.type === "assistant" && input.message) this.conversation.tell(input.message);
    if (input.type === "user") this.turns = this.turns.then(() => this.turn(input));
  }

  private control(request: ControlRequest, request_id: string | undefined): void {
    if (this.hung) return;
    const { after, ...given } =
      this.script.control?.[request.subtype] ?? answerControl(request, versionOf(this.script));
    if (request.subtype === "set_model") {
      this.model = resolveModel(request.model ?? "default");
      this.conversation.system = request.system_prompt ?? "";
    }
    if (request.subtype === "interrupt") this.running?.abort();
    // The real CLI answers set_model after the requests that came right behind it.
    const wait = after ?? (request.subtype === "set_model" ? 5 : 0);
    const ready = wait > 0 ? Bun.sleep(wait) : Promise.resolve();
    const answered = ready.then(() =>
      this.output.line({ type: "control_response", response: { ...given, request_id } }),
    );
    if (request.subtype === "end_session") void answered.then(() => this.end(0));
  }

  private async turn(input: InputLine): Promise<void> {
    if (input.message) this.conversation.tell(input.message);
    if (input.shouldQuery === false) {
      return this.follow([...opening.slice(0, 1), resultLine({ num_turns: 0, result: "", stop_reason: null })]);
    }
    const steps = this.troubled(this.answerTo(input), textOf(input));
    this.queries += 1;
    const open = new OpenTurn();
    this.running = new AbortController();
    const { signal } = this.running;
    await this.follow(steps, signal, (printed) => open.watch(printed));
    this.running = undefined;
    if (signal.aborted) await this.follow(open.interrupted());
  }

  private answerTo(input: InputLine): Iterable<Step> | AsyncIterable<Step> {
    if (this.script.asks) return this.conversation.answer(this.model);
    return this.script.turns?.[this.queries] ?? answer(text(`You said: ${textOf(input)}`));
  }

  private async *troubled(steps: Iterable<Step> | AsyncIterable<Step>, question: string): AsyncGenerator<Step> {
    const trouble = this.script.troubles?.find(({ words }) => question.includes(words));
    const own = trouble && !(trouble.once && !isFirst(this.folder, question)) ? trouble.steps : [];
    let left = trouble?.after ?? 0;
    if (left === 0) yield* own;
    for await (const step of steps) {
      yield step;
      if (--left === 0) yield* own;
    }
  }

  /** Does the steps one after the other; an aborted signal ends it between two, and within a wait. */
  private async follow(
    steps: Iterable<Step> | AsyncIterable<Step>,
    signal?: AbortSignal,
    watch?: (printed: Line) => void,
  ): Promise<void> {
    for await (const step of steps) {
      if (signal?.aborted) return;
      await this.take(step, signal);
      if (step.do === "line") watch?.(step.value);
    }
  }

  private async take(step: Step, signal: AbortSignal | undefined): Promise<void> {
    switch (step.do) {
      case "line":
        return this.print(step.value);
      case "raw":
        return this.output.raw(step.text);
      case "file":
        return this.output.raw(readFileSync(step.path, "utf8"));
      case "stderr":
        return void process.stderr.write(step.text);
      case "wait":
        return new Promise((resolve) => {
          setTimeout(resolve, step.ms);
          signal?.addEventListener("abort", () => resolve());
        });
      case "hang":
        this.hung = true;
        // Something must keep the process alive.
        setInterval(() => {}, 1_000_000);
        return new Promise(() => {});
      case "exit":
        return this.end(step.code);
      case "kill":
        await this.output.drained();
        return process.kill(process.pid, "SIGKILL") as never;
      case "grandchild":
        // The shell ends at once, so that the sleeper is nobody's child, as a shell command in its own session is.
        Bun.spawnSync(["sh", "-c", `${step.session ? "setsid " : ""}sleep ${step.seconds} &`], {
          stdio: ["ignore", "inherit", "ignore"],
        });
        return;
      case "endless":
        return this.output.endless(step.line);
    }
  }

  private print(given: Line): Promise<void> {
    const value = this.script.stamps ? stamped(given) : given;
    if (value.type === "result") this.failed = value["is_error"] === true;
    const isInit = value.type === "system" && value["subtype"] === "init";
    return this.output.line(isInit ? { ...value, cwd: process.cwd(), model: this.model } : value);
  }

  private async end(code: number): Promise<void> {
    await this.output.drained();
    process.exit(code);
  }
}

function authStatus(loggedIn: boolean): void {
  const authMethod = loggedIn ? "api_key" : "none";
  console.log(JSON.stringify({ loggedIn, authMethod, apiProvider: "firstParty", loginExpiresAt: null }, null, 2));
  process.exitCode = loggedIn ? 0 : 1;
}

function textOf({ message }: InputLine): string {
  const content = message?.content ?? "";
  return typeof content === "string" ? content : content.flatMap((block) => block.text ?? []).join("\n");
}

/** Whether no process of this executable was asked this before. */
function isFirst(folder: string, question: string): boolean {
  return create(join(folder, `asked-${Bun.hash(question)}`));
}

/** Creates a file; false if it is there, so that of two processes that try together only one succeeds. */
function create(path: string): boolean {
  try {
    writeFileSync(path, "", { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

/** The number of this process among those of its executable, from 0, and at most the last that has a script. */
function takeNumber(folder: string, scripts: number): number {
  for (let number = 0; number < scripts - 1; number += 1) {
    if (create(join(folder, `started-${number}`))) return number;
  }
  return scripts - 1;
}

function versionOf({ version = "2.1.329" }: Script): string {
  return version;
}
