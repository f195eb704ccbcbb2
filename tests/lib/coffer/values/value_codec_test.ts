import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { decodeCbor, encodeCbor } from "../../../../lib/cbor/mod.ts";
import {
  decodeValue,
  DESIGN_ENCODING,
  encodeValue,
  EXACT_ENCODING,
  formatValue,
  loadDefinition,
  type SecretValue,
  trimWhiteSpace,
} from "../../../../lib/coffer/mod.ts";
import { readVectors, utf8 } from "../../../support/coffer.ts";

interface ValueVector {
  readonly key: string;
  readonly toml: string;
  readonly type: SecretValue["type"];
  readonly originalServerHex: string | null;
  readonly exactHex: string;
  readonly designHex?: string;
  readonly originalClientEnvWithExact: string | null;
}

const { values } = readVectors<{ readonly values: readonly ValueVector[] }>("values.json");

/** The value that a definition gives the literal. */
function load(literal: string): SecretValue {
  const toml =
    `id = "8F40C5ADB68F25624AE5B214EA767A6EC94D829D3D7B5E1AD1BA6F3E2138285F"\nk = ${literal}\n`;
  const [client] = loadDefinition(utf8(toml)).clients;
  const value = client?.entries.get("k")?.value;
  assert(value !== undefined);
  return value;
}

function decode(hex: string): SecretValue | string {
  const decoded = decodeValue(decodeCbor(decodeHex(hex)));
  return "value" in decoded ? decoded.value : decoded.reason;
}

Deno.test("encodeValue: every literal of the vectors in both encodings, and back", async (t) => {
  assertEquals(values.length, 47);
  for (const vector of values) {
    await t.step(vector.key, () => {
      const value = load(vector.toml);
      const designHex = vector.designHex ?? vector.exactHex;
      assertEquals(value.type, vector.type);
      assertEquals(encodeHex(encodeCbor(encodeValue(value, EXACT_ENCODING))), vector.exactHex);
      assertEquals(encodeHex(encodeCbor(encodeValue(value, DESIGN_ENCODING))), designHex);
      assertEquals(decode(vector.exactHex), value);
      assertEquals(decode(designHex), value);
      if (vector.originalClientEnvWithExact !== null) {
        assertEquals(trimWhiteSpace(formatValue(value)), vector.originalClientEnvWithExact);
      }
      if (vector.originalServerHex !== null) {
        assert(typeof decode(vector.originalServerHex) !== "string");
      }
    });
  }
});

Deno.test("encodeValue: either feature alone", () => {
  const big: SecretValue = { type: "Integer", value: 2n ** 40n };
  const day: SecretValue = { type: "Date", value: "1979-05-27" };
  const onlyInt = { int64: true, dates: false };
  const onlyDate = { int64: false, dates: true };
  assertEquals(encodeValue(big, onlyInt), encodeValue(big, DESIGN_ENCODING));
  assertEquals(encodeValue(big, onlyDate), encodeValue(big, EXACT_ENCODING));
  assertEquals(encodeValue(day, onlyInt), encodeValue(day, EXACT_ENCODING));
  assertEquals(encodeValue(day, onlyDate), encodeValue(day, DESIGN_ENCODING));
});

const text = (value: string) => encodeHex(encodeCbor({ type: "text", value }));
const STRING = `a1${text("String")}`;
const INTEGER = `a1${text("Integer")}`;
const FLOAT = `a1${text("Float")}`;
const BOOLEAN = `a1${text("Boolean")}`;
const DATE = `a1${text("Date")}`;
const COFI = "da636f6669";
const COFD = "da636f6664";

