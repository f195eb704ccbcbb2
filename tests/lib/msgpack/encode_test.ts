import { assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { decode as decodeStd, type ValueType } from "@std/msgpack/decode";
import { encode as encodeStd } from "@std/msgpack/encode";
import { decode as decodeOther, encode as encodeOther } from "@msgpack/msgpack";
import { encodeMsgpack, MsgpackFault, type MsgpackValue } from "../../../lib/msgpack/mod.ts";

const SHORTEST: readonly (readonly [MsgpackValue, string])[] = [
  [0, "00"],
  [-0, "00"],
  [127, "7f"],
  [128, "cc80"],
  [255, "ccff"],
  [256, "cd0100"],
  [65535, "cdffff"],
  [65536, "ce00010000"],
  [4294967295, "ceffffffff"],
  [4294967296, "cf0000000100000000"],
  [9007199254740991, "cf001fffffffffffff"],
  [5n, "05"],
  [4294967295n, "ceffffffff"],
  [18446744073709551615n, "cfffffffffffffffff"],
  [-1, "ff"],
  [-32, "e0"],
  [-33, "d0df"],
  [-128, "d080"],
  [-32768, "d18000"],
  [-2147483648, "d280000000"],
  [-2147483649, "d3ffffffff7fffffff"],
  [-9223372036854775808n, "d38000000000000000"],
  [null, "c0"],
  [false, "c2"],
  [true, "c3"],
  ["", "a0"],
  ["Ping", "a450696e67"],
  ["\u00e9", "a2c3a9"],
  [[1, ["a"]], "920191a161"],
  [{ Cancel: 7 }, "81a643616e63656c07"],
  [{ b: null, a: [] }, "82a162c0a16190"],
];

Deno.test("encodeMsgpack: the shortest form, which both other decoders read back", async (t) => {
  for (const [value, hex] of SHORTEST) {
    await t.step(hex, () => {
      const bytes = encodeMsgpack(value);
      assertEquals(encodeHex(bytes), hex);
      const expected = JSON.stringify(value, plain);
      assertEquals(JSON.stringify(decodeStd(bytes), plain), expected);
      assertEquals(JSON.stringify(decodeOther(bytes, { useBigInt64: true }), plain), expected);
    });
  }
});

Deno.test("encodeMsgpack: long texts, lists and maps as the other encoder writes them", () => {
  const values: MsgpackValue[] = [
    ...[31, 32, 255, 256, 65535, 65536].map((length) => "x".repeat(length)),
    ...[15, 16, 65535, 65536].map((length) => Array.from({ length }, () => null)),
    ...[15, 16, 65536].map((length) =>
      Object.fromEntries(Array.from({ length }, (_, i) => [`k${i}`, i]))
    ),
  ];
  for (const value of values) {
    assertEquals(encodeHex(encodeMsgpack(value)), encodeHex(encodeOther(value)));
  }
});

Deno.test("encodeMsgpack: the care is needed, the package alone writes a float and nine bytes", () => {
  assertEquals(encodeHex(encodeStd(4294967296)), "cb41f0000000000000");
  assertEquals(encodeHex(encodeStd(5n)), "cf0000000000000005");
});

Deno.test("encodeMsgpack: refuses what has no exact form", () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [1.5, "range"],
    [NaN, "range"],
    [Infinity, "range"],
    [2 ** 53, "range"],
    [1n << 64n, "range"],
    [-(1n << 63n) - 1n, "range"],
    ["\ud800", "range"],
    [{ "\udfff": 1 }, "range"],
    [undefined, "type"],
    [[undefined], "type"],
    [new Uint8Array(1), "type"],
    [new Date(), "type"],
    [new Map([["a", 1]]), "type"],
    [() => 1, "type"],
    [Symbol("a"), "type"],
  ];
  for (const [value, code] of wrong) {
    const fault = assertThrows(() => encodeMsgpack(value as MsgpackValue), MsgpackFault);
    assertEquals(fault.code, code, String(value));
  }
});

Deno.test("encodeMsgpack: nests as deep as a reader takes, and no deeper", () => {
  const nested = (levels: number): MsgpackValue => levels === 0 ? [] : [nested(levels - 1)];
  assertEquals(encodeHex(encodeMsgpack(nested(15))), "91".repeat(15) + "90");
  assertEquals(assertThrows(() => encodeMsgpack(nested(16)), MsgpackFault).code, "depth");
  assertEquals(encodeHex(encodeMsgpack(nested(1), 2)), "9190");
  assertEquals(assertThrows(() => encodeMsgpack(nested(2), 2), MsgpackFault).code, "depth");
});

Deno.test("encodeMsgpack: a key named like the prototype is a key", () => {
  const value = JSON.parse('{"__proto__": 1}');
  assertEquals(encodeHex(encodeMsgpack(value)), "81a95f5f70726f746f5f5f01");
});

/** For comparing what JSON cannot hold. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value as ValueType;
}
