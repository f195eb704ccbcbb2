import { assertEquals, assertThrows } from "@std/assert";
import { ByteWriter } from "../../../lib/bytes/mod.ts";

Deno.test("ByteWriter writes numbers in both byte orders", () => {
  const cases: readonly (readonly [string, (w: ByteWriter) => ByteWriter, readonly number[]])[] = [
    ["u8 least", (w) => w.u8(0), [0]],
    ["u8 most", (w) => w.u8(0xff), [0xff]],
    ["u16", (w) => w.u16(0x0182), [0x01, 0x82]],
    ["u16 little-endian", (w) => w.u16(0x0182, true), [0x82, 0x01]],
    ["u32 most", (w) => w.u32(0xffffffff), [0xff, 0xff, 0xff, 0xff]],
    ["u32 little-endian", (w) => w.u32(0xf4038201, true), [0x01, 0x82, 0x03, 0xf4]],
    ["u64", (w) => w.u64(0xff00000000000001n), [0xff, 0, 0, 0, 0, 0, 0, 1]],
    ["u64 little-endian", (w) => w.u64(1n, true), [1, 0, 0, 0, 0, 0, 0, 0]],
    ["bytes", (w) => w.bytes(Uint8Array.of(1, 2)), [1, 2]],
    ["no bytes", (w) => w.bytes(new Uint8Array()), []],
    ["text", (w) => w.text("a\u00e9"), [0x61, 0xc3, 0xa9]],
  ];
  for (const [name, write, expected] of cases) {
    const writer = new ByteWriter();
    assertEquals(write(writer).finish(), Uint8Array.from(expected), name);
    assertEquals(writer.length, expected.length, name);
  }
});

Deno.test("ByteWriter grows from any capacity at every kind of write", () => {
  const expected = Uint8Array.of(1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 5, 6, 0x61);
  for (let capacity = 0; capacity <= expected.length; capacity++) {
    const writer = new ByteWriter(capacity).u8(1).u16(2).u32(3).u64(4n)
      .bytes(Uint8Array.of(5, 6)).text("a");
    assertEquals(writer.finish(), expected, `capacity ${capacity}`);
  }
});

Deno.test("ByteWriter refuses numbers that do not fit and writes nothing of them", () => {
  const cases: readonly (readonly [string, (w: ByteWriter) => unknown, string])[] = [
    ["u8", (w) => w.u8(256), "Cannot write 256: not a whole number from 0 to 255"],
    ["u8 negative", (w) => w.u8(-1), "Cannot write -1"],
    ["u8 fraction", (w) => w.u8(0.5), "Cannot write 0.5"],
    ["u8 NaN", (w) => w.u8(NaN), "Cannot write NaN"],
    ["u16", (w) => w.u16(65536), "from 0 to 65535"],
    ["u32", (w) => w.u32(2 ** 32), "from 0 to 4294967295"],
    ["u32 infinite", (w) => w.u32(Infinity), "Cannot write Infinity"],
    ["u64", (w) => w.u64(2n ** 64n), "Cannot write 18446744073709551616: not an unsigned 64-bit"],
    ["u64 negative", (w) => w.u64(-1n), "Cannot write -1: not an unsigned 64-bit"],
  ];
  for (const [name, write, message] of cases) {
    const writer = new ByteWriter().u8(7);
    assertThrows(() => write(writer), RangeError, message, name);
    assertEquals(writer.finish(), Uint8Array.of(7), name);
  }
});

Deno.test("ByteWriter.bytes and finish copy", () => {
  const input = Uint8Array.of(1);
  const writer = new ByteWriter().bytes(input);
  input.fill(9);
  const first = writer.finish();
  writer.u8(2);
  first.fill(8);
  assertEquals(writer.finish(), Uint8Array.of(1, 2));
});