const ACCEPTED: Record<string, [string, SecretValue]> = {
  "a variant as an array": [`82${text("String")}${text("x")}`, { type: "String", value: "x" }],
  "an indefinite array": [`9f${text("String")}${text("x")}ff`, { type: "String", value: "x" }],
  "an index in a map": [`a100${text("x")}`, { type: "String", value: "x" }],
  "an index in an array": ["8203f5", { type: "Boolean", value: true }],
  "index 4": [`8204${text("07:32:00")}`, { type: "Date", value: "07:32:00" }],
  "an index longer than needed": [`a11800${text("x")}`, { type: "String", value: "x" }],
  "bytes for a text": [`${STRING}4178`, { type: "String", value: "x" }],
  "an indefinite text": [`${STRING}7f61786179ff`, { type: "String", value: "xy" }],
  "unknown tags, nested": [`${STRING}c1d9d9f7${text("x")}`, { type: "String", value: "x" }],
  "known tags, nested: none of them counts": [`${STRING}c0c0${text("x")}`, {
    type: "String",
    value: "x",
  }],
  "a tag in front of an integer": [`${INTEGER}c105`, { type: "Integer", value: 5n }],
  "a known tag in front of an integer": [`${INTEGER}${COFI}05`, { type: "Integer", value: 5n }],
  "a tag in front of a truth value": [`${BOOLEAN}c1f4`, { type: "Boolean", value: false }],
  "an integer for a float": [`${FLOAT}03`, { type: "Float", value: 3 }],
  "a negative integer for a float": [`${FLOAT}22`, { type: "Float", value: -3 }],
  "an integer longer than needed": [`${INTEGER}1b0000000000000001`, { type: "Integer", value: 1n }],
  "the smallest integer": [`${INTEGER}3b7fffffffffffffff`, {
    type: "Integer",
    value: -(2n ** 63n),
  }],
  "decimal zero": [`${STRING}${COFI}${text("0")}`, { type: "Integer", value: 0n }],
  "decimal minus zero": [`${STRING}${COFI}${text("-0")}`, { type: "Integer", value: 0n }],
  "Date behind tag 0": [`${DATE}c0${text("2020-01-19T13:55:46Z")}`, {
    type: "Date",
    value: "2020-01-19T13:55:46Z",
  }],
  "Date behind tag 1004": [`${DATE}d903ec${text("2020-01-19")}`, {
    type: "Date",
    value: "2020-01-19",
  }],
};

Deno.test("decodeValue takes every form of the original client and ours", async (t) => {
  for (const [name, [hex, value]] of Object.entries(ACCEPTED)) {
    await t.step(name, () => assertEquals(decode(hex), value));
  }
});

const decimal = (digits: string) => `${STRING}${COFI}${text(digits)}`;
const REFUSED: Record<string, string> = {
  "an indefinite map": `bf${text("String")}${text("x")}ff`,
  "a map of two": `a2${text("String")}${text("x")}${text("Integer")}00`,
  "an empty map": "a0",
  "bare text": text("x"),
  "an array of three": `83${text("String")}${text("x")}${text("x")}`,
  "a tag around the map": `c1${STRING}${text("x")}`,
  "an unknown variant": `a1${text("Bytes")}4178`,
  "an unknown index": `a105${text("x")}`,
  "a negative index": `a120${text("x")}`,
  "a float for an integer": `${INTEGER}f93c00`,
  "2^63": `${INTEGER}1b8000000000000000`,
  "-2^63 - 1": `${INTEGER}3b8000000000000000`,
  "text for an integer": `${INTEGER}${text("5")}`,
  "text for a float": `${FLOAT}${text("1.5")}`,
  "a number for a truth value": `${BOOLEAN}01`,
  "null for a text": `${STRING}f6`,
  "bytes that are no UTF-8": `${STRING}41ff`,
  "decimal nothing": decimal(""),
  "decimal in hexadecimal": decimal("0x10"),
  "decimal with blanks": decimal(" 7 "),
  "decimal with a plus": decimal("+7"),
  "decimal with a leading zero": decimal("007"),
  "decimal 2^63": decimal("9223372036854775808"),
  "decimal -2^63 - 1": decimal("-9223372036854775809"),
  "decimal of twenty digits": decimal("10000000000000000000"),
  "a day that does not exist": `${STRING}d903ec${text("2021-02-30")}`,
  "a local time under tag 0": `${STRING}c0${text("07:32:00")}`,
  "a date and time under tag 1004": `${STRING}d903ec${text("1979-05-27T07:32:00Z")}`,
  "a date under the tag of local times": `${STRING}${COFD}${text("1979-05-27")}`,
  "a blank between date and time": `${STRING}${COFD}${text("1979-05-27 07:32:00")}`,
  "Date with any text": `${DATE}${text("today")}`,
  "Date under the tag of integers": `${DATE}${COFI}${text("7")}`,
  "Date with a number": `${DATE}00`,
};

Deno.test("decodeValue refuses the rest without quoting it", async (t) => {
  for (const [name, hex] of Object.entries(REFUSED)) {
    await t.step(name, () => {
      const reason = decode(hex);
      assert(typeof reason === "string", JSON.stringify(reason, (_, held) => String(held)));
    });
  }
});
