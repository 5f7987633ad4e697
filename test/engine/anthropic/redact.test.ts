import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { redact } from "../../../src/engine/anthropic/redact.ts";
import type { Identity } from "../../../src/engine/anthropic/redact-identity.ts";

const identity: Identity = {
  userId: (original) => (original.startsWith("pseudonym") ? original : `pseudonym${Bun.hash(original)}`),
  home: "/data/people/ann.lee",
};

const attribution = "x-anthropic-billing-header: cc_version=2.1.329.3c4; cc_entrypoint=cli;";

const environment = (folder: string) => `# Environment
You have been invoked in the following environment: 
 - Primary working directory: ${folder}
 - Is a git repository: true
 - Additional working directories:
  - /srv/other
  - ${folder}/more
 - Platform: darwin
 - Shell: bash (login shell: zsh)
 - OS Version: Darwin 25.2.0
 - Scratchpad directory: /tmp/claude-501/-Users-ann-shop/3f0c7a51-7d3a-4f0e-8d37-0e4a3c5c2a11/scratchpad — always use it
 - In \`curl\`, send untrusted values with \`--form-string\`, not \`-F\`.
`;

const redactedEnvironment = `# Environment
You have been invoked in the following environment: 
 - Primary working directory: .
 - Is a git repository: withheld
 - Additional working directories:
  - withheld
  - withheld
 - Platform: withheld
 - Shell: withheld
 - OS Version: withheld
 - Scratchpad directory: withheld — always use it
 - In \`curl\`, send untrusted values with \`--form-string\`, not \`-F\`.
`;

const gitStatus = `This is the git status at the start of the conversation. Note that this status is a snapshot in time.

Current branch: ann/secret

Main branch (you will usually use this for PRs): main

Git user: Ann Lee

Status:
?? plans.txt
 M a.ts

Recent commits:
545260f Buy the competitor
1234567 Start`;

const redactedStatus = `This is the git status at the start of the conversation. Note that this status is a snapshot in time.

Current branch: withheld

Main branch (you will usually use this for PRs): withheld

Git user: withheld

Status:
withheld

Recent commits:
withheld`;

/** What becomes of a system prompt. */
const ofSystem = (system: unknown) => (redact({ system }, identity) as { system: unknown }).system;
/** What becomes of a message. */
const ofMessage = (message: unknown) =>
  (redact({ messages: [message] }, identity) as { messages: unknown[] }).messages[0];

describe("metadata", () => {
  test("has a pseudonym for its user id, and is otherwise as it was", () => {
    const metadata = { a: 1, user_id: "ann", z: { user_id: "ann" } };
    expect(redact({ model: "m", metadata }, identity)).toEqual({
      model: "m",
      metadata: { ...metadata, user_id: identity.userId("ann") },
    });
  });

  test.each<unknown>([{ device_id: "d" }, ["d"], 17, true])("tells nothing where the id is no text: %p", (id) => {
    const { metadata } = redact({ metadata: { user_id: id } }, identity) as { metadata: { user_id: unknown } };
    expect(metadata.user_id).toMatch(/^pseudonym\d+$/);
  });

  test.each<unknown>([null, {}, { user_id: null }, "ann", [[{ user_id: "ann" }]]])(
    "stays without an id: %p",
    (metadata) => {
      const body = { metadata };
      expect(redact(body, identity)).toBe(body);
    },
  );
});

