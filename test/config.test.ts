import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../src/config.ts";
import { exitCodes, StartError } from "../src/error.ts";
import { options, variablesOf } from "../src/options.ts";

const home = mkdtempSync(join(tmpdir(), "sluice-config-"));
const file = join(home, ".config/sluice/config.yaml");
mkdirSync(join(home, ".config/sluice"), { recursive: true });
afterAll(() => rmSync(home, { recursive: true }));

/** Reads a configuration in a home of its own. */
function load(args: string[] = [], env: Record<string, string> = {}, yaml = "") {
  writeFileSync(file, yaml);
  return loadConfig(args, { env: { HOME: home, ...env } });
}

/** The sentence that a configuration is refused with. */
function refusal(args: string[] = [], env: Record<string, string> = {}, yaml = ""): string {
  try {
    load(args, env, yaml);
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).exitCode).toBe(exitCodes.usage);
    expect((error as StartError).message).not.toContain("\n");
    return (error as StartError).message;
  }
  throw new Error("The configuration was accepted.");
}

describe("precedence", () => {
  test("with nothing given there are the defaults", () => {
    const { config, sources } = load();
    expect({ ...config, env: {} }).toEqual({
      mode: "subprocess",
      host: "127.0.0.1",
      port: 3456,
      claude: undefined,
      model: undefined,
      cwd: undefined,
      effort: undefined,
      maxTurns: undefined,
      agent: false,
      permissionMode: "dontAsk",
      allowedTools: [],
      showTools: false,
      systemPrompt: "replace",
      clientKey: undefined,
      maxBody: 32 * 1024 * 1024,
      spares: 1,
      maxProcesses: undefined,
      queue: 100,
      queueTimeout: 60_000,
      idleTtl: 300_000,
      parkTtl: 1_800_000,
      stallTimeout: 600_000,
      upstream: "https://api.anthropic.com",
      apiKey: undefined,
      authToken: undefined,
      credentials: "own",
      redact: false,
      fallback: "none",
      connectTimeout: 10_000,
      firstByteTimeout: 600_000,
      responseTtl: 2_592_000_000,
      budgetDay: undefined,
      budgetMonth: undefined,
      budgetDayRequests: undefined,
      budgetMonthRequests: undefined,
      noLedger: false,
      drainTimeout: 30_000,
      exitWithParent: false,
      logLevel: "info",
      logFormat: "auto",
      logFile: undefined,
      logBodies: false,
      allowedHosts: [],
      allowedOrigins: [],
      passEnv: [],
      env: {},
    });
    expect(new Set(Object.values(sources))).toEqual(new Set(["default"]));
  });

  test("flags win over variables, variables over the file, the file over defaults", () => {
    const yaml = "port: 1\nhost: localhost\nmodel: from-file\n";
    const { config, sources } = load(["--port", "3"], { SLUICE_PORT: "2", SLUICE_MODEL: "from-env" }, yaml);
    expect(config).toMatchObject({ port: 3, model: "from-env", host: "localhost", logLevel: "info" });
    expect(sources).toMatchObject({
      port: "--port",
      model: "SLUICE_MODEL",
      host: `${file}: host`,
      logLevel: "default",
    });
  });

  test("a value that is overridden is not judged", () => {
    expect(load(["--port", "3"], { PORT: "junk" }).config.port).toBe(3);
  });

  test("the names of earlier proxies count, behind our own", () => {
    const env = { PORT: "1", CLAUDE_MODEL: "sonnet", PROXY_API_KEY: "k" };
    expect(load([], env).config).toMatchObject({ port: 1, model: "sonnet", clientKey: "k" });
    expect(load([], { ...env, SLUICE_PORT: "2" }).config.port).toBe(2);
    // OpenClaw plugins for such a proxy start it with the first two, which say more than PORT.
    const plugin = { CLAUDE_PROXY_HOST: "127.0.0.2", CLAUDE_PROXY_PORT: "3", PROXY_API_KEY: "k" };
    const others = { CLAUDE_PROXY_WORKDIR: home, CLAUDE_PROXY_MAX_CONCURRENT: "4" };
    const config = { host: "127.0.0.2", port: 3, cwd: home, maxProcesses: 4 };
    expect(load([], { ...env, ...plugin, ...others }).config).toMatchObject(config);
    expect(refusal([], { ...plugin, CLAUDE_PROXY_PORT: "many" })).toStartWith("CLAUDE_PROXY_PORT must be");
  });

  test("Claude Code's variables count in native mode only, and are not judged otherwise", () => {
    const env = { ANTHROPIC_BASE_URL: "https://gateway.example/", ANTHROPIC_API_KEY: "k", ANTHROPIC_AUTH_TOKEN: "t" };
    const seen = ({ config: { upstream, apiKey, authToken } }: ReturnType<typeof load>) => [
      upstream,
      apiKey,
      authToken,
    ];
    for (const args of [
      ["--mode", "native"],
      ["--fallback", "native"],
    ]) {
      expect(seen(load(args, env))).toEqual(["https://gateway.example", "k", "t"]);
    }
    expect(seen(load([], env))).toEqual(["https://api.anthropic.com", undefined, undefined]);
    expect(seen(load([], { ANTHROPIC_BASE_URL: "no address" }))).toEqual(seen(load([])));
    expect(refusal(["--mode", "native"], { ANTHROPIC_BASE_URL: "no address" })).toContain("ANTHROPIC_BASE_URL");
  });

  test("--native-config is read over the other file, and means native mode", () => {
    const file = join(home, "native.yaml");
    writeFileSync(file, "api-key: k\nport: 82\n");
    const { config, sources } = load(["--native-config", file], {}, "port: 81\nhost: localhost");
    expect([config.mode, config.apiKey, config.port, config.host]).toEqual(["native", "k", 82, "localhost"]);
    expect(sources.port).toBe(`${file}: port`);
    expect(load(["--native-config", file, "--mode", "subprocess"]).config.mode).toBe("subprocess");
  });

  test("an empty variable is not set", () => {
    expect(load([], { SLUICE_PORT: "", PORT: "5", SLUICE_MODEL: "" }).config).toMatchObject({
      port: 5,
      model: undefined,
    });
  });

  test("the result is frozen, and carries the environment", () => {
    const { config } = load(["--allow-host", "a"], { ANYTHING: "x" });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.env)).toBe(true);
    expect(Object.isFrozen(config.allowedHosts)).toBe(true);
    expect(config.env["ANYTHING"]).toBe("x");
  });

  test("every option is read from its flag, its variables and its key", () => {
    const samples: Record<string, string> = {
      port: "81",
      host: "localhost",
      cwd: home,
      effort: "high",
      maxTurns: "4",
      agent: "true",
      permissionMode: "plan",
      showTools: "true",
      systemPrompt: "append",
      maxBody: "5kb",
      spares: "4",
      maxProcesses: "4",
      queue: "4",
      queueTimeout: "7s",
      idleTtl: "7s",
      parkTtl: "7s",
      stallTimeout: "7s",
      mode: "native",
      upstream: "http://gateway.example/anthropic",
      credentials: "client",
      redact: "true",
      fallback: "native",
      connectTimeout: "7s",
      firstByteTimeout: "7s",
      responseTtl: "90d",
      budgetDay: "4.50",
      budgetMonth: "4",
      budgetDayRequests: "4",
      budgetMonthRequests: "4",
      noLedger: "true",
      drainTimeout: "7s",
      exitWithParent: "true",
      logLevel: "error",
      logFormat: "json",
      logBodies: "true",
      allowedOrigins: "https://a.example",
    };
    for (const [name, option] of Object.entries(options)) {
      const sample = samples[name] ?? "sample";
      const value = (loaded: ReturnType<typeof load>) => loaded.config[name as keyof typeof options];
      const byFlag = value(load(option.switch ? [`--${option.flag}`] : [`--${option.flag}`, sample]));
      expect(byFlag).not.toEqual(value(load()) ?? "not set");
      for (const variable of variablesOf(option)) {
        const native: Record<string, string> = variable.startsWith("ANTHROPIC_") ? { SLUICE_MODE: "native" } : {};
        expect(value(load([], { ...native, [variable]: sample }))).toEqual(byFlag);
      }
      expect(value(load([], {}, `${option.flag}: "${sample}"`))).toEqual(byFlag);
    }
  });
});

