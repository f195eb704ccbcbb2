import { parse as parseWithStd } from "@std/toml/parse";
import { parse as parseWithSmol } from "smol-toml";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseToml, TomlFault, type TomlNode, type TomlTable } from "../../../lib/toml/mod.ts";

/** The plain values, for comparing: tables as objects, integers as bigint, dates as literals. */
function plain(node: TomlNode): unknown {
  switch (node.kind) {
    case "table":
      return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plain(entry.node)]));
    case "array":
      return node.items.map(plain);
    case "string":
    case "integer":
    case "float":
    case "boolean":
      return node.value;
    case "invalid":
      return node.reason;
    default:
      return node.raw;
  }
}

function entry(table: TomlTable, ...path: string[]): { at: string; node: TomlNode } {
  let found = table.entries.get(path[0] ?? "");
  for (const key of path.slice(1)) {
    assert(found?.node.kind === "table");
    found = found.node.entries.get(key);
  }
  assert(found !== undefined, path.join("."));
  const { line, column } = found.at;
  return { at: `${line}:${column}`, node: found.node };
}

const EVERYTHING = `# comment
title = "x" # behind a value
'quoted' = 'C:\\no\\escape'
"dotted.key" = """
first
second \\
   third"""
a.b.c = 1
[server] # header
on = true
ratio = 1.5e3
when = 1979-05-27T07:32:00Z
inline = { x = 1, y.z = [1, 2,
  3] }
[server.deep.er]
k = 0xff
[[list]]
n = 1
[[list]]
n = 2
[list.sub]
m = 3
`;

Deno.test("parseToml merges headers, dotted keys and inline tables in the order written", () => {
  const root = parseToml(EVERYTHING);
  assertEquals(plain(root), {
    title: "x",
    quoted: "C:\\no\\escape",
    "dotted.key": "first\nsecond third",
    a: { b: { c: 1n } },
    server: {
      on: true,
      ratio: 1500,
      when: "1979-05-27T07:32:00Z",
      inline: { x: 1n, y: { z: [1n, 2n, 3n] } },
      deep: { er: { k: 255n } },
    },
    list: [{ n: 1n }, { n: 2n, sub: { m: 3n } }],
  });
  assertEquals([...root.entries.keys()], ["title", "quoted", "dotted.key", "a", "server", "list"]);
});

Deno.test("parseToml keeps integer-like keys in the order written", () => {
  assertEquals([...parseToml("10 = 1\n2 = 2\n1 = 3\n").entries.keys()], ["10", "2", "1"]);
});

Deno.test("parseToml says where keys and values stand", () => {
  const root = parseToml(EVERYTHING);
  const places: [string[], string, string][] = [
    [["title"], "2:1", "2:9"],
    [["a"], "8:1", "8:1"],
    [["a", "b", "c"], "8:5", "8:9"],
    [["server"], "9:2", "9:2"],
    [["server", "inline", "y", "z"], "13:21", "13:25"],
    [["server", "deep", "er"], "15:14", "15:14"],
  ];
  for (const [path, key, value] of places) {
    const found = entry(root, ...path);
    assertEquals(found.at, key, path.join("."));
    assertEquals(`${found.node.at.line}:${found.node.at.column}`, value, path.join("."));
  }
});

Deno.test("parseToml keeps literals as written", () => {
  const literals = [
    "0xDEAD_beef",
    "+1_000",
    "-0.0",
    "1e06",
    "nan",
    "1979-05-27 07:32:00.50z",
    "07:32:00",
    '"a\\u0041"',
    "'''x'''",
  ];
  for (const literal of literals) {
    const { node } = entry(parseToml(`k = ${literal} # end`), "k");
    assertEquals("raw" in node ? node.raw : undefined, literal);
  }
});

Deno.test("parseToml keeps integers exact to the edge of 64 bits and says what is beyond", () => {
  const root = parseToml(
    "a = 9223372036854775807\nb = -9223372036854775808\nc = 9223372036854775808\n" +
      "d = -9223372036854775809\ne = 0x8000000000000000\nf = 9007199254740993\n",
  );
  assertEquals(plain(root), {
    a: 2n ** 63n - 1n,
    b: -(2n ** 63n),
    c: "integer beyond 64 bits",
    d: "integer beyond 64 bits",
    e: "integer beyond 64 bits",
    f: 9007199254740993n,
  });
});

Deno.test("parseToml skips a byte-order mark and does not count it", () => {
  assertEquals(entry(parseToml("\uFEFFa = 1"), "a").at, "1:1");
  const fault = assertThrows(() => parseToml("\uFEFF\uFEFFa = 1"), TomlFault);
  assertEquals(fault.at, { line: 1, column: 1 });
});

Deno.test("parseToml reads CRLF and makes line ends inside strings LF", () => {
  assertEquals(plain(parseToml('a = """x\r\ny"""\r\nb = 1\r\n')), { a: "x\ny", b: 1n });
});