describe("the attribution block", () => {
  test("is dropped, and nothing else", () => {
    const rest = [
      { type: "text", text: "You are Claude Code.", cache_control: { type: "ephemeral" } },
      { type: "text", text: "Help." },
    ];
    expect(ofSystem([{ type: "text", text: attribution }, ...rest])).toEqual(rest);
    expect(ofSystem(`${attribution}\n\nHelp.`)).toBe("Help.");
    expect(ofSystem([{ type: "text", text: `${attribution}\nHelp.`, cache_control: 1 }])).toEqual([
      { type: "text", text: "Help.", cache_control: 1 },
    ]);
  });

  test("is dropped where it stands alone", () => {
    expect(ofSystem([{ type: "text", text: attribution }])).toEqual([]);
    expect(ofSystem(attribution)).toBe("");
  });

  test("leaves its cache breakpoint to the block behind it, which may have one of its own", () => {
    const own = { type: "ephemeral", ttl: "1h" };
    const block = { type: "text", text: attribution, cache_control: { type: "ephemeral" } };
    expect(ofSystem([block, { type: "text", text: "Help." }, { type: "text", text: "More." }])).toEqual([
      { type: "text", text: "Help.", cache_control: { type: "ephemeral" } },
      { type: "text", text: "More." },
    ]);
    expect(ofSystem([block, { type: "text", text: "Help.", cache_control: own }])).toEqual([
      { type: "text", text: "Help.", cache_control: own },
    ]);
  });

  test("is not what only speaks of one", () => {
    const body = {
      system: [
        { type: "text", text: `The header is "${attribution}"` },
        { type: "text", text: "" },
      ],
    };
    expect(redact(body, identity)).toBe(body);
  });
});

describe("the environment", () => {
  test("keeps its labels and loses its values, in the system prompt and in system messages", () => {
    const text = `Help.\n\n${environment("/srv/shop")}\nYou are powered by Opus.`;
    const redacted = `Help.\n\n${redactedEnvironment}\nYou are powered by Opus.`;
    expect(ofSystem(text)).toBe(redacted);
    expect(ofSystem([{ type: "text", text }])).toEqual([{ type: "text", text: redacted }]);
    expect(
      ofMessage({ role: "system", content: [{ type: "text", text, cache_control: 1 }], output_config: 2 }),
    ).toEqual({
      role: "system",
      content: [{ type: "text", text: redacted, cache_control: 1 }],
      output_config: 2,
    });
    expect(ofMessage({ role: "system", content: text })).toEqual({ role: "system", content: redacted });
  });

  test("is found in Claude Code's reminders in user messages", () => {
    const reminder = (text: string) => `<system-reminder>\n${text}</system-reminder>`;
    const content = [
      { type: "text", text: reminder(environment("/srv/shop")) },
      { type: "text", text: "hi" },
    ];
    expect(ofMessage({ role: "user", content })).toEqual({
      role: "user",
      content: [{ type: "text", text: reminder(redactedEnvironment) }, content[1]],
    });
  });

  test("is withheld when it changes on the way, too", () => {
    const update =
      "# Environment update\n - Primary working directory: /b (was /a)\n - Additional working directories added:\n  - /c";
    expect(ofMessage({ role: "system", content: update })).toEqual({
      role: "system",
      content:
        "# Environment update\n - Primary working directory: .\n - Additional working directories added:\n  - withheld",
    });
  });

  test("is also the <env> block of earlier versions, and of others", () => {
    const ofClaudeCode = `Here is useful information about the environment you are running in:
<env>
Working directory: /Users/ann/shop
Is directory a git repo: Yes
Additional working directories: /srv/a, /srv/b
Platform: darwin
OS Version: Darwin 25.2.0
Today's date: 2026-11-21
</env>
You are powered by the model named Opus 5.5.`;
    expect(ofSystem(ofClaudeCode)).toBe(`Here is useful information about the environment you are running in:
<env>
Working directory: .
Is directory a git repo: withheld
Additional working directories: withheld
Platform: withheld
OS Version: withheld
Today's date: withheld
</env>
You are powered by the model named Opus 5.5.`);
    expect(ofSystem("<env>\n  Working directory: /srv\n  Workspace root folder: /srv\n  Platform: linux\n</env>")).toBe(
      "<env>\n  Working directory: .\n  Workspace root folder: withheld\n  Platform: withheld\n</env>",
    );
  });

  test("is not any section of that name, nor what prose says of platforms", () => {
    const texts = [
      "# Environment\n - The most recent models are new.\n - Platform: an iPhone",
      "Platform: linux\nShell: zsh\nStatus:\nfine",
      "The <env> block says where: <env>\n",
    ];
    const body = { system: texts.map((text) => ({ type: "text", text })) };
    expect(redact(body, identity)).toBe(body);
  });

  test("holds the git status, its user, and the person's address", () => {
    const address = (whose: string) =>
      `# userEmail\nThe user's email address is ${whose}. Use it only to identify the user.`;
    const end = "Claude Code attached this context automatically.";
    const text = `<system-reminder>\n${address("ann.lee@example.org")}\n# gitStatus\n${gitStatus}\n\n${end}\n</system-reminder>`;
    const redacted = `<system-reminder>\n${address("withheld")}\n# gitStatus\n${redactedStatus}\n\n${end}\n</system-reminder>`;
    expect(ofMessage({ role: "user", content: [{ type: "text", text }] })).toEqual({
      role: "user",
      content: [{ type: "text", text: redacted }],
    });
    expect(ofMessage({ role: "user", content: text })).toEqual({ role: "user", content: redacted });
    expect(ofSystem(`Help.\n\ngitStatus: ${gitStatus}`)).toBe(`Help.\n\ngitStatus: ${redactedStatus}`);
    expect(ofSystem(`${gitStatus}\n</system-reminder>`)).toBe(`${redactedStatus}\n</system-reminder>`);
  });
});

