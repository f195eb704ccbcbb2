import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { BobFault } from "../../../lib/bob/fault.ts";
import { MAX_RECORD_BYTES } from "../../../lib/bob/record.ts";
import { RecordDecoder } from "../../../lib/bob/record_decoder.ts";
import { cuts } from "../../support/chunks.ts";
import { RECORD_SESSIONS } from "./sessions.ts";

function decodeAll(decoder: RecordDecoder, chunks: Iterable<Uint8Array>): string[] {
  const frames: string[] = [];
  for (const chunk of chunks) {
    const buffer = chunk.slice();
    decoder.push(buffer);
    for (let record = decoder.next(); record !== undefined; record = decoder.next()) {
      const length = record.sealed.length - 16;
      assertEquals(record.sequence, frames.length);
      frames.push(encodeHex(Uint8Array.of(length >> 8, length & 0xff)) + encodeHex(record.sealed));
    }
    buffer.fill(0xee); // the decoder must not look at it again
  }
  return frames;
}

Deno.test("RecordDecoder cuts the recorded streams into their frames, wherever they are cut", async (t) => {
  for (const { name, records, stream } of RECORD_SESSIONS) {
    await t.step(name, () => {
      for (const cut of cuts(stream)) {
        const decoder = new RecordDecoder();
        assertEquals(decodeAll(decoder, cut.chunks), records.map(({ frame }) => frame), cut.name);
        decoder.end();
        assertEquals(decoder.marked, false);
      }
    });
  }
});

Deno.test("RecordDecoder gives a record inside a chunk as a view of it", () => {
  const chunk = decodeHex("0001" + "aa".repeat(17) + "0000" + "bb".repeat(16));
  const decoder = new RecordDecoder();
  decoder.push(chunk);
  assertEquals(decoder.next()?.sealed.buffer, chunk.buffer);
  assertEquals(decoder.next()?.sealed.buffer, chunk.buffer);
  assertEquals(decoder.next(), undefined);
});

Deno.test("RecordDecoder ends at the close marker and ignores what follows", () => {
  const before = "0000" + "bb".repeat(16);
  for (const after of ["", "ff", "ffff", "ffff00", "ffff" + before]) {
    for (const cut of cuts(decodeHex(before + "ffff" + after))) {
      const decoder = new RecordDecoder();
      assertEquals(decodeAll(decoder, cut.chunks), [before], `${after}, ${cut.name}`);
      assertEquals(decoder.marked, true);
      decoder.end();
    }
  }
});

Deno.test("RecordDecoder reports a stream that ends inside a record as lost", () => {
  const frame = decodeHex("0003" + "aa".repeat(19));
  for (let length = 1; length < frame.length; length++) {
    for (const tail of ["", "ffffffff"]) {
      const marker = decodeHex(tail);
      if (length + marker.length >= frame.length) continue; // the marker fills the record up
      const decoder = new RecordDecoder();
      const stream = new Uint8Array([...frame.subarray(0, length), ...marker]);
      assertEquals(decodeAll(decoder, [stream]), [], `${length} bytes`);
      const fault = assertThrows(() => decoder.end(), BobFault);
      assertEquals(fault.code, "connection-lost");
    }
  }
});

Deno.test("RecordDecoder refuses lengths that no peer writes, after the records before them", () => {
  for (const length of [MAX_RECORD_BYTES + 1, 0xfffe, 0xff00]) {
    const header = Uint8Array.of(length >> 8, length & 0xff);
    const stream = new Uint8Array([0, 0, ...new Uint8Array(16), ...header]);
    for (const cut of cuts(stream)) {
      const decoder = new RecordDecoder();
      const fault = assertThrows(() => decodeAll(decoder, cut.chunks), BobFault, `${length}`);
      assertEquals(fault.code, "oversized-record");
      assertThrows(() => decoder.next(), BobFault, `${length}`);
    }
  }
  const largest = new Uint8Array(2 + MAX_RECORD_BYTES + 16);
  largest.set([0x7f, 0xff]);
  assertEquals(decodeAll(new RecordDecoder(), [largest]).length, 1);
});

Deno.test("RecordDecoder tells what follows the last record", () => {
  const decoder = new RecordDecoder();
  decoder.push(decodeHex("0000" + "00".repeat(16) + "0005010203"));
  decoder.next();
  assertEquals(decoder.next(), undefined);
  decoder.push(decodeHex("0405"));
  assertEquals(encodeHex(decoder.following(100)), "00050102030405");
  assertEquals(encodeHex(decoder.following(3)), "000501");
  assertThrows(() => decoder.push(Uint8Array.of(1)), Error, "not used up");
});
