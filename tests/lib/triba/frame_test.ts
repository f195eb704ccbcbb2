import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { type ByteOrder, encodeFrame, FrameDecoder, TribaFault } from "../../../lib/triba/mod.ts";
import { cuts } from "../../support/chunks.ts";

const LIMIT = 65_536;
const ORDERS: readonly ByteOrder[] = ["big", "little"];

function decodeAll(decoder: FrameDecoder, chunks: readonly Uint8Array[]): string[] {
  const payloads: string[] = [];
  for (const chunk of chunks) {
    const reused = chunk.slice();
    decoder.push(reused);
    reused.fill(0); // the caller's buffer is the caller's
    for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
      payloads.push(encodeHex(payload));
    }
  }
  return payloads;
}

Deno.test("encodeFrame: the size counts the payload and not itself, in either order", () => {
  const payload = new Uint8Array(45).fill(7);
  assertEquals(encodeHex(encodeFrame(payload).subarray(0, 5)), "0000002d07");
  assertEquals(encodeHex(encodeFrame(payload, "little").subarray(0, 5)), "2d00000007");
  assertEquals(encodeFrame(payload).length, 49);
});

for (const order of ORDERS) {
  Deno.test(`FrameDecoder: ${order}-endian, cut anywhere`, async (t) => {
    const payloads = [17, 45, 300].map((length, i) => new Uint8Array(length).fill(i + 1));
    const stream = concat(payloads.map((payload) => encodeFrame(payload, order)));
    for (const { name, chunks } of cuts(stream)) {
      await t.step(name, () => {
        const decoder = new FrameDecoder(order, LIMIT);
        assertEquals(decodeAll(decoder, chunks), payloads.map((payload) => encodeHex(payload)));
        assertEquals(decoder.inside, false);
      });
    }
  });
}

Deno.test("FrameDecoder: sizes out of the limits are refused as soon as the size is there", () => {
  const sizes = ["00000000", "00000001", "00000010", "00010001", "01000001", "ffffffff"];
  for (const size of sizes) {
    const decoder = new FrameDecoder("big", LIMIT);
    decoder.push(decodeHex(size.slice(0, 6)));
    assertEquals(decoder.next(), undefined);
    decoder.push(decodeHex(size.slice(6)));
    const fault = assertThrows(() => decoder.next(), TribaFault, undefined, size);
    assertEquals(fault.code, "size");
  }
});

Deno.test("FrameDecoder: 17 bytes and the limit itself are taken", () => {
  for (const length of [17, LIMIT]) {
    const decoder = new FrameDecoder("big", LIMIT);
    decoder.push(encodeFrame(new Uint8Array(length)));
    assertEquals(decoder.next()?.length, length);
  }
});

Deno.test("FrameDecoder: the other byte order is named at the first size, and only there", () => {
  for (const order of ORDERS) {
    const other = order === "big" ? "little" : "big";
    const frame = encodeFrame(new Uint8Array(45), other);
    const decoder = new FrameDecoder(order, LIMIT);
    decoder.push(frame);
    const fault = assertThrows(() => decoder.next(), TribaFault, `byte order "${other}"`);
    assertEquals(fault.code, "byte-order");
    const later = new FrameDecoder(order, LIMIT);
    later.push(concat([encodeFrame(new Uint8Array(17), order), frame]));
    assertEquals(later.next()?.length, 17);
    assertEquals(assertThrows(() => later.next(), TribaFault).code, "size");
  }
});

Deno.test("FrameDecoder.limit: holds for the next size, though both frames came together", () => {
  const decoder = new FrameDecoder("big", 20);
  decoder.push(concat([encodeFrame(new Uint8Array(20)), encodeFrame(new Uint8Array(30))]));
  assertEquals(decoder.next()?.length, 20);
  decoder.limit = 30;
  assertEquals(decoder.next()?.length, 30);
  const strict = new FrameDecoder("big", 20);
  strict.push(encodeFrame(new Uint8Array(30)));
  assertEquals(assertThrows(() => strict.next(), TribaFault).code, "size");
});

Deno.test("FrameDecoder.inside: true within a size and within a payload", () => {
  const decoder = new FrameDecoder("big", LIMIT);
  assertEquals(decoder.inside, false);
  decoder.push(Uint8Array.of(0));
  assertEquals([decoder.next(), decoder.inside], [undefined, true]);
  decoder.push(Uint8Array.of(0, 0, 17));
  assertEquals([decoder.next(), decoder.inside], [undefined, true]);
  decoder.push(new Uint8Array(17));
  assertEquals([decoder.next()?.length, decoder.inside], [17, false]);
});
