import { deflateSync, inflateSync } from "node:zlib";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { type Compression, SEGMENT_BYTES, ZlibEncoder } from "../../../lib/zlib/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { Random } from "../../support/fuzz.ts";

const MODES: readonly Compression[] = ["auto", "deflate", "store"];
const random = new Random(1).bytes(3 * SEGMENT_BYTES);
const text = new TextEncoder().encode("a line of text that shrinks a good deal\n".repeat(20_000));

function encode(size: number, chunks: Iterable<Uint8Array>, mode: Compression): Uint8Array {
  const encoder = new ZlibEncoder(size, mode);
  const output: Uint8Array[] = [];
  for (const chunk of chunks) for (const bytes of encoder.push(chunk)) output.push(bytes.slice());
  for (const bytes of encoder.finish()) output.push(bytes.slice());
  return concat(output);
}

function inflate(stream: Uint8Array): Uint8Array {
  return new Uint8Array(inflateSync(stream));
}

function* pieces(bytes: Uint8Array, length: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

for (const mode of MODES) {
  Deno.test(`ZlibEncoder: what ${mode} writes inflates to the content`, () => {
    const mixed = concat([text, random, text.subarray(0, 7)]);
    for (const content of [text, random, mixed, mixed.subarray(0, SEGMENT_BYTES)]) {
      for (const length of [1000, 16_384, 65_536, 300_001, content.length]) {
        const stream = encode(content.length, pieces(content, length), mode);
        assertEquals(inflate(stream), content, `chunks of ${length} bytes`);
      }
    }
  });

  Deno.test(`ZlibEncoder: what ${mode} writes does not depend on where small content is cut`, () => {
    const content = text.subarray(0, 300);
    const whole = encode(content.length, [content], mode);
    for (const { name, chunks } of cuts(content)) {
      assertEquals(encode(content.length, chunks, mode), whole, name);
    }
  });

  Deno.test(`ZlibEncoder: ${mode} writes an empty stream as zlib does`, () => {
    assertEquals(encode(0, [], mode), new Uint8Array(deflateSync(new Uint8Array(), { level: 4 })));
  });
}

Deno.test("ZlibEncoder: up to 256 KiB are deflated exactly as by zlib", () => {
  for (const content of [text.subarray(0, 13), text.subarray(0, SEGMENT_BYTES)]) {
    const expected = new Uint8Array(deflateSync(content, { level: 4 }));
    assertEquals(encode(content.length, pieces(content, 5000), "auto"), expected);
  }
});

Deno.test("ZlibEncoder: begins with 78 5e where it deflates and with 78 01 where it stores", () => {
  for (
    const [content, mode, second] of [
      [text, "auto", 0x5e],
      [text, "store", 0x01],
      [random, "auto", 0x01],
      [random, "deflate", 0x5e],
    ] as const
  ) {
    assertEquals([...encode(content.length, [content], mode).subarray(0, 2)], [0x78, second]);
  }
});

Deno.test("ZlibEncoder: storing costs less than one byte in a thousand", () => {
  for (const mode of ["auto", "store"] as const) {
    const stream = encode(random.length, pieces(random, 65_536), mode);
    assert(stream.length < random.length * 1.001, `${stream.length} bytes`);
  }
});

Deno.test("ZlibEncoder: small chunks are collected before they are stored", () => {
  const stream = encode(random.length, pieces(random, 100), "store");
  assert(stream.length < random.length * 1.001, `${stream.length} bytes`);
});

Deno.test("ZlibEncoder: auto stores what does not shrink and deflates what follows it", () => {
  const content = concat([random.subarray(0, SEGMENT_BYTES), new Uint8Array(8 * SEGMENT_BYTES)]);
  const stream = encode(content.length, [content], "auto");
  assert(stream.length < 2.1 * SEGMENT_BYTES, `${stream.length} bytes`);
  assertEquals(inflate(stream), content);
});

Deno.test("ZlibEncoder: a size of a whole number of segments ends in a last block", () => {
  const content = text.subarray(0, 2 * SEGMENT_BYTES);
  for (const mode of MODES) {
    assertEquals(inflate(encode(content.length, pieces(content, 4096), mode)), content);
  }
});

Deno.test("ZlibEncoder: refuses more and less than was announced", () => {
  const encoder = new ZlibEncoder(3, "auto");
  assertThrows(() => [...encoder.push(new Uint8Array(4))], RangeError, "more");
  assertThrows(() => [...encoder.finish()], RangeError, "less");
});
