import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigFault, type CoreConfig, readCoreConfig } from "../../../../lib/triba/config/mod.ts";

const BUILTIN = { command: ["/usr/bin/triba", "echo"], environment: { DENO_DIR: "/cache" } };

function read(toml: string, credentials?: string): CoreConfig {
  return readCoreConfig(new TextEncoder().encode(toml), {
    folder: "/etc/sallyport",
    credentials,
    builtins: new Map([["echo", BUILTIN], ["irc", BUILTIN]]),
  });
}

function problems(toml: string, credentials?: string): string[] {
  const fault = assertThrows(() => read(toml, credentials), ConfigFault);
  return fault.lines("triba.toml");
}

Deno.test("readCoreConfig: a builtin is this program's own subcommand, and sealed", () => {
  const { backends, bridges } = read('[backends.me]\nbuiltin = "echo"\n');
  assertEquals(bridges, []);
  assertEquals(backends, [{
    name: "me",
    command: ["/usr/bin/triba", "echo"],
    arguments: [],
    environment: { DENO_DIR: "/cache" },
    sha256: undefined,
    byteOrder: "big",
    form: "compact",
    handshake: "versioned",
    seal: "require",
    firstId: 0,
    connectMs: 10_000,
    account: undefined,
  }]);
});

Deno.test("readCoreConfig: a command is not sealed unless it says so; every key has its effect", () => {
  const [backend] = read(`
    [backends."a-b_1"]
    command = ["python3", "b.py"]
    arguments = ["--server", "x"]
    environment = { LANG = "C", EMPTY = "" }
    sha256 = "${"AB".repeat(32)}"
    byte_order = "little"
    form = "tagged"
    handshake = "plain"
    ids = 1
    start_timeout = 2.5
    account = { name = "me", secret_file = "secret" }
  `).backends;
  assertEquals(backend, {
    name: "a-b_1",
    command: ["python3", "b.py"],
    arguments: ["--server", "x"],
    environment: { LANG: "C", EMPTY: "" },
    sha256: "ab".repeat(32),
    byteOrder: "little",
    form: "tagged",
    handshake: "plain",
    seal: "off",
    firstId: 1,
    connectMs: 2500,
    account: { name: "me", secretFile: "/etc/sallyport/secret" },
  });
  const [sealed] = read('[backends.x]\ncommand = ["x"]\nseal = "require"\n').backends;
  assertEquals(sealed?.seal, "require");
});

Deno.test("readCoreConfig: secrets come from a path, or from the service manager's folder", () => {
  const account = (line: string, credentials?: string) =>
    read(`[backends.x]\nbuiltin = "irc"\naccount = { name = "me", ${line} }`, credentials)
      .backends[0]?.account?.secretFile;
  assertEquals(account('secret_file = "/run/s"'), "/run/s");
  assertEquals(account('credential = "irc.pass"', "/run/cred"), "/run/cred/irc.pass");
});

Deno.test("readCoreConfig: bridges in the order of the file", () => {
  const { bridges } = read(`
    [backends.a]
    builtin = "echo"
    [backends.b]
    builtin = "irc"
    [bridges.office]
    a = { backend = "a", room = "lobby" }
    b = { backend = "b", room = "#office" }
  `);
  assertEquals(bridges, [{
    name: "office",
    a: { backend: "a", room: "lobby" },
    b: { backend: "b", room: "#office" },
  }]);
});

