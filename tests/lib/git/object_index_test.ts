import { assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodeBaseDistance, hashObject, ObjectIndex, PackReader } from "../../../lib/git/mod.ts";
import { Random } from "../../support/fuzz.ts";
import {
  assertFault,
  copy,
  insert,
  KIND,
  MemoryStore,
  rawDelta,
  type RawObject,
  rawObject,
  rawPack,
  streamOf,
} from "../../support/git.ts";

const utf8 = new TextEncoder();
const base = new Random(1).bytes(80_000);
const BLOB = { kind: KIND.blob, content: base };
const COMMIT = { kind: KIND.commit, content: utf8.encode("c") };

async function index(
  objects: readonly RawObject[],
  maxBytes?: number,
  store = new MemoryStore(),
): Promise<ObjectIndex<number>> {
  const result = new ObjectIndex(store, maxBytes);
  try {
    for await (const object of await PackReader.open(streamOf(rawPack(objects)))) {
      await result.add(object);
    }
  } finally {
    assertEquals(store.unclosed, 0, "open sinks and objects");
  }
  return result;
}

/** A delta to the object that stands so many objects before it. */
function deltaTo(back: number, before: readonly RawObject[], delta: Uint8Array): RawObject {
  const passed = before.slice(before.length - back);
  const distance = concat(passed.flatMap(rawObject)).length;
  return { kind: KIND.delta, content: delta, prefix: encodeBaseDistance(distance) };
}

/** The base, and then deltas that each append a byte to the one before. */
function chain(length: number): RawObject[] {
  const objects: RawObject[] = [BLOB];
  for (let i = 0; i < length; i++) {
    const size = base.length + i;
    const delta = rawDelta(size, size + 1, [copy(0, size), insert(Uint8Array.of(i))]);
    objects.push(deltaTo(1, objects, delta));
  }
  return objects;
}

Deno.test("ObjectIndex: finds blobs and trees by their names", async () => {
  const store = new MemoryStore();
  const tree = utf8.encode("any bytes, it is not read");
  const found = await index([BLOB, { kind: KIND.tree, content: tree }], undefined, store);
  const blob = await found.find("file", hashObject("blob", base));
  assertEquals([blob.size, store.contents[blob.id]], [base.length, base]);
  const folder = await found.find("directory", hashObject("tree", tree));
  assertEquals(await found.load(folder, 100), tree);
});

Deno.test("ObjectIndex: a name that no object has is missing, and says so in digits", async () => {
  const found = await index([BLOB]);
  const hash = new Uint8Array(20).fill(0xab);
  await assertRejects(() => found.find("file", hash), Error, "ab".repeat(20));
  await assertFault("missing", () => found.find("directory", hash));
});

Deno.test("bob-relay 10.3: files sent as trees and folders sent as blobs are found", async () => {
  const folder = utf8.encode("bytes of a tree");
  const found = await index([
    { kind: KIND.tree, content: base },
    { kind: KIND.blob, content: folder },
  ]);
  const file = await found.find("file", hashObject("blob", base));
  assertEquals([file.kind, file.size], ["tree", base.length]);
  assertEquals((await found.find("directory", hashObject("tree", folder))).kind, "blob");
});

Deno.test("ObjectIndex: a name under the right kind is preferred", async () => {
  const found = await index([{ kind: KIND.tree, content: base }, BLOB]);
  assertEquals((await found.find("file", hashObject("blob", base))).kind, "blob");
});

Deno.test("ObjectIndex: applies a chain of 50 deltas", async () => {
  const expected = concat([base, Uint8Array.from({ length: 50 }, (_, i) => i)]);
  const found = await index(chain(50));
  const { size, kind, depth } = await found.find("file", hashObject("blob", expected));
  assertEquals([size, kind, depth], [base.length + 50, "blob", 50]);
});

Deno.test("ObjectIndex: refuses a chain of 51 deltas", async () => {
  await assertFault("delta", () => index(chain(51)));
});

Deno.test("ObjectIndex: a delta to a tree is a tree", async () => {
  const tree = { kind: KIND.tree, content: base };
  const delta = rawDelta(base.length, 3, [copy(5, 3)]);
  const found = await index([tree, deltaTo(1, [tree], delta)]);
  const part = base.subarray(5, 8);
  assertEquals((await found.find("directory", hashObject("tree", part))).kind, "tree");
});

Deno.test("ObjectIndex: refuses a delta to a place where no object begins, or to a name", async () => {
  const delta = rawDelta(base.length, 1, [copy(0, 1)]);
  const name = { kind: KIND.tag, content: base };
  const wrong = [
    [BLOB, { kind: KIND.delta, content: delta, prefix: encodeBaseDistance(1) }],
    [name, deltaTo(1, [name], delta)],
  ];
  for (const objects of wrong) await assertFault("delta", () => index(objects));
});

Deno.test("ObjectIndex: a delta that fails at its end leaves nothing open, and its object is dropped", async () => {
  const store = new MemoryStore();
  const delta = rawDelta(base.length, 9, [copy(0, 4)]);
  await assertFault("delta", () => index([BLOB, deltaTo(1, [BLOB], delta)], undefined, store));
  assertEquals([store.aborted, store.contents.length], [1, 1]);
});

Deno.test("ObjectIndex: what deltas stand for counts against the limit before it is made", async () => {
  const store = new MemoryStore();
  const result = 1_000_000;
  const copies = Array.from({ length: 20 }, () => copy(0, 50_000));
  const bomb = deltaTo(1, [BLOB], rawDelta(base.length, result, copies));
  await assertFault("limit", () => index([BLOB, bomb], base.length + result - 1, store));
  assertEquals(store.contents.length, 1);
  await index([BLOB, bomb], base.length + result);
});

Deno.test("ObjectIndex: all objects together count against the limit", async () => {
  const second = { kind: KIND.blob, content: new Uint8Array(10) };
  await assertFault("limit", () => index([BLOB, second], base.length + 9));
  await index([BLOB, second], base.length + 10);
});

Deno.test("ObjectIndex: keeps the commit, and refuses a second and a large one", async () => {
  const found = await index([COMMIT]);
  assertEquals(found.commit && await found.load(found.commit, 10), COMMIT.content);
  assertEquals((await index([BLOB])).commit, undefined);
  await assertFault("commit", () => index([COMMIT, COMMIT]));
  await assertFault("limit", () => index([{ ...COMMIT, content: new Uint8Array(4097) }]));
});

Deno.test("ObjectIndex: leaves names of files alone", async () => {
  const store = new MemoryStore();
  await index([{ kind: KIND.tag, content: base }, BLOB], undefined, store);
  assertEquals(store.contents.length, 1);
});

Deno.test("ObjectIndex: does not load more than it is asked to", async () => {
  const found = await index([BLOB]);
  const blob = await found.find("file", hashObject("blob", base));
  await assertFault("limit", () => found.load(blob, base.length - 1));
});

Deno.test("ObjectIndex: passes on what the store throws, and drops the object", async () => {
  class FullStore extends MemoryStore {
    override create(size: number) {
      const sink = super.create(size);
      return { ...sink, write: () => Promise.reject(new Error("disk full")) };
    }
  }
  const store = new FullStore();
  await assertRejects(() => index([BLOB], undefined, store), Error, "disk full");
  assertEquals(store.aborted, 1);
});
