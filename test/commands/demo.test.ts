import { describe, expect, test } from "bun:test";
import { exitCodes } from "../../src/error.ts";
import { runCommand, startCommand } from "../support/command.ts";
import { secrets } from "../support/secrets.ts";

const running = /answers on (http:\/\/\S+)[^]*Ctrl-C stops it/;
/** The person's proxy and key do not count, and no Claude Code is needed. */
const env = { HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9", ANTHROPIC_API_KEY: undefined };

describe("demo", () => {
  test("tries every API, keeps serving, and stops at Ctrl-C", async () => {
    await using demo = await startCommand(["demo", "--port", "0"], { env });
    const [shown, url = ""] = await demo.until(running);

    for (const path of ["/v1/models", "/v1/messages", "/v1/chat/completions", "/v1/responses"]) {
      expect(shown).toContain(`$ curl -N ${url}${path}`);
    }
    expect(shown).toContain("event: content_block_delta");
    expect(shown).toContain("data: [DONE]");
    expect(shown.match(/The whole text: Hello, Sluice!/g)).toHaveLength(3);
    expect(shown).toContain(`export ANTHROPIC_BASE_URL=${url}\n`);

    const models = await fetch(`${url}/v1/models`);
    expect(models.status).toBe(200);
    demo.kill("SIGINT");
    expect(await demo.ended).toBe(0);
    expect(demo.stderr()).toBe("");
  });

  test("sends the client key, and never shows it", async () => {
    await using demo = await startCommand(["demo", "--port", "0"], {
      env: { ...env, SLUICE_CLIENT_KEY: secrets.clientKey },
    });
    const [shown, url = ""] = await demo.until(running);
    expect(shown).toContain("-H 'authorization: Bearer <your client key>'");
    expect((await fetch(`${url}/v1/models`)).status).toBe(401);
    demo.kill("SIGTERM");
    expect(await demo.ended).toBe(0);
    expect(demo.stdout() + demo.stderr()).not.toContain(secrets.clientKey);
  });

  test("fails with a sentence when a request does", async () => {
    // The embedded engine never fails; a limit that the requests exceed makes the server refuse them.
    const { code, stderr } = await runCommand(["demo", "--port", "0", "--max-body", "10"], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^sluice: The demo failed: \/v1\/messages answered 413: .*\n$/);
  });

  test("takes no other port than one that was asked for", async () => {
    using taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("taken") });
    const { code, stderr } = await runCommand(["demo", "--port", String(taken.port)], { env });
    expect(code).toBe(exitCodes.port_taken);
    expect(stderr).toMatch(/^sluice: Port \d+ is taken: .*\n$/);
  });

  test("takes a free port when the default one is taken", async () => {
    using _ = holdDefaultPort();
    await using demo = await startCommand(["demo"], { env });
    const [, url = ""] = await demo.until(running);
    expect(url).not.toEndWith(":3456");
    expect((await fetch(`${url}/v1/models`)).status).toBe(200);
  });
});

/** Makes sure that the default port is taken, by this test or by whoever has it already. */
function holdDefaultPort(): Disposable {
  try {
    return Bun.serve({ port: 3456, hostname: "127.0.0.1", fetch: () => new Response("taken") });
  } catch {
    return { [Symbol.dispose]() {} };
  }
}