describe("home folders", () => {
  test.each([
    ["Read /home/ann/notes and /home/bob.", "Read ~/notes and ~."],
    ["(/Users/ann.lee/a, /Users/x)", "(~/a, ~)"],
    [String.raw`C:\Users\Ann Lee\shop or C:\\Users\\ann`, String.raw`~\shop or ~`],
    ["c:/Users/ann/x", "~/x"],
    ["file:///home/ann/x", "file://~/x"],
    ["/mnt/c/Users/ann/x /var/home/ann", "~/x ~"],
    ["`/data/people/ann.lee/x` /data/people/ann.lee", "`~/x` ~"],
    [
      "Memory: `/data/people/ann.lee/.claude/projects/-data-people-ann-lee-shop/memory/`.",
      "Memory: `~/.claude/projects/<project>/memory/`.",
    ],
    [
      String.raw`C:\Users\ann\.claude\projects\C--Users-ann-shop\memory`,
      String.raw`~\.claude\projects\<project>\memory`,
    ],
    [
      "/tmp/claude-501/-Users-ann-shop/3f0c7a51-7d3a-4f0e-8d37-0e4a3c5c2a11/scratchpad",
      "/tmp/claude-501/<project>/<session>/scratchpad",
    ],
  ])("in the system prompt are general: %s", (text, redacted) => {
    expect(ofSystem(text)).toBe(redacted);
  });

  test.each([
    "https://example.org/home/about and ./home/ann",
    "/home and /home/ and /Users/Shared/x, /home/linuxbrew/.linuxbrew",
    "/data/people/ann.leeds /data/people/ann.lee-old /rest/data/people/ann.lee",
    "/home/<name>",
    "GET /projects/-1 or /projects/a-b",
  ])("are not what only looks like one: %s", (text) => {
    const body = { system: text };
    expect(redact(body, identity)).toBe(body);
  });

  test("stay in what people, models and tools say", () => {
    const path = "/data/people/ann.lee/a.ts";
    const text = `${path} /home/ann ${environment("/home/ann")} ${gitStatus}`;
    const body = {
      tools: [{ name: "t", description: path }],
      messages: [
        { role: "user", content: text },
        {
          role: "user",
          content: [
            { type: "text", text: `<system-reminder>\nContents of ${path}:\n# Environment\n</system-reminder>` },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "text", text },
            { type: "tool_use", id: "t1", name: "t", input: { path, text } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: `<system-reminder>\n${text}` }] },
          ],
        },
      ],
    };
    expect(redact(body, identity)).toBe(body);
  });

  test("may be unknown, or the root", () => {
    for (const home of [undefined, "", "/"]) {
      expect(redact({ system: "/a /home/ann/b" }, { ...identity, home })).toEqual({ system: "/a ~/b" });
    }
  });
});

