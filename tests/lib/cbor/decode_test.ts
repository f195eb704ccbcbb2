import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  CborFault,
  type CborItem,
  decodeCbor,
  encodeCbor,
  MAX_DEPTH,
} from "../../../lib/cbor/mod.ts";

const integer = (value: bigint): CborItem => ({ type: "integer", value });
const float = (value: number): CborItem => ({ type: "float", value });
const text = (value: string): CborItem => ({ type: "text", value });
const bytes = (hex: string): CborItem => ({ type: "bytes", value: decodeHex(hex) });
const array = (...items: CborItem[]): CborItem => ({ type: "array", items });

// Examples of RFC 8949 appendix A: shortest forms, which must come back from the encoder.
const SHORTEST: readonly (readonly [string, CborItem])[] = [
  ["00", integer(0n)],
  ["17", integer(23n)],
  ["1818", integer(24n)],
  ["1903e8", integer(1000n)],
  ["1a000f4240", integer(1000000n)],
  ["1b000000e8d4a51000", integer(1000000000000n)],
  ["1bffffffffffffffff", integer(18446744073709551615n)],
  ["20", integer(-1n)],
  ["3903e7", integer(-1000n)],
  ["3bffffffffffffffff", integer(-18446744073709551616n)],
  ["f90000", float(0)],
  ["f98000", float(-0)],
  ["f93c00", float(1)],
  ["fb3ff199999999999a", float(1.1)],
  ["f97bff", float(65504)],
  ["fa47c35000", float(100000)],
  ["fa7f7fffff", float(3.4028234663852886e38)],
  ["fb7e37e43c8800759c", float(1e300)],
  ["f90001", float(5.960464477539063e-8)],
  ["f9c400", float(-4)],
  ["f97c00", float(Infinity)],
  ["f9fc00", float(-Infinity)],
  ["f97e00", float(NaN)],
  ["f4", { type: "boolean", value: false }],
  ["f5", { type: "boolean", value: true }],
  ["f6", { type: "null" }],
  ["c074323031332d30332d32315432303a30343a30305a", {
    type: "tag",
    number: 0n,
    item: text("2013-03-21T20:04:00Z"),
  }],
  ["d9d9f780", { type: "tag", number: 55799n, item: array() }],
  ["40", bytes("")],
  ["4401020304", bytes("01020304")],
  ["60", text("")],
  ["62c3bc", text("ü")],
  ["64f0908591", text("\u{10151}")],
  ["83010203", array(integer(1n), integer(2n), integer(3n))],
  [
    "8301820203820405",
    array(
      integer(1n),
      array(integer(2n), integer(3n)),
      array(integer(4n), integer(5n)),
    ),
  ],
  ["a26161016162820203", {
    type: "map",
    pairs: [[text("a"), integer(1n)], [text("b"), array(integer(2n), integer(3n))]],
  }],
];

// Other forms of the same things, which are read but never written.
const LONGER: readonly (readonly [string, CborItem])[] = [
  ["1b0000000000000001", integer(1n)],
  ["1800", integer(0n)],
  ["fa3f800000", float(1)],
  ["fb3ff0000000000000", float(1)],
  ["5f42010243030405ff", bytes("0102030405")],
  ["7f657374726561646d696e67ff", text("streaming")],
  ["9fff", array()],
  [
    "9f018202039f0405ffff",
    array(
      integer(1n),
      array(integer(2n), integer(3n)),
      array(integer(4n), integer(5n)),
    ),
  ],
  ["bf61610161629f0203ffff", {
    type: "map",
    pairs: [[text("a"), integer(1n)], [text("b"), array(integer(2n), integer(3n))]],
    indefinite: true,
  }],
];

