import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CofferFault,
  convertDefinition,
  formatId,
  formatProblem,
  loadDefinition,
} from "../../../../lib/coffer/mod.ts";
import { keyPair, readVectors, utf8 } from "../../../support/coffer.ts";

const APP = formatId(keyPair("app").publicKey);
const WEB = formatId(keyPair("web").publicKey);
const DB = formatId(keyPair("db").publicKey);

Deno.test("convertDefinition rewrites the seed's shape into the original's", () => {
  const toml = `[clients]
file = "${APP.toLowerCase()}"
"with blank" = "${WEB}"
[clients.inner]
id = "${DB}"
I = 0x10
[file]
secretkey = "secret value"
B = true
F = 1e3
"dotted.key" = 'C:\\no\\escape'
["with blank"]
M = """
two
lines\\u007f\t"""
`;
  const { toml: converted, warnings } = convertDefinition(loadDefinition(utf8(toml)));
  assertEquals(
    converted,
    `[file]
id = "${APP}"
secretkey = "secret value"
B = true
F = 1000.0
"dotted.key" = "C:\\\\no\\\\escape"

["with blank"]
id = "${WEB}"
M = "two\\nlines\\u007f\\t"

[clients.inner]
id = "${DB}"
I = 16
`,
  );
  assertEquals(warnings.map((warning) => formatProblem("F", warning)), [
    'F:13:1: "M": white space at an end of the value will be cut off',
  ]);
});

Deno.test("convertDefinition: what it writes loads as the same clients and values", () => {
  const { cases } = readVectors<
    {
      readonly cases: readonly {
        readonly toml?: string;
        readonly serverStarts: boolean;
        readonly ours: { readonly outcome: string };
      }[];
    }
  >("definition-cases.json");
  let converted = 0;
  for (const { toml, ours, serverStarts } of cases) {
    if (toml === undefined || ours.outcome !== "accept" || !serverStarts) continue;
    const before = loadDefinition(utf8(toml));
    if (before.clients.some(({ entries }) => entries.size === 0)) continue;
    if (toml.includes("0xDEADBEEF")) continue;
    const after = loadDefinition(utf8(convertDefinition(before).toml));
    const content = (loaded: typeof before) =>
      loaded.clients.map(({ publicKey, path, entries }) => [
        formatId(publicKey),
        path,
        [...entries].map(([key, { value }]) => [key, value]),
      ]);
    assertEquals(content(after), content(before));
    converted++;
  }
  assert(converted > 8);
});

Deno.test("convertDefinition refuses what the original distorts or dies of, all at once", () => {
  const toml = `[clients]
idle = "${WEB}"
[a]
id = "${APP}"
DATE = 1979-05-27
BIG = 2147483648
LOW = -2147483649
EDGE = -2147483648
TENTH = 0.1
HALF = 0.5
NAN = nan
HUGE = 1e300
"A=B" = "canary"
" " = "canary"
NUL = "canary\\u0000"
`;
  const fault = assertThrows(() => convertDefinition(loadDefinition(utf8(toml))), CofferFault);
  assertEquals(fault.problems.map((problem) => formatProblem("F", problem)), [
    "F:2:1: client without entries would end the server",
    'F:5:1: "DATE": dates stop the server from starting',
    'F:6:1: "BIG": integer would be cut to 32 bits',
    'F:7:1: "LOW": integer would be cut to 32 bits',
    'F:9:1: "TENTH": float would be rounded to 32 bits',
    'F:12:1: "HUGE": float would be rounded to 32 bits',
    'F:13:1: "A=B": equals sign or NUL in the name would end the client',
    'F:14:1: " ": blank name would end the client',
    'F:15:1: "NUL": NUL in the value would end the client',
  ]);
  assert(!JSON.stringify(fault.problems).includes("canary"));
});

Deno.test("convertDefinition: a file that is one shard stays one", () => {
  const { toml } = convertDefinition(loadDefinition(utf8(`id = "${APP}"\nA = "x"\n`)));
  assertEquals(toml, `id = "${APP}"\nA = "x"\n`);
});