describe("flags", () => {
  test.each([
    [["--prot", "1"], 'Unknown option "--prot": did you mean --port?'],
    [["--xyzzy"], 'Unknown option "--xyzzy".'],
    [["--toString"], 'Unknown option "--toString".'],
    [["-p", "1"], 'Unknown option "-p".'],
    [["--"], 'Unknown option "--".'],
    [["--port"], "--port needs a value: --port PORT."],
    [["--port="], "--port needs a value: --port PORT."],
    [["--port", ""], "--port needs a value: --port PORT."],
    [["--model", "--port", "1"], "--model needs a value: --model MODEL."],
    [["--port", "1", "--port", "2"], "--port is given twice."],
    [["--embed-system-prompt=false"], "--embed-system-prompt takes no value."],
    [
      ["--embed-system-prompt", "--replace-system-prompt"],
      "--embed-system-prompt and --replace-system-prompt contradict each other: give one.",
    ],
    [
      ["--system-prompt", "append", "--embed-system-prompt"],
      "--system-prompt and --embed-system-prompt contradict each other: give one.",
    ],
  ])("%p is refused", (args, sentence) => expect(refusal(args)).toBe(sentence));

  test("what is no flag is refused, with the way out", () => {
    expect(refusal(["--port", "1", "demo"])).toStartWith('Unexpected "demo": a command comes first');
    expect(refusal(["3000"])).toStartWith('Unexpected "3000"');
  });

  test("a value may hold an equals sign, and start with a dash after one", () => {
    expect(load(["--client-key=a=b="]).config.clientKey).toBe("a=b=");
    expect(load(["--model=-x"]).config.model).toBe("-x");
  });

  test("shorthands of --system-prompt", () => {
    expect(load(["--embed-system-prompt"]).config.systemPrompt).toBe("embed");
    expect(load(["--replace-system-prompt"], { SLUICE_SYSTEM_PROMPT: "append" }).config.systemPrompt).toBe("replace");
    expect(load(["--system-prompt", "embed", "--embed-system-prompt"]).config.systemPrompt).toBe("embed");
  });

  test("lists grow with commas and repetition", () => {
    const { config } = load(["--allow-host", "A.example, b", "--allow-host=[::1]", "--pass-env", "X,,Y"]);
    expect(config.allowedHosts).toEqual(["a.example", "b", "::1"]);
    expect(config.passEnv).toEqual(["X", "Y"]);
  });
});