const REFUSED: readonly (readonly [string, string, string])[] = [
  ["nothing", "", "0 are left"],
  ["a truncated head", "19", "are left"],
  ["a truncated text", "6261", "length beyond the end"],
  ["trailing bytes", "0000", "1 bytes after the item"],
  ["a reserved head", "1c", "reserved head"],
  ["a break alone", "ff", "out of place"],
  ["undefined", "f7", "out of place"],
  ["a simple value", "f8ff", "out of place"],
  ["text that is not UTF-8", "62c328", "not UTF-8"],
  ["a surrogate in UTF-8", "63eda080", "not UTF-8"],
  ["a character split between chunks", "7f61c361bcff", "not UTF-8"],
  ["a chunk of another type", "7f4161ff", "chunk of another type"],
  ["an indefinite chunk", "7f7f6161ffff", "chunk of another type"],
  ["an indefinite integer", "1f", "no indefinite form"],
  ["an indefinite tag", "df", "no indefinite form"],
  ["a missing break", "9f01", "are left"],
  ["a map that breaks after a key", "bf00ff", "out of place"],
  ["an array of 2^64 - 1", "9bffffffffffffffff", "length beyond the end"],
  ["bytes of 2^63", "5b8000000000000000", "length beyond the end"],
  ["a map of 2^32 - 1", "baffffffff", "length beyond the end"],
];

Deno.test("decodeCbor reads each shortest form and encodeCbor writes it back", async (t) => {
  for (const [hex, item] of SHORTEST) {
    await t.step(hex, () => {
      assertEquals(decodeCbor(decodeHex(hex)), item);
      assertEquals(encodeHex(encodeCbor(item)), hex);
    });
  }
});

Deno.test("decodeCbor reads longer and indefinite forms", async (t) => {
  for (const [hex, item] of LONGER) {
    await t.step(hex, () => assertEquals(decodeCbor(decodeHex(hex)), item));
  }
});

Deno.test("decodeCbor refuses everything else with its own fault", async (t) => {
  for (const [name, hex, message] of REFUSED) {
    await t.step(name, () => {
      assertThrows(() => decodeCbor(decodeHex(hex)), CborFault, message);
    });
  }
});

Deno.test("decodeCbor refuses every truncation of a nested item", () => {
  const whole = decodeHex("a26161016162820203");
  for (let end = 0; end < whole.length; end++) {
    assertThrows(() => decodeCbor(whole.subarray(0, end)), CborFault);
  }
});

Deno.test("decodeCbor limits the depth of arrays and of tags", () => {
  for (const head of [0x81, 0xc0]) {
    const nested = (depth: number) => Uint8Array.of(...Array(depth).fill(head), 0);
    assertEquals(decodeCbor(nested(MAX_DEPTH)).type, head === 0x81 ? "array" : "tag");
    assertThrows(() => decodeCbor(nested(MAX_DEPTH + 1)), CborFault, "nested too deeply");
    assertThrows(() => decodeCbor(new Uint8Array(100_000).fill(head)), CborFault, "too deeply");
  }
});

Deno.test("decodeCbor limits the number of items, chunks included", () => {
  const many = new Uint8Array(1_000_002);
  many[0] = 0x9f;
  assertThrows(() => decodeCbor(many), CborFault, "more than 1000000 items");
  const chunks = new Uint8Array(1_000_002).fill(0x60);
  chunks[0] = 0x7f;
  assertThrows(() => decodeCbor(chunks), CborFault, "more than 1000000 items");
});

Deno.test("decodeCbor copies byte strings, so that the input may be reused", () => {
  const input = Uint8Array.of(0x41, 7);
  const item = decodeCbor(input);
  input[1] = 8;
  assertEquals(item, bytes("07"));
});

Deno.test("decodeCbor takes no memory for what nested lengths claim", () => {
  const input = new Uint8Array(16 * 1024 * 1024);
  const claim = new DataView(input.buffer);
  for (let level = 0; level < MAX_DEPTH; level++) {
    input[5 * level] = 0x9a;
    claim.setUint32(5 * level + 1, input.length - 5 * (level + 1));
  }
  input.fill(0xf6, 5 * MAX_DEPTH);
  const before = Deno.memoryUsage().rss;
  assertThrows(() => decodeCbor(input), CborFault, "more than 1000000 items");
  assertEquals(Deno.memoryUsage().rss - before < 500_000_000, true);
});