Deno.test("readCoreConfig: all errors at once, in the order of the file, none with a value", () => {
  const found = problems(`backend = 1
[backends.Big]
builtin = "ecko-canary"
[backends.both]
builtin = "echo"
command = ["x"]
[backends.none]
byte_oder = "little"
[backends.kinds]
command = "canary"
arguments = [1]
environment = { "1A" = "canary", TRIBA_SEAL = "canary", N = 1 }
sha256 = "canary"
byte_order = "canary"
ids = 2
start_timeout = 0
account = { name = "" }
[bridges.x]
a = { backend = "canary", room = "r" }
[bridges.same]
a = { backend = "none", room = "r" }
b = { backend = "none", room = "r" }
`);
  assert(!found.join("\n").includes("canary"), found.join("\n"));
  assertEquals(found, [
    'triba.toml:1:1: unknown key "backend": did you mean "backends"?',
    'triba.toml:2:11: the name of a backend must have 1 to 32 of "a-z", "0-9", "-", "_"',
    'triba.toml:3:11: "builtin" must be one of echo, irc',
    'triba.toml:4:11: either "builtin" or "command", not both',
    'triba.toml:7:11: "builtin" or "command" is missing',
    'triba.toml:8:1: unknown key "byte_oder": did you mean "byte_order"?',
    'triba.toml:10:11: "command" must be a list of texts',
    'triba.toml:11:14: "arguments" must hold nothing but texts',
    'triba.toml:12:17: "1A" is no name of a variable',
    'triba.toml:12:34: "TRIBA_SEAL" is set by the core',
    'triba.toml:12:61: "N" must be a text',
    'triba.toml:13:10: "sha256" must be 64 hex digits',
    'triba.toml:14:14: "byte_order" must be one of big, little',
    'triba.toml:15:7: "ids" must be a number from 0 to 1',
    'triba.toml:16:17: "start_timeout" must be a number from 0.1 to 3600',
    'triba.toml:17:11: an account needs either "secret_file" or "credential"',
    'triba.toml:17:20: "name" must not be empty or hold NUL',
    'triba.toml:18:10: "b" is missing: a table of "backend" and "room"',
    'triba.toml:19:17: "backend" is not in this configuration',
    "triba.toml:22:5: a bridge needs two different rooms",
  ]);
});

Deno.test("readCoreConfig: what cannot go together", () => {
  const cases: readonly [string, string][] = [
    [
      'builtin = "echo"\nhandshake = "plain"',
      '2:13: a builtin is sealed, which "handshake" plain cannot be: set "seal" to off too',
    ],
    [
      'command = ["x"]\nhandshake = "plain"\nseal = "require"',
      '3:8: "seal" cannot be required where "handshake" is plain',
    ],
    [
      `builtin = "echo"\nsha256 = "${"0".repeat(64)}"`,
      '2:10: "sha256" belongs to a "command", not to a builtin',
    ],
    ["command = []", '1:11: "command" must name a program'],
    ['command = ["x\\u0000"]', '1:11: "command" must not hold NUL'],
    ['builtin = "echo"\nids = 0.5', '2:7: "ids" must be 0 or 1'],
    [
      'builtin = "irc"\naccount = { name = "n", credential = "../x" }',
      '2:38: "credential" must be the name of a credential, not a path',
    ],
    [
      'builtin = "irc"\naccount = { name = "n", secret_file = "a", credential = "b" }',
      '2:11: an account needs either "secret_file" or "credential"',
    ],
  ];
  for (const [lines, expected] of cases) {
    const [line = "", ...rest] = expected.split(":");
    const at = `triba.toml:${Number(line) + 1}:${rest.join(":")}`;
    assertEquals(problems(`[backends.x]\n${lines}`, "/run/cred"), [at], lines);
  }
});

Deno.test("readCoreConfig: a credential without a service manager, no backend, no TOML, no UTF-8", () => {
  assertEquals(
    problems('[backends.x]\nbuiltin = "irc"\naccount = { name = "n", credential = "c" }'),
    [
      'triba.toml:3:38: "credential" needs a service manager that sets $CREDENTIALS_DIRECTORY; ' +
      'without one, use "secret_file"',
    ],
  );
  assertEquals(problems(""), ['triba.toml:1:1: no backend: add a table "[backends.NAME]"']);
  assertEquals(problems("[backends.x]\nbuiltin = \n"), ["triba.toml:3:1: value is missing"]);
  const fault = assertThrows(
    () =>
      readCoreConfig(Uint8Array.of(0x61, 0x0a, 0xff), {
        folder: "/",
        credentials: undefined,
        builtins: new Map(),
      }),
    ConfigFault,
  );
  assertEquals(fault.lines("\x1bf"), ["\\x1bf:2:1: not UTF-8"]);
});
