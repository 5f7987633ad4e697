import { describe, expect, test } from "bun:test";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { openIdentity } from "../../../src/engine/anthropic/redact-identity.ts";
import { temporaryFolder } from "../../support/environment.ts";

const asClaudeCode = (device: string, session: string) =>
  JSON.stringify({ device_id: device, account_uuid: "", session_id: session });

describe("a pseudonym", () => {
  test("is the same for the same person, also after a restart, and another for another, and elsewhere", async () => {
    await using folder = await temporaryFolder();
    await using elsewhere = await temporaryFolder();
    const { userId } = openIdentity(folder.path, {});
    const again = openIdentity(folder.path, {});
    const stranger = openIdentity(elsewhere.path, {});
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 2 }),
        ([one = "", two = ""]) => {
          const pseudonym = userId(one);
          expect(pseudonym).toMatch(/^[\da-f]{64}$/);
          expect(again.userId(one)).toBe(pseudonym);
          expect(userId(pseudonym)).toBe(pseudonym);
          expect(userId(two)).not.toBe(pseudonym);
          expect(stranger.userId(one)).not.toBe(pseudonym);
          expect(stranger.userId(pseudonym)).not.toBe(pseudonym);
        },
      ),
      { examples: [[["null", "[]"]], [["{", "{}"]], [["a".repeat(64), "b".repeat(64)]]] },
    );
  });

  test("stands for Claude Code's person, not for a session of theirs", async () => {
    await using folder = await temporaryFolder();
    const { userId } = openIdentity(folder.path, {});
    expect(userId(asClaudeCode("d1", "s1"))).toBe(userId(asClaudeCode("d1", "s2")));
    expect(userId(asClaudeCode("d1", "s1"))).not.toBe(userId(asClaudeCode("d2", "s1")));
    expect(userId("user_ab_account_1_session_5-6")).toBe(userId("user_ab_account_1_session_7-8"));
    expect(userId("user_ab_account_1_session_5-6")).not.toBe(userId("user_ab_account_2_session_5-6"));
  });
});

test("the home is the environment's", async () => {
  await using folder = await temporaryFolder();
  expect(openIdentity(folder.path, { HOME: "/home/ann" }).home).toBe("/home/ann");
  expect(openIdentity(folder.path, { USERPROFILE: String.raw`C:\Users\ann` }).home).toBe(String.raw`C:\Users\ann`);
  expect(openIdentity(folder.path, { HOME: "" }).home).toBeUndefined();
});

describe("the secret", () => {
  test("is of the user alone; where others can read it, there are no pseudonyms", async () => {
    await using folder = await temporaryFolder();
    openIdentity(folder.path, {});
    const file = join(folder.path, "pseudonym.key");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    chmodSync(file, 0o644);
    expect(() => openIdentity(folder.path, {})).toThrow("only its owner");
  });

  test("is one, of however many start at once", async () => {
    await using folder = await temporaryFolder();
    const module = resolve(import.meta.dir, "../../../src/engine/anthropic/redact-identity.ts");
    const script = `import { openIdentity } from ${JSON.stringify(module)};
      console.log(openIdentity(${JSON.stringify(folder.path)}, {}).userId("ann"));`;
    const starts = Array.from({ length: 4 }, () => Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" }));
    const pseudonyms = await Promise.all(starts.map((start) => new Response(start.stdout).text()));
    expect(pseudonyms[0]).toMatch(/^[\da-f]{64}\n$/);
    expect(new Set(pseudonyms).size).toBe(1);
    expect(readdirSync(folder.path)).toEqual(["pseudonym.key"]);
  });
});
