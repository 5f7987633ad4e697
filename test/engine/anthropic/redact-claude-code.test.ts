/** What the real Claude Code sends as a client, and what is left of it. */

import { afterAll, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { $ } from "bun";
import { redact } from "../../../src/engine/anthropic/redact.ts";
import { openIdentity } from "../../../src/engine/anthropic/redact-identity.ts";
import { cleanEnvironment, realClaude, temporaryFolder } from "../../support/environment.ts";
import { type RequestBody, startMock, text, toolUse } from "../../support/mock-anthropic.ts";

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

/** A person whose project is a git repository in their home; its name is in all that tells of it. */
interface Person {
  name: string;
  home: string;
  project: string;
}

const people = [await person("orchard"), await person("lighthouse")] as const;

async function person(name: string): Promise<Person> {
  const { path: home } = stack.use(await temporaryFolder());
  const project = join(home, "work", name);
  mkdirSync(project, { recursive: true });
  const git = (...args: string[]) =>
    $`git ${args}`
      .cwd(project)
      .env({ ...process.env, HOME: home })
      .quiet();
  await git("init", "-q", "-b", `${name}-branch`);
  await git("config", "user.name", `${name}-owner`);
  await git("config", "user.email", `${name}@example.org`);
  await git("commit", "-q", "--allow-empty", "-m", `${name}-commit`);
  return { name, home, project };
}

/** The bodies of what Claude Code asks of an upstream that has it call these tools one after the other. */
async function ask(
  { home, project }: Person,
  model: string,
  question: string,
  calls: { name: string; input: Record<string, unknown> }[] = [],
): Promise<RequestBody[]> {
  await using mock = await startMock();
  mock.respond((_, __, n) => (n > calls.length ? text("Done.") : toolUse(calls.slice(n - 1, n))));
  const args = ["--print", question, "--model", model, "--permission-mode", "acceptEdits"];
  const env = cleanEnvironment({ home, baseUrl: mock.url });
  const claude = Bun.spawn([realClaude, ...args], {
    cwd: project,
    env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  expect(await claude.exited).toBe(0);
  return mock.requests.map((request) => request.body);
}

function redactedFor({ home }: Person, body: RequestBody): RequestBody {
  return redact(body, openIdentity(join(home, "state"), { HOME: home })) as RequestBody;
}

/** What stands in front of every conversation, which a prompt cache can share. */
function prefix({ tools, system }: RequestBody): string {
  return JSON.stringify({ tools, system });
}

/** How Claude Code tells of the environment: in a system message, or in a user message where a model knows none. */
test.each(["opus", "claude-sonnet-4-5"])(
  "two clients share their prefix and tell of nobody, with %s",
  async (model) => {
    const questions = ["How are you?", "And who might you be, then?"] as const;
    const [[one], [other]] = await Promise.all([
      ask(people[0], model, questions[0]),
      ask(people[1], model, questions[1]),
    ]);
    if (!one || !other) throw new Error("Nothing was asked");

    const attributions = [one, other].map(({ system }) => (Array.isArray(system) ? system[0]?.text : undefined));
    expect(attributions[0]).toStartWith("x-anthropic-billing-header: ");
    expect(attributions[1]).toStartWith("x-anthropic-billing-header: ");
    expect(attributions[0]).not.toBe(attributions[1]);

    const redacted = [redactedFor(people[0], one), redactedFor(people[1], other)] as const;
    expect(prefix(one)).not.toBe(prefix(other));
    expect(prefix(redacted[0])).toBe(prefix(redacted[1]));
    expect(redacted[0].system).toHaveLength((one.system?.length ?? 0) - 1);

    for (const [at, body] of [one, other].entries()) {
      const { name, home } = people[at]!;
      const { user_id } = body["metadata"] as { user_id: string };
      const { device_id = "", session_id = "" } = JSON.parse(user_id) as Record<string, string>;
      for (const telling of [name, home, basename(home), device_id, session_id]) {
        expect(telling).not.toBe("");
        expect(JSON.stringify(body)).toContain(telling);
        expect(JSON.stringify(redacted[at])).not.toContain(telling);
      }
      const { system, messages, metadata } = body;
      expect<unknown>({ ...redacted[at], system, messages, metadata }).toEqual(body);
      expect(JSON.stringify(redacted[at]!.messages)).toContain(questions[at]!);
    }
    // Two people alike but for their question are told apart by nothing else.
    const asked = (at: 0 | 1) => JSON.stringify(redacted[at].messages).replace(questions[at], "");
    expect(asked(0)).toBe(asked(1));
  },
);

test("Claude Code's tools take the paths that a model is left with", async () => {
  const [{ name, project }] = people;
  writeFileSync(join(project, "a.txt"), "apples");
  writeFileSync(join(project, "b.txt"), "pears");
  const bodies = await ask(people[0], "opus", "Go on", [
    { name: "Read", input: { file_path: "./a.txt" } },
    { name: "Read", input: { file_path: `~/work/${name}/b.txt` } },
    { name: "Write", input: { file_path: "./new/c.txt", content: "plums" } },
  ]);
  const said = JSON.stringify(bodies.at(-1)?.messages);
  expect(said).toContain("apples");
  expect(said).toContain("pears");
  expect(readFileSync(join(project, "new/c.txt"), "utf8")).toBe("plums");
});
