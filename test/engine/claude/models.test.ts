import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ProxyError } from "../../../src/error.ts";
import { Catalog } from "../../../src/engine/claude/models.ts";

const listed = [
  { value: "default", resolvedModel: "claude-opus-5-5", displayName: "Default (recommended)" },
  { value: "opus", resolvedModel: "claude-opus-5-5", displayName: "Opus" },
  { value: "sonnet", resolvedModel: "claude-sonnet-5-5", displayName: "Sonnet" },
  { value: "haiku", resolvedModel: "claude-haiku-4-5-20251001", displayName: "Haiku" },
];
const catalog = new Catalog(listed, new Set(["glm-4.6"]));

describe("resolve", () => {
  test.each([
    ["sonnet", "sonnet"],
    ["Sonnet", "sonnet"],
    ["opus[1m]", "opus[1m]"],
    ["default", "default"],
    ["claude-sonnet-5-5", "claude-sonnet-5-5"],
    ["claude-sonnet-4.5", "claude-sonnet-4-5"],
    ["claude-opus-4-6", "claude-opus-4-6"],
    ["anthropic/claude-haiku-4-5", "claude-haiku-4-5"],
    ["anthropic/claude-sonnet-4.5", "claude-sonnet-4-5"],
    ["claude-4.5-sonnet", "claude-sonnet-4-5"],
    ["claude-4-opus-20250514", "claude-opus-4-20250514"],
    ["sonnet-4.5", "claude-sonnet-4-5"],
    ["claude-3.5-haiku-20241022", "claude-3-5-haiku-20241022"],
    ["claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929"],
    ["claude-sonnet-4-5[1m]", "claude-sonnet-4-5[1m]"],
    ["claude-unknown-9", "claude-unknown-9"],
    ["glm-4.6", "glm-4.6"],
  ])("%s is %s", (asked, name) => {
    expect(catalog.resolve(asked).name).toBe(name);
  });

  test("an alias is listed, and stands for a full id", () => {
    expect(catalog.resolve("haiku")).toEqual({
      name: "haiku",
      resolved: "claude-haiku-4-5-20251001",
      listed: true,
      profile: "chat",
    });
    expect(catalog.resolve("claude-haiku-4-5")).toMatchObject({ resolved: "claude-haiku-4-5", listed: false });
  });

  test.each([
    "gpt-5",
    "openai/gpt-4o",
    "google/claude-sonnet-4-5",
    "",
    "claude",
    "claude-",
    "claude-x y",
    "--help",
    "glm-4.5",
  ])("%p is refused with what exists", (asked) => {
    expect(() => catalog.resolve(asked)).toThrow(/There is no model .* There are: .*claude-sonnet-5-5.*sonnet/);
  });

  test("any text is resolved to a name without surprises, or refused as not found", () => {
    fc.assert(
      fc.property(fc.string(), (asked) => {
        try {
          expect(catalog.resolve(asked).name).toMatch(/^[a-z0-9-]+(\[1m\])?$|^glm-4\.6$/);
        } catch (thrown) {
          expect((thrown as ProxyError).kind).toBe("not_found");
        }
      }),
    );
  });

  test("what was resolved resolves to itself", () => {
    const names = fc.constantFrom("sonnet", "claude-4.5-sonnet", "anthropic/claude-opus-4.6", "opus[1m]", "haiku-4-5");
    fc.assert(
      fc.property(names, (asked) => {
        const { name } = catalog.resolve(asked);
        expect(catalog.resolve(name).name).toBe(name);
      }),
    );
  });
});

test("the list has each full id once, then the aliases", () => {
  const ids = catalog.list().map((model) => model.id);
  expect(ids).toEqual([
    "claude-opus-5-5",
    "claude-sonnet-5-5",
    "claude-haiku-4-5-20251001",
    "default",
    "opus",
    "sonnet",
    "haiku",
  ]);
  expect(catalog.list()[0]?.display_name).toBe("Opus");
  expect(catalog.list()[2]?.created).toBe(Date.UTC(2025, 9, 1) / 1000);
});

test("a model is described under the name that was asked for", () => {
  expect(catalog.describe("anthropic/claude-sonnet-5.5")).toMatchObject({
    id: "anthropic/claude-sonnet-5.5",
    display_name: "Sonnet",
    resolved: "claude-sonnet-5-5",
  });
});
