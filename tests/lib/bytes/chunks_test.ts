import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { ChunkBuffer } from "../../../lib/bytes/mod.ts";
import { cuts } from "../../support/chunks.ts";

const TEXT = new TextEncoder().encode("one,two,,three");

function filled(...chunks: readonly number[][]): ChunkBuffer {
  const buffer = new ChunkBuffer();
  for (const chunk of chunks) buffer.push(Uint8Array.from(chunk));
  return buffer;
}

Deno.test("ChunkBuffer starts empty and takes nothing but nothing", () => {
  const buffer = new ChunkBuffer();
  assertEquals(buffer.length, 0);
  assertEquals(buffer.peek(0), new Uint8Array());
  assertEquals(buffer.take(0), new Uint8Array());
  assertEquals(buffer.take(1), undefined);
  assertEquals(buffer.takeAll(), new Uint8Array());
  assertEquals(buffer.takeSome(9), new Uint8Array());
  assertEquals(buffer.indexOf(0), -1);
});

Deno.test("ChunkBuffer.take leaves everything where there is too little", () => {
  const buffer = filled([1, 2], [3]);
  assertEquals(buffer.take(4), undefined);
  assertEquals(buffer.length, 3);
  assertEquals(buffer.take(3), Uint8Array.of(1, 2, 3));
  assertEquals(buffer.length, 0);
});

Deno.test("ChunkBuffer.peek leaves what it shows", () => {
  const buffer = filled([1], [2], [3]);
  assertEquals(buffer.peek(2), Uint8Array.of(1, 2));
  assertEquals(buffer.peek(4), undefined);
  assertEquals(buffer.takeAll(), Uint8Array.of(1, 2, 3));
});

Deno.test("ChunkBuffer.push copies: a reused read buffer does not change what waits", () => {
  const buffer = new ChunkBuffer();
  const chunk = Uint8Array.of(1, 2, 3);
  buffer.push(chunk);
  chunk.fill(9);
  assertEquals(buffer.takeAll(), Uint8Array.of(1, 2, 3));
});

Deno.test("ChunkBuffer does not touch again what was taken or shown", () => {
  const buffer = filled([1, 2, 3, 4]);
  const shown = buffer.peek(4);
  const taken = buffer.take(2);
  for (let i = 0; i < 100; i++) buffer.push(Uint8Array.of(9, 9, 9));
  buffer.take(50);
  buffer.push(Uint8Array.of(8));
  assertEquals(taken, Uint8Array.of(1, 2));
  assertEquals(shown, Uint8Array.of(1, 2, 3, 4));
});

Deno.test("ChunkBuffer.takeSome takes what is there, at most what was asked", () => {
  const buffer = filled([1, 2, 3], [4, 5]);
  const pieces: Uint8Array[] = [];
  while (buffer.length > 0) {
    const piece = buffer.takeSome(2);
    assert(piece.length > 0 && piece.length <= 2);
    pieces.push(piece);
  }
  assertEquals(concat(pieces), Uint8Array.of(1, 2, 3, 4, 5));
  assertEquals(filled([1, 2, 3]).takeSome(0), new Uint8Array());
});

Deno.test("ChunkBuffer.indexOf counts from the front, over all chunks", () => {
  const buffer = filled([0, 7], [1, 7]);
  const cases = [[7, 0, 1], [7, 1, 1], [7, 2, 3], [7, 3, 3], [7, 4, -1], [7, 99, -1], [7, -5, 1], [
    5,
    0,
    -1,
  ]] as const;
  for (const [byte, from, expected] of cases) {
    assertEquals(buffer.indexOf(byte, from), expected, `${byte} from ${from}`);
  }
  buffer.take(2);
  assertEquals(buffer.indexOf(7), 1);
  assertEquals(buffer.indexOf(0), -1);
});

Deno.test("ChunkBuffer reads the same however the stream is cut", () => {
  for (const { name, chunks } of cuts(TEXT)) {
    const buffer = new ChunkBuffer();
    const words: string[] = [];
    for (const chunk of chunks) {
      buffer.push(chunk);
      for (let at = buffer.indexOf(0x2c); at >= 0; at = buffer.indexOf(0x2c)) {
        words.push(new TextDecoder().decode(buffer.take(at)));
        buffer.take(1);
      }
    }
    words.push(new TextDecoder().decode(buffer.takeAll()));
    assertEquals(words, ["one", "two", "", "three"], name);
  }
});

Deno.test("ChunkBuffer refuses lengths that are no whole number", () => {
  const buffer = filled([1, 2, 3]);
  for (const length of [-1, 0.5, NaN, -Infinity]) {
    assertThrows(() => buffer.peek(length), RangeError, "Cannot take", String(length));
    assertThrows(() => buffer.take(length), RangeError, "Cannot take", String(length));
  }
  assertEquals(buffer.take(Infinity), undefined);
  assertEquals(buffer.length, 3);
});

Deno.test("ChunkBuffer takes a stream of single bytes in linear time", () => {
  const buffer = new ChunkBuffer();
  const one = Uint8Array.of(5);
  const start = performance.now();
  for (let i = 0; i < 300_000; i++) buffer.push(one);
  assertEquals(buffer.take(299_999)?.length, 299_999);
  const elapsed = performance.now() - start;
  assert(elapsed < 5000, `it took ${elapsed} ms`); // quadratic: more than 60 s
});

Deno.test("ChunkBuffer.at looks at one byte and takes nothing", () => {
  const buffer = filled([1, 2], [3]);
  buffer.take(1);
  assertEquals([0, 1, 2].map((index) => buffer.at(index)), [2, 3, undefined]);
  assertEquals(buffer.length, 2);
});

Deno.test("ChunkBuffer.skip drops what is there, and no more", () => {
  const buffer = filled([1, 2, 3]);
  buffer.skip(2);
  assertEquals(buffer.peek(1), Uint8Array.of(3));
  buffer.skip(9);
  assertEquals(buffer.length, 0);
  buffer.push(Uint8Array.of(4));
  assertEquals(buffer.takeAll(), Uint8Array.of(4));
});

Deno.test("ChunkBuffer.take gives what is not touched again, be it short or long", () => {
  for (const length of [3, 64, 65, 300]) {
    const buffer = new ChunkBuffer();
    buffer.push(new Uint8Array(length).fill(7));
    const taken = buffer.take(length - 1);
    buffer.push(new Uint8Array(length).fill(9));
    assertEquals(taken, new Uint8Array(length - 1).fill(7));
    assertEquals(buffer.take(2), Uint8Array.of(7, 9));
  }
});
