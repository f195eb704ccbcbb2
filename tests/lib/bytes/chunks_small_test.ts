import { assert, assertEquals } from "@std/assert";
import { ChunkBuffer } from "../../../lib/bytes/mod.ts";
import { Random } from "../../support/fuzz.ts";

Deno.test("ChunkBuffer.push: single bytes are kept in few blocks, not one object each", () => {
  const buffer = new ChunkBuffer();
  for (let i = 0; i < 100_000; i++) buffer.push(Uint8Array.of(i & 0xff));
  assertEquals(buffer.length, 100_000);
  let pieces = 0;
  for (let at = 0; buffer.length > 0; pieces++) {
    for (const byte of buffer.takeSome(Infinity)) assertEquals(byte, at++ & 0xff);
  }
  assert(pieces < 40, `${pieces} pieces`);
});

Deno.test("ChunkBuffer: behaves as one array, whatever is pushed and taken in which order", () => {
  const random = new Random(7);
  const buffer = new ChunkBuffer();
  let model: number[] = [];
  const views: [Uint8Array, number[]][] = [];
  for (let i = 0; i < 20_000; i++) {
    if (random.below(5) < 3) {
      const chunk = random.bytes(random.below(12));
      buffer.push(chunk);
      model.push(...chunk);
      chunk.fill(0); // the caller reuses its buffer
    } else {
      const most = random.below(model.length + 2);
      const taken = random.bool() ? buffer.take(most) : buffer.takeSome(most);
      if (taken === undefined) {
        assert(most > model.length);
      } else {
        views.push([taken, model.slice(0, taken.length)]);
        model = model.slice(taken.length);
      }
    }
    assertEquals(buffer.length, model.length);
    const byte = random.below(256);
    assertEquals(buffer.indexOf(byte), model.indexOf(byte));
  }
  for (const [view, bytes] of views) {
    assertEquals([...view], bytes, "what was taken stays as it was");
  }
});
