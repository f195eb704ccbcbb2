import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import {
  CofferFault,
  compute,
  decodeEntries,
  type Definition,
  encodeEntries,
  EXACT_ENCODING,
  formatId,
  formatProblem,
  formatValue,
  loadDefinition,
  openDefinition,
  secretsOf,
} from "../../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../../lib/coffer/keys/x25519_node.ts";
import {
  bigDefinition,
  definition,
  keyPair,
  readVectors,
  type SessionVector,
  utf8,
} from "../../../support/coffer.ts";

interface DefinitionCase {
  readonly id: string;
  readonly toml?: string;
  readonly tomlHex?: string;
  readonly serverStarts: boolean;
  readonly shards: Readonly<Record<string, readonly string[] | string>>;
  readonly ours: { readonly outcome: "accept" | "refuse" };
}

const { cases } = readVectors<{ readonly cases: readonly DefinitionCase[] }>(
  "definition-cases.json",
);
const APP = formatId(keyPair("app").publicKey);
const WEB = formatId(keyPair("web").publicKey);
const DB = formatId(keyPair("db").publicKey);

/** Clients by their path, entries as text. */
function summary(loaded: Definition): Record<string, Record<string, string>> {
  return Object.fromEntries(loaded.clients.map((client) => [
    client.path.join("."),
    Object.fromEntries([...secretsOf(client)].map(([key, value]) => [key, formatValue(value)])),
  ]));
}

function problemsOf(toml: string | Uint8Array): string[] {
  const file = typeof toml === "string" ? utf8(toml) : toml;
  const fault = assertThrows(() => loadDefinition(file), CofferFault);
  assertEquals(fault.code, "bad-definition");
  assert(fault.message.startsWith("Cannot load the definition: "));
  return fault.problems.map((problem) => formatProblem("F", problem));
}

Deno.test("loadDefinition: the outcome of every recorded definition", async (t) => {
  for (const vector of cases) {
    await t.step(vector.id, () => {
      const file = vector.toml === undefined ? decodeHex(vector.tomlHex ?? "") : utf8(vector.toml);
      if (vector.ours.outcome === "refuse") {
        assert(problemsOf(file).length > 0);
        return;
      }
      const loaded = loadDefinition(file);
      for (const [name, shard] of Object.entries(vector.shards)) {
        if (typeof shard === "string") continue;
        const client = loaded.clients.find(({ publicKey }) =>
          formatId(publicKey) === formatId(keyPair(name).publicKey)
        );
        assert(client !== undefined, name);
        assertEquals([...client.entries.keys()].toSorted(), shard.map(keyOf).toSorted());
      }
    });
  }
});

function keyOf(entry: string): string {
  return (JSON.parse(entry) as [string, unknown])[0];
}

Deno.test("loadDefinition: lower-case and hyphenated ids are served, hexadecimal stays whole", () => {
  const toml = `[a]\nid = "${APP.toLowerCase()}"\nX = 0xDEADBEEF\n` +
    `[b]\nid = "${WEB.replace(/(.{4})(?=.)/g, "$1-")}"\nX = 1_000\n`;
  const loaded = loadDefinition(utf8(toml));
  assertEquals(loaded.clients.map(({ publicKey }) => formatId(publicKey)), [APP, WEB]);
  assertEquals(summary(loaded), { a: { X: "3735928559" }, b: { X: "1000" } });
});

Deno.test("loadDefinition: the definition of every recorded session gives its entries", async (t) => {
  const { sessions } = readVectors<{ readonly sessions: readonly SessionVector[] }>(
    "sessions.json",
  );
  const big = readVectors<SessionVector>("session-big.json");
  for (const session of [...sessions, big]) {
    await t.step(session.name, () => {
      const toml = session.definition === null
        ? bigDefinition()
        : definition(session.definition).toml;
      const loaded = loadDefinition(utf8(toml));
      const id = formatId(keyPair(session.clientKey).publicKey);
      const client = loaded.clients.find(({ publicKey }) => formatId(publicKey) === id);
      assert(client !== undefined);
      const theirs = decodeEntries(decodeHex(session.plaintextHex));
      assertEquals([...client.entries.keys()].toSorted(), [...theirs.keys()].toSorted());
      if (session.definition === null) {
        assertEquals(secretsOf(client).size, 17);
        assertEquals(encodeEntries(secretsOf(client), EXACT_ENCODING).length, 69_905);
      }
    });
  }
});

Deno.test("loadDefinition: recorded files are opened and loaded", async (t) => {
  for (const name of ["project-sample", "typed", "own-sealing"]) {
    await t.step(name, () => {
      const vector = definition(name);
      const opening = openDefinition(decodeHex(vector.sealedHex), keyPair(vector.sealedTo));
      const { toml, origin } = compute(opening, x25519Node);
      assertEquals(new TextDecoder().decode(toml), vector.toml);
      assertEquals(origin, undefined);
      assert(loadDefinition(toml).clients.length > 0);
    });
  }
});

Deno.test("loadDefinition: both shapes in one file, in the order of the rules", () => {
  const toml = `[clients]
file = "${APP}"
idle = "${WEB}"
[clients.inner]
id = "${DB}"
IN = "clients table"
[file]
secretkey = "secret value"
"id.x" = 1
[group.deep.est]
id = "${formatId(keyPair("lower").publicKey)}"
G = true
`;
  assertEquals(summary(loadDefinition(utf8(toml))), {
    file: { secretkey: "secret value", "id.x": "1" },
    idle: {},
    "clients.inner": { IN: "clients table" },
    "group.deep.est": { G: "true" },
  });
});

