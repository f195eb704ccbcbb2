import { deflateSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import { ADLER32_START, updateAdler32 } from "../../../lib/zlib/mod.ts";
import { Random } from "../../support/fuzz.ts";

function zlibSum(bytes: Uint8Array): number {
  const stream = deflateSync(bytes, { level: 0 });
  return new DataView(stream.buffer, stream.byteOffset).getUint32(stream.length - 4);
}

Deno.test("updateAdler32: the sum of nothing is the start", () => {
  assertEquals(updateAdler32(ADLER32_START, new Uint8Array()), 1);
});

Deno.test("updateAdler32: knows the example of the encyclopedias", () => {
  assertEquals(updateAdler32(ADLER32_START, new TextEncoder().encode("Wikipedia")), 0x11e60398);
});

Deno.test("updateAdler32: agrees with zlib at every length and alignment", () => {
  const bytes = new Random(1).bytes(400);
  for (let start = 0; start < 8; start++) {
    for (let end = start; end <= bytes.length; end++) {
      const part = bytes.subarray(start, end);
      assertEquals(updateAdler32(ADLER32_START, part), zlibSum(part), `${start} to ${end}`);
    }
  }
});

Deno.test("updateAdler32: no lane overflows when all bits are set", () => {
  for (const length of [88, 89, 3520, 3521, 5552, 70_000, 1_000_003]) {
    const bytes = new Uint8Array(length).fill(0xff);
    assertEquals(updateAdler32(ADLER32_START, bytes), zlibSum(bytes), `${length} bytes`);
  }
});

Deno.test("updateAdler32: a sum carried on is the sum of the whole", () => {
  const bytes = new Random(2).bytes(20_000);
  for (const cut of [0, 1, 2, 3, 4, 5, 87, 88, 89, 9_999, 20_000]) {
    const first = updateAdler32(ADLER32_START, bytes.subarray(0, cut));
    assertEquals(updateAdler32(first, bytes.subarray(cut)), zlibSum(bytes), `cut at ${cut}`);
  }
});