describe("whatever comes", () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      `${attribution}\n`,
      environment("/home/ann/shop"),
      gitStatus,
      "<env>\nWorking directory: /srv\n</env>",
      "<system-reminder>\n",
      "</system-reminder>",
      "/home/ann",
      "/data/people/ann.lee/",
      String.raw`C:\Users\Ann Lee\x`,
      ".claude/projects/-home-ann/memory",
      "The user's email address is a@b.c. ",
      "\n\n",
      " - Platform: linux\n",
      "# Environment",
      "Status:",
    ),
    fc.string({ maxLength: 8 }),
  );
  const text = fc.array(pieces, { maxLength: 6 }).map((all) => all.join(""));
  const block = fc.oneof(
    fc.record(
      { type: fc.constant("text"), text, cache_control: fc.constant({ type: "ephemeral" }) },
      { requiredKeys: ["text"] },
    ),
    fc.jsonValue(),
  );
  const content = fc.oneof(text, fc.array(block, { maxLength: 4 }), fc.jsonValue());
  const message = fc.record({ role: fc.constantFrom("user", "assistant", "system"), content });
  const shaped = fc.record(
    {
      metadata: fc.oneof(fc.record({ user_id: fc.oneof(fc.string(), fc.jsonValue()) }), fc.jsonValue()),
      system: content,
      messages: fc.oneof(fc.array(fc.oneof(message, fc.jsonValue()), { maxLength: 3 }), fc.jsonValue()),
      tools: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const bodies = fc.oneof(shaped, fc.jsonValue());

  test("it is answered alike each time, leaves the request alone, and nothing is left for a second time", () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const before = JSON.stringify(body);
        const redacted = redact(body, identity);
        expect(JSON.stringify(body)).toBe(before);
        expect(JSON.stringify(redact(body, identity))).toBe(JSON.stringify(redacted));
        expect(redact(redacted, identity)).toBe(redacted);
      }),
      { numRuns: 500 },
    );
  });

  test("nothing is made up: no field, and no word but those that stand for what is withheld", () => {
    fc.assert(
      fc.property(bodies, (body) => {
        const before = inside(body);
        const after = inside(redact(body, identity));
        expect([...after.fields].filter((field) => !before.fields.has(field))).toEqual([]);
        const added = [...after.words].filter((word) => !before.words.has(word));
        expect(added.filter((word) => !/^(withheld|project|session|pseudonym\d+)$/.test(word))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("what holds nothing private comes back as it is", () => {
    const harmless = fc
      .array(fc.constantFrom("Help", " ", "\n", "a", "- b", "1.", "é", "# Rules"))
      .map((all) => all.join(""));
    const blocks = fc.array(fc.record({ type: fc.constant("text"), text: harmless }));
    const one = fc.record({
      role: fc.constantFrom("user", "assistant", "system"),
      content: fc.oneof(harmless, blocks),
    });
    const whole = fc.record({ system: fc.oneof(harmless, blocks), messages: fc.array(one), metadata: fc.constant({}) });
    fc.assert(fc.property(whole, (body) => expect(redact(body, identity)).toBe(body)));
  });

  test("a long prompt does not keep it long", () => {
    const long = [
      "<env>\n",
      "/home/",
      "C:\\Users\\a b ",
      "# Environment\n",
      `${attribution}\n`,
      "Status:\n",
      "/projects/-a",
    ];
    const body = { system: long.map((piece) => ({ type: "text", text: piece.repeat(100_000) })) };
    expect(redact(redact(body, identity), identity)).toBeDefined();
  });
});

/** The names of fields and the words of texts, anywhere in a value. */
function inside(value: unknown): { fields: Set<string>; words: Set<string> } {
  const fields = new Set<string>();
  const words = new Set<string>();
  const visit = (part: unknown): void => {
    if (typeof part === "string") for (const word of part.match(/[\p{L}\d]+/gu) ?? []) words.add(word);
    if (typeof part !== "object" || part === null) return;
    for (const [field, inner] of Object.entries(part)) {
      if (!Array.isArray(part)) fields.add(field);
      visit(inner);
    }
  };
  visit(value);
  return { fields, words };
}
