import { assertEquals, assertThrows } from "@std/assert";
import { ByteReader } from "../../../lib/bytes/mod.ts";

class TestFault extends Error {
  override readonly name = "TestFault";
}

function reader(...bytes: readonly number[]): ByteReader {
  return new ByteReader(Uint8Array.from(bytes), (message) => new TestFault(message));
}

Deno.test("ByteReader reads numbers in both byte orders", () => {
  const bytes = [0x01, 0x82, 0x03, 0xf4, 0x05, 0x06, 0x07, 0xff];
  const cases: readonly (readonly [string, (r: ByteReader) => number | bigint, number | bigint])[] =
    [
      ["u8", (r) => r.u8(), 0x01],
      ["u16", (r) => r.u16(), 0x0182],
      ["u16 little-endian", (r) => r.u16(true), 0x8201],
      ["u32", (r) => r.u32(), 0x018203f4],
      ["u32 little-endian, highest bit set", (r) => r.u32(true), 0xf4038201],
      ["u64", (r) => r.u64(), 0x018203f4050607ffn],
      ["u64 little-endian, highest bit set", (r) => r.u64(true), 0xff070605f4038201n],
    ];
  for (const [name, read, expected] of cases) assertEquals(read(reader(...bytes)), expected, name);
});

Deno.test("ByteReader counts what it read and what is left", () => {
  const r = reader(1, 2, 3, 4, 5, 6);
  r.u8();
  r.u16();
  assertEquals([r.offset, r.remaining], [3, 3]);
  assertEquals(r.take(2), Uint8Array.of(4, 5));
  assertEquals(r.rest(), Uint8Array.of(6));
  assertEquals([r.offset, r.remaining], [6, 0]);
  assertEquals(r.rest(), new Uint8Array());
});

Deno.test("ByteReader reads a view of a larger array from its own start to its own end", () => {
  const r = new ByteReader(Uint8Array.of(9, 9, 1, 2, 9, 9).subarray(2, 4));
  assertEquals(r.u16(), 0x0102);
  assertThrows(() => r.u8(), RangeError);
});

Deno.test("ByteReader refuses to read past the end with the caller's fault, and stays where it is", () => {
  const cases: readonly (readonly [string, (r: ByteReader) => unknown, string])[] = [
    ["u16", (r) => r.u16(), "Cannot read 2 bytes at 1: 1 are left"],
    ["u32", (r) => r.u32(), "Cannot read 4 bytes at 1: 1 are left"],
    ["u64", (r) => r.u64(), "Cannot read 8 bytes at 1: 1 are left"],
    ["take", (r) => r.take(2), "Cannot read 2 bytes at 1: 1 are left"],
    ["text", (r) => r.text(2), "Cannot read 2 bytes at 1: 1 are left"],
    ["a giant length", (r) => r.take(2 ** 53), "Cannot read 9007199254740992 bytes at 1"],
    ["a negative length", (r) => r.take(-1), "Cannot read -1 bytes at 1"],
    ["a fraction", (r) => r.take(0.5), "Cannot read 0.5 bytes at 1"],
    ["no number", (r) => r.take(NaN), "Cannot read NaN bytes at 1"],
    [
      "a delimiter that is behind",
      (r) => r.takeUntil(7),
      "Cannot read a delimited string: no byte 7",
    ],
  ];
  for (const [name, read, message] of cases) {
    const r = reader(7, 2);
    r.u8();
    assertThrows(() => read(r), TestFault, message, name);
    assertEquals(r.offset, 1, name);
  }
});

Deno.test("ByteReader throws a RangeError unless told otherwise", () => {
  assertThrows(() => new ByteReader(new Uint8Array()).u8(), RangeError, "0 are left");
});

Deno.test("ByteReader.takeUntil leaves the delimiter out and reads on behind it", () => {
  const r = reader(1, 2, 0, 0, 3, 0);
  assertEquals(r.takeUntil(0), Uint8Array.of(1, 2));
  assertEquals(r.takeUntil(0), new Uint8Array());
  assertEquals(r.takeUntil(0), Uint8Array.of(3));
  assertEquals(r.remaining, 0);
  assertThrows(() => r.takeUntil(0), TestFault, "up to the end");
});

Deno.test("ByteReader.text keeps a byte-order mark and refuses what is not UTF-8", () => {
  assertEquals(reader(0xef, 0xbb, 0xbf, 0x61).text(4), "\ufeffa");
  assertEquals(reader(0xf0, 0x9f, 0x98, 0x80).text(4), "\u{1f600}");
  assertEquals(reader().text(0), "");
  const bad: readonly (readonly [string, readonly number[]])[] = [
    ["a lone continuation", [0x80]],
    ["a cut character", [0xe2, 0x82]],
    ["an overlong form", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["beyond U+10FFFF", [0xf4, 0x90, 0x80, 0x80]],
  ];
  for (const [name, bytes] of bad) {
    assertThrows(
      () => reader(...bytes).text(bytes.length),
      TestFault,
      `Cannot read a text of ${bytes.length} bytes at 0: not UTF-8`,
      name,
    );
  }
});
