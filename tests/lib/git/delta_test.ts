import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { DeltaDecoder, openDelta } from "../../../lib/git/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { Random } from "../../support/fuzz.ts";
import {
  accessTo,
  assertFault,
  collect,
  copy,
  insert,
  rawDelta,
  streamOf,
} from "../../support/git.ts";

const base = new Random(1).bytes(100_000);

async function apply(delta: Uint8Array, from: Uint8Array = base): Promise<Uint8Array> {
  const { size, content } = await openDelta(accessTo(from), streamOf(delta));
  const result = await collect(content);
  assertEquals(result.length, size);
  return result;
}

const HELLO = new TextEncoder().encode("hello");

Deno.test("openDelta: copies and inserts in turn", async () => {
  const delta = rawDelta(base.length, 5 + 70_000 + 5 + 1, [
    insert(HELLO),
    copy(20_000, 70_000),
    insert(HELLO),
    copy(99_999, 1),
  ]);
  const expected = concat([HELLO, base.subarray(20_000, 90_000), HELLO, base.subarray(99_999)]);
  assertEquals(await apply(delta), expected);
});

Deno.test("openDelta: a copy of length 0 is one of 65536 bytes", async () => {
  const delta = rawDelta(base.length, 0x10000, [Uint8Array.of(0x80)]);
  assertEquals(await apply(delta), base.subarray(0, 0x10000));
});

Deno.test("openDelta: an empty result needs no instruction", async () => {
  assertEquals(await apply(rawDelta(base.length, 0, [])), new Uint8Array());
});

Deno.test("openDelta: an empty base can only be inserted to", async () => {
  assertEquals(await apply(rawDelta(0, 5, [insert(HELLO)]), new Uint8Array()), HELLO);
});

Deno.test("openDelta: does not depend on where the delta is cut", async () => {
  const delta = rawDelta(base.length, 1005 + 300, [
    copy(70, 1000),
    insert(HELLO),
    copy(66_000, 300),
  ]);
  const expected = concat([base.subarray(70, 1070), HELLO, base.subarray(66_000, 66_300)]);
  for (const { name, chunks } of cuts(delta)) {
    const { content } = await openDelta(accessTo(base), streamOf(...chunks));
    assertEquals(await collect(content), expected, name);
  }
});

Deno.test("openDelta: a large base is read where it is needed, in as many reads as it takes", async () => {
  const large = concat(Array.from({ length: 20 }, () => base));
  const delta = rawDelta(large.length, 200_003, [copy(1_500_000, 200_000), copy(7, 3)]);
  const expected = concat([large.subarray(1_500_000, 1_700_000), large.subarray(7, 10)]);
  const { content } = await openDelta(accessTo(large, 999), streamOf(delta));
  assertEquals(await collect(content), expected);
});

Deno.test("openDelta: tells the size of the result before it makes any of it", async () => {
  const huge = 2 ** 50;
  const { size } = await openDelta(accessTo(base), streamOf(rawDelta(base.length, huge, [])));
  assertEquals(size, huge);
});

Deno.test("openDelta: hands out pieces of bounded size, each for the caller to keep", async () => {
  const copies = Array.from({ length: 40 }, () => copy(0, 100_000));
  const { content } = await openDelta(
    accessTo(base),
    streamOf(rawDelta(base.length, 4_000_000, copies)),
  );
  const kept: Uint8Array[] = [];
  for await (const chunk of content) kept.push(chunk);
  assertEquals(Math.max(...kept.map((chunk) => chunk.length)), 65_536);
  assertEquals(concat(kept), concat(copies.map(() => base)));
});

Deno.test("openDelta: refuses hostile deltas", async () => {
  const size = base.length;
  const cases = {
    "empty": new Uint8Array(),
    "other base size": rawDelta(size + 1, 5, [insert(HELLO)]),
    "base size of nine bytes": Uint8Array.of(...new Array(8).fill(0xff), 1),
    "base size above 2^53": Uint8Array.of(...new Array(7).fill(0xff), 0x1f),
    "copy behind the base": rawDelta(size, 1, [copy(size, 1)]),
    "copy over the end of the base": rawDelta(size, 20, [copy(size - 10, 20)]),
    "copy with the largest offset": rawDelta(size, 1, [copy(0xffffffff, 1)]),
    "copy with the largest length": rawDelta(size, 0xffffff, [copy(0, 0xffffff)]),
    "reserved instruction": rawDelta(size, 1, [Uint8Array.of(0)]),
    "result shorter than announced": rawDelta(size, 6, [insert(HELLO)]),
    "result longer than announced": rawDelta(size, 4, [insert(HELLO)]),
    "instruction after a complete result": rawDelta(size, 5, [insert(HELLO), copy(0, 1)]),
    "cut insert": rawDelta(size, 5, [insert(HELLO)]).subarray(0, -1),
    "cut copy": rawDelta(size, 300, [copy(600, 300)]).subarray(0, -1),
  };
  for (const [name, delta] of Object.entries(cases)) {
    await assertFault("delta", () => apply(delta), name);
  }
});

Deno.test("openDelta: a delta that is cut anywhere is refused", async () => {
  const delta = rawDelta(base.length, 1005, [copy(70, 1000), insert(HELLO)]);
  for (let length = 0; length < delta.length; length++) {
    await assertFault("delta", () => apply(delta.subarray(0, length)), `${length} bytes`);
  }
});

Deno.test("openDelta: a base that is shorter than it says is a fault", async () => {
  const lying = { ...accessTo(base.subarray(0, 500)), size: base.length };
  const delta = streamOf(rawDelta(base.length, 100, [copy(600, 100)]));
  await assertFault("missing", async () => collect((await openDelta(lying, delta)).content));
});

Deno.test("DeltaDecoder: gives instructions as soon as they are complete", () => {
  const decoder = new DeltaDecoder(base.length);
  const delta = rawDelta(base.length, 15, [insert(HELLO), copy(3, 10)]);
  const seen = Array.from(delta, (byte) => decoder.push(Uint8Array.of(byte)));
  assertEquals(seen.flat(), [
    { type: "insert", bytes: HELLO },
    { type: "copy", offset: 3, length: 10 },
  ]);
  assertEquals(seen.at(-1)?.length, 1);
  decoder.end();
});