describe("values", () => {
  test.each([
    ["32mb", 33554432],
    ["512KB", 524288],
    ["1gb", 1073741824],
    ["10b", 10],
    ["1000000", 1000000],
  ])("--max-body %p is %p bytes", (text, bytes) => expect(load(["--max-body", text]).config.maxBody).toBe(bytes));

  test.each(["0", "2gb", "1.5mb", "mb", "-1", "1e3", "5 tb"])("--max-body %p is refused", (text) => {
    expect(refusal([`--max-body=${text}`])).toBe(
      `--max-body must be a size up to 1gb, such as 32mb, 512kb or 1000000 (bytes), not "${text}".`,
    );
  });

  test.each([
    ["500ms", 500],
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["2H", 7_200_000],
    ["24d", 2_073_600_000],
    ["45", 45_000],
  ])("--queue-timeout %p is %p ms", (text, ms) => {
    expect(load(["--queue-timeout", text]).config.queueTimeout).toBe(ms);
  });

  test.each(["0", "25d", "soon", "1w", "1m30s"])("--queue-timeout %p is refused", (text) => {
    expect(refusal([`--queue-timeout=${text}`])).toBe(
      `--queue-timeout must be a time up to 24d, such as 500ms, 90s, 5m or 2h, not "${text}".`,
    );
  });

  test.each(["-1", "65536", "1.5", "0x10", "1e3", "abc", " 1"])("--port %p is refused", (text) => {
    expect(refusal([`--port=${text}`])).toBe(`--port must be a port number from 0 to 65535, not "${text}".`);
  });

  test("the source of a bad value is named", () => {
    expect(refusal([], { SLUICE_PORT: "x" })).toStartWith("SLUICE_PORT must be a port number");
    expect(refusal([], { PORT: "x" })).toStartWith("PORT must be a port number");
    expect(refusal([], {}, "port: x")).toStartWith(`${file}: port must be a port number`);
    expect(refusal([], {}, "port: 1.5")).toEndWith("not 1.5.");
    expect(refusal([], {}, "port: [1]")).toEndWith("not [1].");
  });

  test.each([
    ["--effort", "extreme"],
    ["--max-turns", "0"],
    ["--system-prompt", "keep"],
    ["--log-level", "verbose"],
    ["--allow-origin", "*"],
    ["--allow-origin", "https://a.example/path"],
    ["--allow-host", "a.example:80"],
    ["--host", "http://localhost"],
    ["--pass-env", "A-B"],
    ["--cwd", "/no/such/directory"],
    ["--cwd", import.meta.path],
  ])("%s %s is refused", (flag, value) => expect(refusal([flag, value])).toStartWith(`${flag} must be `));

  test("a secret is never repeated", () => {
    const sentence = refusal(["--client-key", "two words"]);
    expect(sentence).toStartWith("--client-key must be ");
    expect(sentence).not.toContain("two words");
  });

  test("a long bad value is cut", () => {
    expect(refusal(["--effort", "x".repeat(10_000)]).length).toBeLessThan(300);
  });

  test("an origin is compared as browsers spell it, in lower case", () => {
    expect(load(["--allow-origin", "HTTPS://A.example"]).config.allowedOrigins).toEqual(["https://a.example"]);
  });

  test("a directory is made absolute", () => expect(load(["--cwd", "."]).config.cwd).toBe(process.cwd()));

  test("brackets around an IPv6 address are taken off", () => {
    expect(load(["--host", "[::1]"]).config.host).toBe("::1");
  });
});

