import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import {
  decodeBaseDistance,
  decodeObjectHeader,
  encodeBaseDistance,
  encodeObjectHeader,
} from "../../../lib/git/mod.ts";
import { assertFault } from "../../support/git.ts";

const HEADERS = [
  ["10", "commit", 0],
  ["2f", "tree", 15],
  ["3d", "blob", 13],
  ["49", "tag", 9],
  ["c001", "tag", 16],
  ["6f", "delta", 15],
  ["bfff7f", "blob", 0x3ffff],
  ["bfffffffffffff7f", "blob", Number.MAX_SAFE_INTEGER],
] as const;

const DISTANCES = [
  ["01", 1],
  ["7f", 127],
  ["8000", 128],
  ["807f", 255],
  ["8100", 256],
  ["ff7f", 16511],
  ["808000", 16512],
  ["80808000", 2113664],
  ["8efefefefefefe7f", Number.MAX_SAFE_INTEGER],
] as const;

for (const [hex, kind, size] of HEADERS) {
  const bytes = decodeHex(hex);

  Deno.test(`encodeObjectHeader: ${kind} of ${size} bytes`, () => {
    assertEquals(encodeObjectHeader(kind, size), bytes);
  });

  Deno.test(`decodeObjectHeader: ${kind} of ${size} bytes, whatever follows`, () => {
    const followed = new Uint8Array([...bytes, 0xff, 0xff]);
    assertEquals(decodeObjectHeader(followed), { kind, size, length: bytes.length });
  });

  Deno.test(`decodeObjectHeader: asks for more of ${kind} of ${size} bytes`, () => {
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(decodeObjectHeader(bytes.subarray(0, length)), undefined, `${length} bytes`);
    }
  });
}

Deno.test("decodeObjectHeader: accepts a size with a needless byte", () => {
  assertEquals(decodeObjectHeader(decodeHex("b000")), { kind: "blob", size: 0, length: 2 });
});

Deno.test("decodeObjectHeader: refuses kind 7, deltas by reference", async () => {
  await assertFault("kind", () => decodeObjectHeader(Uint8Array.of(0x71)));
});

Deno.test("decodeObjectHeader: refuses the kinds 0 and 5 that mean nothing", async () => {
  for (const byte of [0x01, 0x51]) {
    await assertFault("kind", () => decodeObjectHeader(Uint8Array.of(byte)));
  }
});

Deno.test("decodeObjectHeader: refuses a ninth size byte without reading it", async () => {
  await assertFault("size", () => decodeObjectHeader(decodeHex("bfffffffffffffff")));
});

Deno.test("encodeObjectHeader: refuses what is no size", () => {
  for (const size of [-1, 0.5, NaN, 2 ** 53]) {
    assertThrows(() => encodeObjectHeader("blob", size), RangeError);
  }
});

for (const [hex, distance] of DISTANCES) {
  const bytes = decodeHex(hex);

  Deno.test(`encodeBaseDistance: ${distance}`, () => {
    assertEquals(encodeBaseDistance(distance), bytes);
  });

  Deno.test(`decodeBaseDistance: ${distance}, and asks for more of it`, () => {
    const followed = new Uint8Array([...bytes, 0xff]);
    assertEquals(decodeBaseDistance(followed), { distance, length: bytes.length });
    for (let length = 0; length < bytes.length; length++) {
      assertEquals(decodeBaseDistance(bytes.subarray(0, length)), undefined, `${length} bytes`);
    }
  });
}

Deno.test("decodeBaseDistance: refuses a delta that is its own base", async () => {
  await assertFault("delta", () => decodeBaseDistance(Uint8Array.of(0)));
});

Deno.test("decodeBaseDistance: refuses more than 2^53 - 1 and more than eight bytes", async () => {
  for (const hex of ["8efefefefefeff00", "ffffffffffffffff", "8080808080808080"]) {
    await assertFault("delta", () => decodeBaseDistance(decodeHex(hex)), hex);
  }
});