Deno.test("parseToml keeps names that objects have anyway", () => {
  const root = parseToml("__proto__ = 1\n[constructor]\ntoString = 2\n");
  assertEquals([...root.entries.keys()], ["__proto__", "constructor"]);
});

const REFUSED: readonly (readonly [string, string, string])[] = [
  ["a bare word as value", "a = canary", "1:5: unexpected character"],
  ["an unterminated string", 'a = "canary', "1:12: string without an end"],
  ["an unterminated array", 'a = ["canary"', "1:14: array without an end"],
  ["a missing value", "a =\n", "2:1: value is missing"],
  ["a missing equals sign", "canary", "1:7: equals sign is missing"],
  ["two values on a line", 'a = 1 b = "canary"', "1:7: line should end here"],
  ["a key twice", 'a = 1\na = "canary"', "2:1: key or table is defined twice"],
  ["a table twice", "[a]\n[a]\n", "2:2: key or table is defined twice"],
  ["a table that is a value", "a = 1\n[a.b]\n", "2:2: key or table is defined twice"],
  ["an inline table extended", "a = {}\n[a.b]\n", "2:2: key or table is defined twice"],
  ["an array of tables that is a table", "[a]\n[[a]]\n", "2:3: key or table is defined twice"],
  ["a dotted key into a header's table", "[a.b]\n[a]\nb.c = 1\n", "3:1: key or table is defined"],
  ["a comma at the end of an inline table", "a = {b = 1,}", "1:12: comma at the end"],
  ["a line end in an inline table", "a = {b = 1,\nc = 2}", "2:1: line end in an inline table"],
  ["an escape of TOML 1.1", 'a = "canary\\e"', "escape that TOML does not know"],
  ["a surrogate as escape", 'a = "\\uD800"', "not TOML"],
  ["a control character", 'a = "canary\u0001"', "control character"],
  ["a lone carriage return", "a = 1 # x\rb = 2\n", "1:10: carriage return without line feed"],
  ["a leading zero", "a = 0123", "number with a leading zero"],
  ["a date that does not exist", "a = 2021-02-30", "date that is not in the calendar"],
  ["an hour that does not exist", "a = 24:00:00", "time that is not on the clock"],
  ["a time without seconds", "a = 07:32", "unexpected character"],
  ["JSON", '{"a": "canary"}', "1:1: unexpected word or sign"],
  ["deep nesting", `a = ${"[".repeat(101)}${"]".repeat(101)}`, "1:105: values are nested too"],
  ["very deep nesting", `a = ${"{a=".repeat(100_000)}`, "values are nested too deeply"],
  ["a number of a million digits", `a = ${"1".repeat(1_000_000)}`, "1:5: a bare key or number"],
];

Deno.test("parseToml refuses what is not TOML 1.0, with place and reason and nothing else", async (t) => {
  for (const [name, source, expected] of REFUSED) {
    await t.step(name, () => {
      const fault = assertThrows(() => parseToml(source), TomlFault);
      const said = `${fault.at.line}:${fault.at.column}: ${fault.reason}`;
      assert(said.includes(expected), said);
      assertEquals(
        fault.message,
        `Cannot read TOML: line ${fault.at.line}, column ${fault.at.column}: ${fault.reason}`,
      );
      assert(!fault.message.includes("canary"));
    });
  }
});

// Everything that all three readers understand alike; what they disagree on is listed in
// the tests above.
const AGREED = `
title = "TOML \\"quoted\\" \\u00e9 \\t"
lit = 'a\\b'
multi = """
one
two\\
   three"""
multilit = '''
raw\\n
'''
int = 42
neg = -17
under = 1_000
hex = 0xff
oct = 0o755
bin = 0b101
flt = 3.25
exp = 1e3
yes = true
no = false
list = [1, 2, 3]
nested = [["a"], ["b", "c"]]
day = 1979-05-27
empty = ""
"quoted key" = 1
'lit key' = 2
a.b.c = "dotted"
inline = {x = 1, y = "two"}
[table]
k = "v"
[table.sub.deep]
k = "w"
[[tables]]
n = 1
[[tables]]
n = 2
`;

function comparable(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, comparable(held)]));
  }
  return typeof value === "bigint" ? Number(value) : value;
}

Deno.test("parseToml agrees with smol-toml and the standard library on common input", () => {
  const ours = comparable(plain(parseToml(AGREED)));
  assertEquals(comparable(parseWithSmol(AGREED)), ours);
  assertEquals(comparable(parseWithStd(AGREED)), ours);
});

// The standard library takes four digits of this escape.
Deno.test("parseToml agrees with smol-toml on escapes of eight digits", () => {
  const source = 'a = "\\U0001F600"';
  assertEquals(plain(parseToml(source)), { ...parseWithSmol(source) });
});

Deno.test("parseToml agrees with smol-toml on 64-bit integers", () => {
  const source = "a = 9007199254740993\nb = -9223372036854775808\n";
  assertEquals(plain(parseToml(source)), { ...parseWithSmol(source, { integersAsBigInt: true }) });
});