describe("beyond loopback", () => {
  test.each(["0.0.0.0", "::", "192.168.1.2", "myhost", "127.0.0.1.example", "::ffff:1.2.3.4"])(
    "%s needs a client key",
    (host) => {
      expect(refusal(["--host", host])).toStartWith(
        `Listening on ${host} lets other machines in: set SLUICE_CLIENT_KEY`,
      );
      expect(load(["--host", host], { SLUICE_CLIENT_KEY: "k" }).config.host).toBe(host);
    },
  );

  test.each(["localhost", "127.0.0.1", "127.1.2.3", "::1"])("%s needs none", (host) => {
    expect(load(["--host", host]).config.host).toBe(host);
  });
});

describe("the config file", () => {
  test("is found below XDG_CONFIG_HOME, else below ~/.config", () => {
    const other = join(home, "other");
    mkdirSync(join(other, "sluice"), { recursive: true });
    writeFileSync(join(other, "sluice/config.yaml"), "port: 7");
    expect(load([], { XDG_CONFIG_HOME: other }, "port: 8").config.port).toBe(7);
    expect(load([], { XDG_CONFIG_HOME: "" }, "port: 8").config.port).toBe(8);
  });

  test("--config and SLUICE_CONFIG name another", () => {
    const other = join(home, "other.yaml");
    writeFileSync(other, "port: 9");
    expect(load(["--config", other], {}, "port: 8").config.port).toBe(9);
    expect(load([], { SLUICE_CONFIG: other }, "port: 8").config.port).toBe(9);
    expect(load(["--config", other]).file).toBe(other);
  });

  test("may hold lists, and values that say nothing", () => {
    const { config, sources } = load([], {}, "allow-host: [a, b]\npass-env: X, Y\nmodel:\nport: null\n# nothing\n");
    expect(config).toMatchObject({ allowedHosts: ["a", "b"], passEnv: ["X", "Y"], model: undefined, port: 3456 });
    expect(sources.port).toBe("default");
  });

  test.each(["", "# only a comment\n", "---\n"])("%p is an empty one", (yaml) => {
    expect(load([], {}, yaml).config.port).toBe(3456);
  });

  test("a key that YAML would change into a number must be in quotes", () => {
    expect(refusal([], {}, "client-key: 12345678901234567890")).toStartWith(
      `${file}: client-key must be a text (in quotes)`,
    );
    expect(load([], {}, 'client-key: "12345678901234567890"').config.clientKey).toBe("12345678901234567890");
  });

  test("names what is wrong with it", () => {
    expect(refusal([], {}, "prot: 1")).toBe(`${file}: Unknown key "prot": did you mean port?`);
    expect(refusal([], {}, "maxBody: 1")).toBe(`${file}: Unknown key "maxBody": did you mean max-body?`);
    expect(refusal([], {}, "config: x")).toStartWith(`${file}: Unknown key "config"`);
    expect(refusal([], {}, "__proto__: {port: 1}")).toStartWith(`${file}: Unknown key "__proto__"`);
    expect(refusal([], {}, "a: [")).toStartWith(`The config file ${file} is not valid YAML (`);
    expect(refusal([], {}, "- port")).toBe(`The config file ${file} must hold lines such as "port: 3456".`);
    expect(refusal([], {}, "port")).toBe(`The config file ${file} must hold lines such as "port: 3456".`);
  });

  test("must be a file that exists, where one is named", () => {
    expect(refusal(["--config", "/no/such.yaml"])).toBe("The config file /no/such.yaml does not exist.");
    expect(refusal([], { SLUICE_CONFIG: "/no/such.yaml" })).toBe("The config file /no/such.yaml does not exist.");
    expect(refusal(["--config", home])).toBe(`The config file ${home} is a directory.`);
    expect(refusal(["--config", join(file, "below")])).toContain("cannot be read (ENOTDIR)");
  });
});