Deno.test("loadDefinition: a root or a clients table with an id is a shard", () => {
  const root = `id = "${APP}"\nclients = "one"\nfile = "two"\n`;
  assertEquals(summary(loadDefinition(utf8(root))), { "": { clients: "one", file: "two" } });
  const table = `[clients]\nid = "${APP}"\nfile = "${WEB}"\n`;
  assertEquals(summary(loadDefinition(utf8(table))), { clients: { file: WEB } });
});

Deno.test("loadDefinition: names and shards of one id are one client", () => {
  const toml = `[clients]\na = "${APP}"\nb = "${APP.toLowerCase()}"\n[a]\nX = 1\n[b]\nY = 2\n` +
    `[c]\nid = "${APP}"\nZ = 3\n`;
  assertEquals(summary(loadDefinition(utf8(toml))), { a: { X: "1", Y: "2", Z: "3" } });
});

Deno.test("loadDefinition: dates are normalized, everything else is as written", () => {
  const toml = `id = "${APP}"\nA = 1979-05-27 07:32:00.50z\nB = "1979-05-27 07:32:00z"\n`;
  const [client] = loadDefinition(utf8(toml)).clients;
  assertEquals(client?.entries.get("A")?.value, { type: "Date", value: "1979-05-27T07:32:00.50Z" });
  assertEquals(client?.entries.get("B")?.value, { type: "String", value: "1979-05-27 07:32:00z" });
});

Deno.test("loadDefinition reports every kind of error at once and never a value", () => {
  const toml = `canary = "canary"
[clients]
clients = "${APP}"
short = "AAAA-AAAA"
number = 5
list = ["canary"]
twoids = "${WEB}"
[short]
VALUE = "canary"
TOO_BIG = 9223372036854775808
[twoids]
id = "${DB}"
[group]
note = "canary"
[group.shard]
id = "canary"
A = ["canary"]
B = { c = "canary" }
"" = "canary"
[[tables]]
id = "${APP}"
[one]
id = "${DB}"
A = "1"
[two]
id = "${DB}"
A = "canary"
[""]
[server]
id = 5
[low]
id = "${"00".repeat(32)}"
`;
  const problems = problemsOf(toml);
  assertEquals(problems, [
    'F:1:1: "canary" is a value outside a table with an id',
    'F:3:1: a client cannot be called "clients"',
    "F:4:9: id has 8 digits instead of 64",
    'F:5:1: client "number" is neither an id nor a table',
    'F:6:1: client "list" is neither an id nor a table',
    'F:10:11: "TOO_BIG": integer beyond 64 bits',
    'F:11:2: "twoids" has an id here and another in "clients"',
    'F:14:1: "note" is a value outside a table with an id',
    "F:16:6: id is not hexadecimal",
    'F:17:1: "A" is an array inside a client\'s table',
    'F:18:1: "B" is a table inside a client\'s table',
    "F:19:1: name is empty",
    'F:20:3: "tables" is an array outside a table with an id',
    'F:27:1: "A" stands in line 24 for this client already',
    "F:28:2: name is empty",
    "F:30:6: id is not a string",
    "F:32:6: id is a point of low order, which no key file has",
  ]);
  assert(!problems.slice(1).join("\n").includes("canary"), "only as the name of a key");
});

Deno.test("loadDefinition reports a syntax error alone", () => {
  assertEquals(problemsOf('x = 1\n[a]\nb = "canary\nc = canary\n'), [
    "F:3:12: string without an end",
  ]);
});

Deno.test("loadDefinition says in which line a file is not UTF-8", () => {
  const bad = Uint8Array.of(...utf8("[a]\nx = 'é'\ny = '"), 0xff, ...utf8("'\n"));
  assertEquals(problemsOf(bad), ["F:3:1: not UTF-8"]);
  assertEquals(problemsOf(Uint8Array.of(0xc3)), ["F:1:1: not UTF-8"]);
});

Deno.test("loadDefinition refuses a client with the key of another role", () => {
  const server = { owner: "the server", publicKey: keyPair("app").publicKey };
  const file = utf8(`[web]\nid = "${WEB}"\n[app]\nid = "${APP}"\n`);
  const fault = assertThrows(() => loadDefinition(file, { otherKeys: [server] }), CofferFault);
  assertEquals(fault.problems, [{ line: 4, column: 6, reason: "id is the key of the server" }]);
});

Deno.test("loadDefinition reads 10,000 shards with 100,000 entries", () => {
  const shards = Array.from({ length: 10_000 }, (_, index) => {
    const id = (BigInt(index) * 7919n + 2n ** 200n).toString(16).padStart(64, "0");
    const entries = Array.from({ length: 10 }, (_, entry) => `KEY_${entry} = "value ${entry}"\n`);
    return `[s${index}]\nid = "${id}"\n${entries.join("")}`;
  });
  const { clients } = loadDefinition(utf8(shards.join("")));
  assertEquals(clients.length, 10_000);
  assertEquals(clients.at(-1)?.entries.size, 10);
});
