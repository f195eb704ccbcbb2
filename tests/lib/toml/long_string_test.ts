import { parse as parseWithSmol } from "smol-toml";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseToml, TomlFault, type TomlTable } from "../../../lib/toml/mod.ts";

const LONG = "0123456789abcdef".repeat(20_000); // 320,000 characters
const LINES = "0123456789abcdef\n".repeat(20_000);

function text(root: TomlTable, key: string): string {
  const node = root.entries.get(key)?.node;
  assert(node?.kind === "string");
  return node.value;
}

const FORMS: Record<string, string> = {
  "basic": `"${LONG}"`,
  "literal": `'${LONG}'`,
  "multi-line basic": `"""${LINES}"""`,
  "multi-line basic after a line end": `"""\n${LINES}"""`,
  "multi-line basic with empty lines in front": `"""\n\n\n${LONG}"""`,
  "multi-line basic on one line": `"""${LONG}"""`,
  "multi-line literal": `'''\n${LINES}'''`,
  "multi-line literal with a backslash at the front": `'''\\n${LINES}'''`,
  "with escapes": `"${LONG}\\t\\\\\\"\\u00e9\\U0001F600${LONG}"`,
  "with an escaped carriage return before a line end": `"""${LONG}\\r\n${LONG}"""`,
  "with backslashes at line ends": `"""${LONG}\\\n\n   ${LONG}\\  \n x"""`,
  "with quotes inside": `"""${LONG}""x"${LONG}"""`,
  "ending in two quotes of its own": `"""${LINES}"""""`,
  "with CRLF": `"""\r\n${LINES.replaceAll("\n", "\r\n")}"""`,
};

Deno.test("parseToml reads strings of any length, as smol-toml does", async (t) => {
  for (const [name, literal] of Object.entries(FORMS)) {
    await t.step(name, () => {
      const source = `before = 1\nlong = ${literal} # comment\nafter = "x"\n`;
      const root = parseToml(source);
      const others = String(parseWithSmol(source)["long"]);
      const expected = name === "with CRLF" ? others.replaceAll("\r\n", "\n") : others;
      assertEquals(text(root, "long") === expected, true);
      assertEquals(text(root, "after"), "x");
      assertEquals(root.entries.get("after")?.at.column, 1);
      assertEquals(root.entries.get("after")?.at.line, source.slice(0, -2).split("\n").length);
      const node = root.entries.get("long")?.node;
      assert(node !== undefined && "raw" in node);
      assertEquals(node.raw === literal, true);
    });
  }
});

Deno.test("parseToml reads several long strings in one line", () => {
  const root = parseToml(`a = ["${LONG}", '${LONG}x', "short"]\n`);
  const node = root.entries.get("a")?.node;
  assert(node?.kind === "array");
  const values = node.items.map((item) => item.kind === "string" ? item.value.length : -1);
  assertEquals(values, [LONG.length, LONG.length + 1, 5]);
});

Deno.test("parseToml refuses in a long string what it refuses in a short one", async (t) => {
  const cases: [string, string, string][] = [
    [
      "unknown escape",
      `a = "${LONG}\\x41"`,
      `1:${LONG.length + 6}: escape that TOML does not know`,
    ],
    ["surrogate", `a = "${LONG}\\ud800"`, `1:${LONG.length + 6}: escape that TOML does not know`],
    ["beyond Unicode", `a = "${LONG}\\U00110000"`, "escape that TOML does not know"],
    ["control character", `a = """\n${LONG}\u0000"""`, `2:${LONG.length + 1}: control character`],
    ["line end", `a = "${LONG}\n"`, "string without an end"],
    ["no end", `a = """${LONG}`, "string without an end"],
    ["as a key", `"${LONG}" = 1`, "1:1: key is too long"],
  ];
  for (const [name, source, expected] of cases) {
    await t.step(name, () => {
      const fault = assertThrows(() => parseToml(source), TomlFault);
      const said = `${fault.at.line}:${fault.at.column}: ${fault.reason}`;
      assert(said.includes(expected), said);
    });
  }
});
