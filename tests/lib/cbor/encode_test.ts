import { Encoder } from "cbor-x/encode";
import { assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { type CborItem, encodeCbor } from "../../../lib/cbor/mod.ts";

const INT64 = [0n, 23n, 24n, 255n, 256n, 65535n, 65536n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n - 1n];

Deno.test("encodeCbor: integers have the shortest head at each edge", () => {
  const lengths = INT64.map((value) => encodeCbor({ type: "integer", value }).length);
  assertEquals(lengths, [1, 1, 2, 2, 3, 3, 5, 5, 9, 9]);
  const negative = INT64.map((value) => encodeCbor({ type: "integer", value: -1n - value }).length);
  assertEquals(negative, lengths);
});

Deno.test("encodeCbor: a float takes the narrowest width that keeps its value", () => {
  const widths: [number, number][] = [
    [1.5, 3],
    [65504, 3],
    [65536, 5],
    [2 ** -24, 3],
    [2 ** -25, 5],
    [0.1, 9],
    [16777216, 5],
    [16777217, 9],
    [5e-324, 9],
    [NaN, 3],
    [-0, 3],
  ];
  for (const [value, length] of widths) {
    assertEquals(encodeCbor({ type: "float", value }).length, length, String(value));
  }
});

Deno.test("encodeCbor refuses what has no head", () => {
  for (const value of [2n ** 64n, -(2n ** 64n) - 1n]) {
    assertThrows(() => encodeCbor({ type: "integer", value }), RangeError, "beyond 64 bits");
  }
  const item: CborItem = { type: "null" };
  assertThrows(() => encodeCbor({ type: "tag", number: -1n, item }), RangeError, "beyond 64 bits");
});

Deno.test("encodeCbor: cbor-x reads the same values", () => {
  const other = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });
  const item: CborItem = {
    type: "map",
    pairs: [
      [{ type: "text", value: "list" }, {
        type: "array",
        items: [
          { type: "integer", value: 2n ** 63n - 1n },
          { type: "integer", value: -24n },
          { type: "float", value: 0.1 },
          { type: "float", value: 1.5 },
          { type: "boolean", value: true },
          { type: "null" },
        ],
      }],
      [{ type: "integer", value: 7n }, { type: "bytes", value: Uint8Array.of(1, 2) }],
    ],
  };
  const expected = new Map<unknown, unknown>([
    ["list", [2n ** 63n - 1n, -24, 0.1, 1.5, true, null]],
    [7, Uint8Array.of(1, 2)],
  ]);
  const decoded = other.decode(encodeCbor(item)) as Map<unknown, unknown>;
  const bytes = decoded.get(7);
  if (bytes instanceof Uint8Array) decoded.set(7, new Uint8Array(bytes));
  assertEquals(decoded, expected);
});

Deno.test("encodeCbor: cbor-x writes the same bytes for what it can write", () => {
  const other = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true });
  const cases: [unknown, CborItem][] = [
    ["zażółć ☃", { type: "text", value: "zażółć ☃" }],
    [300, { type: "integer", value: 300n }],
    [-2147483648, { type: "integer", value: -2147483648n }],
    [[1, "x"], {
      type: "array",
      items: [{ type: "integer", value: 1n }, { type: "text", value: "x" }],
    }],
    [{ String: "yes" }, {
      type: "map",
      pairs: [[{ type: "text", value: "String" }, { type: "text", value: "yes" }]],
    }],
  ];
  for (const [plain, item] of cases) {
    assertEquals(encodeHex(encodeCbor(item)), encodeHex(new Uint8Array(other.encode(plain))));
  }
});