describe("a hostile config file", () => {
  const bombs: [string, string][] = [
    ["a value that holds itself", "allow-host: &a [*a]"],
    ["a key that holds itself", "port: &a {b: *a}"],
    [
      "aliases of aliases",
      ["a: &a0 [x]", ...Array.from({ length: 30 }, (_, n) => `b${n}: &a${n + 1} [${`*a${n},`.repeat(9)}]`)].join("\n"),
    ],
    ["lists without end", "[".repeat(200_000)],
    ["maps in maps", Array.from({ length: 3000 }, (_, n) => `${" ".repeat(n)}a:`).join("\n")],
    ["more than a megabyte", `model: ${"x".repeat(1_000_001)}`],
    ["a tag for code", "port: !!js/function 'function () { return 1 }'"],
    ["two documents", "port: 1\n---\nport: 2"],
    ["bytes that are no text", "port: \0\x01\ufffd"],
    ["wrong types", "host: {a: 1}"],
    ["escapes of a terminal", '"\\e[31mport": 1'],
  ];
  test.each(bombs)("%s: one sentence", (_, yaml) => expect(refusal([], {}, yaml).length).toBeLessThan(300));

  test("one that is not read: a pipe, which might never end, and a device", () => {
    const pipe = join(home, "pipe");
    expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
    expect(refusal(["--config", pipe])).toBe(`The config file ${pipe} is no regular file.`);
    expect(refusal(["--config", "/dev/zero"])).toBe("The config file /dev/zero is no regular file.");
  });

  test("one that anyone could have written, or put there: it names a program to run", () => {
    load();
    for (const [path, mode] of [
      [file, 0o666],
      [join(home, ".config"), 0o777],
    ] as const) {
      chmodSync(path, mode);
      expect(refusal([], {}, "claude: /tmp/evil")).toContain(`is not safe: any user can change ${path};`);
      chmodSync(path, 0o700);
    }
  });
});

test("beyond loopback: that nothing is hidden on the way, and that a short key can be guessed", () => {
  const warnings = (key: string, host: string) => load(["--host", host], { SLUICE_CLIENT_KEY: key }).warnings;
  const open = "On 0.0.0.0 there is no TLS: whoever is on the way can read the key, and all that is sent";
  expect(warnings("k".repeat(16), "0.0.0.0")).toEqual([open]);
  expect(warnings("short", "0.0.0.0")).toEqual([open, "A client key of less than 16 characters can be guessed"]);
  expect(warnings("short", "::1")).toEqual([]);
});

describe("a secret that lies open", () => {
  const warnings = (args: string[], env = {}, yaml = "") => load(args, env, yaml).warnings;

  test("in a flag, or in a file that others can read, is warned about", () => {
    expect(warnings(["--client-key", "c"])).toEqual([
      "--client-key can be read by every user of this machine, in `ps`: a variable or the config file can't",
    ]);
    load();
    for (const path of [home, join(home, ".config"), join(home, ".config/sluice")]) chmodSync(path, 0o755);
    chmodSync(file, 0o644);
    expect(warnings([], {}, "client-key: c")).toEqual([
      `${file} can be read by every user of this machine, and holds a key: \`chmod 600\` it`,
    ]);
    expect(warnings([], { SLUICE_CLIENT_KEY: "c" }, "client-key: d")).toEqual([]);
    expect(warnings([], {}, "port: 1")).toEqual([]);
  });

  test("is not, where the file or a folder above it is closed", () => {
    chmodSync(file, 0o600);
    expect(warnings([], {}, "client-key: c")).toEqual([]);
    chmodSync(file, 0o644);
    chmodSync(home, 0o700);
    expect(warnings([], {}, "client-key: c")).toEqual([]);
  });
});
