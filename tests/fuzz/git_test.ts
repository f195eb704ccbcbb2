// Hostile packs: a decoder throws nothing but its fault, and what it accepts means one thing.

import { createHash } from "node:crypto";
import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  compareEntries,
  decodeBaseDistance,
  decodeCommit,
  decodeObjectHeader,
  decodeTree,
  encodeBaseDistance,
  encodeCommit,
  encodeObjectHeader,
  encodeTree,
  type EntryToPlan,
  GitFault,
  hashObject,
  ObjectIndex,
  openDelta,
  packDirectory,
  packFile,
  PackReader,
  planDirectory,
  resolveDirectory,
  walkDirectory,
} from "../../lib/git/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";
import {
  accessTo,
  collect,
  copy,
  insert,
  itemAt,
  KIND,
  MemoryStore,
  rawDelta,
  rawObject,
  rawPack,
  streamOf,
} from "../support/git.ts";

const utf8 = new TextEncoder();

/** What the call gives, or undefined when it throws the fault; anything else is a failure. */
async function accepted<T>(call: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof GitFault) return undefined;
    throw error;
  }
}

function cutAnywhere(random: Random, bytes: Uint8Array): Uint8Array[] {
  const most = random.below(16) === 0 ? 1 : random.pick([40, 300, bytes.length + 1]);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const chunk = bytes.subarray(at, at + random.below(most) + 1);
    chunks.push(chunk);
    at += chunk.length;
  }
  return chunks;
}

function randomName(random: Random): Uint8Array {
  return random.bytes(1 + random.below(4)).map((byte) => byte === 0 || byte === 0x2f ? 97 : byte);
}

fuzz("git: object header", async (random) => {
  const bytes = random.bytes(random.below(10));
  const header = await accepted(() => decodeObjectHeader(bytes));
  if (header === undefined) return;
  const again = encodeObjectHeader(header.kind, header.size);
  assertEquals(decodeObjectHeader(again), { ...header, length: again.length });
  // Only a size with needless zeros at its end can be written in another way.
  if (again.length === header.length) assertEquals(again, bytes.slice(0, header.length));
});

fuzz("git: base distance", async (random) => {
  const bytes = random.bytes(random.below(10));
  const decoded = await accepted(() => decodeBaseDistance(bytes));
  if (decoded === undefined) return;
  assertEquals(encodeBaseDistance(decoded.distance), bytes.slice(0, decoded.length));
});

fuzz("git: tree", async (random) => {
  const entries = Array.from({ length: random.below(6) }, () => ({
    type: random.pick(["file", "directory"] as const),
    name: randomName(random),
    hash: random.bytes(20),
  }));
  const tree = await accepted(() => encodeTree(entries));
  if (tree === undefined) return;
  const bytes = random.bool() ? tree : random.mutate(tree);
  const decoded = await accepted(() => decodeTree(bytes));
  if (decoded === undefined) return;
  const again = encodeTree(decoded);
  assertEquals(again.length, bytes.length);
  assertEquals(decodeTree(again), decoded.toSorted(compareEntries));
});

fuzz("git: commit", async (random) => {
  const name = randomName(random);
  const commit = encodeCommit({ name, tree: random.bytes(20), number: random.next() });
  const bytes = random.bool() ? random.mutate(commit) : random.bytes(random.below(40));
  const decoded = await accepted(() => decodeCommit(bytes));
  if (decoded !== undefined) assertEquals(encodeCommit(decoded), bytes);
});

function randomDelta(random: Random, base: Uint8Array): { delta: Uint8Array; result: Uint8Array } {
  const steps: Uint8Array[] = [];
  const parts: Uint8Array[] = [];
  for (let count = random.below(6); count > 0; count--) {
    if (random.bool() || base.length === 0) {
      const bytes = random.bytes(1 + random.below(127));
      steps.push(insert(bytes));
      parts.push(bytes);
    } else {
      const offset = random.below(base.length);
      const length = 1 + random.below(base.length - offset);
      steps.push(copy(offset, length));
      parts.push(base.subarray(offset, offset + length));
    }
  }
  const result = concat(parts);
  return { delta: rawDelta(base.length, result.length, steps), result };
}

fuzz("git: delta", async (random) => {
  const base = random.bytes(random.below(300));
  const { delta, result } = randomDelta(random, base);
  const damaged = random.bool();
  const bytes = damaged ? random.mutate(delta) : delta;
  const store = accessTo(base);
  const applied = await accepted(async () => {
    const { size, content } = await openDelta(store, streamOf(...cutAnywhere(random, bytes)));
    const made = await collect(content);
    assertEquals(made.length, size);
    return made;
  });
  if (!damaged) assertEquals(applied, result);
  if (applied === undefined) return;
  const whole = await openDelta(store, streamOf(bytes));
  assertEquals(await collect(whole.content), applied);
});

/** A directory's pack with deltas in it, now and then with large objects. */
function samplePack(random: Random): Uint8Array<ArrayBuffer> {
  const base = random.bytes(random.below(200));
  const { delta, result } = randomDelta(random, base);
  const large = { kind: KIND.blob, content: new Uint8Array(random.pick([3, 3, 3, 70_000])) };
  const blob = { kind: KIND.blob, content: base };
  const distance = concat(rawObject(blob)).length;
  const derived = { kind: KIND.delta, content: delta, prefix: encodeBaseDistance(distance) };
  const names = [base, result, large.content].map((content, i) => ({
    type: "file" as const,
    name: utf8.encode(`f${i}`),
    hash: hashObject("blob", content),
  }));
  const inner = { kind: KIND.tree, content: encodeTree(names) };
  const folder = { type: "directory" as const, name: utf8.encode("d") };
  const outer = {
    kind: KIND.tree,
    content: encodeTree([{ ...folder, hash: hashObject("tree", inner.content) }, itemAt(names, 0)]),
  };
  const commit = {
    kind: KIND.commit,
    content: encodeCommit({
      name: utf8.encode("dir"),
      tree: hashObject("tree", outer.content),
      number: 6,
    }),
  };
  const objects = [large, blob, derived, inner, outer, commit];
  if (random.bool()) return rawPack(objects);
  // Damage that the compression's checksum does not show.
  const at = random.below(objects.length);
  const content = random.mutate(itemAt(objects, at).content);
  return rawPack(objects.with(at, { ...itemAt(objects, at), content }));
}

/** So that damage in the middle is not found by the trailer alone. */
function withRightTrailer(pack: Uint8Array): Uint8Array {
  if (pack.length < 20) return pack;
  const body = pack.subarray(0, -20);
  return concat([body, createHash("sha1").update(body).digest()]);
}

fuzz("git: pack of a directory", async (random) => {
  const pack = samplePack(random);
  const damaged = random.bool();
  const mutated = damaged ? random.mutate(pack) : pack;
  const bytes = random.bool() ? withRightTrailer(mutated) : mutated;
  const store = new MemoryStore();
  const listing = await accepted(async () => {
    const index = new ObjectIndex(store, 1 << 20);
    const source = streamOf(...cutAnywhere(random, bytes));
    for await (const object of await PackReader.open(source)) {
      if (random.below(20) > 0) await index.add(object);
    }
    const tree = await resolveDirectory(index, { maxEntries: 100 });
    return [...walkDirectory(tree.root)];
  });
  assertEquals(store.unclosed, 0);
  if (listing !== undefined) assertEquals(listing.length, 5);
});

fuzz("git: what is written is read back", async (random) => {
  const contents = Array.from({ length: random.below(4) }, () => {
    const bytes = random.bytes(random.pick([0, 1, 10, 200]));
    const times = random.below(50) === 0 ? 400 : random.below(8);
    return random.bool() ? bytes : concat(new Array(times).fill(bytes));
  });
  const compression = random.pick(["auto", "deflate", "store"] as const);
  const pieceBytes = random.pick([20, 100, 2047, 32_767]);
  const open = (content: Uint8Array) => streamOf(...cutAnywhere(random, content));
  for (const content of contents) {
    const file = { name: randomName(random), size: content.length, content: open(content) };
    const reader = await PackReader.open(packFile(file, { compression, pieceBytes }));
    const read: Uint8Array[] = [];
    for await (const object of reader) read.push(await collect(object.content));
    assertEquals(read, [file.name, content]);
  }
  const entries = contents.map((content, i): EntryToPlan => ({
    type: "file",
    path: [...Array.from({ length: random.below(3) }, () => random.pick(["a", "b"])), `f${i}`],
    size: content.length,
    hash: hashObject("blob", content),
  }));
  const plan = planDirectory(randomName(random), entries);
  const pack = packDirectory(plan, ({ entry }) => open(contents[entry] as Uint8Array), {
    compression,
    pieceBytes,
  });
  const store = new MemoryStore();
  const index = new ObjectIndex(store);
  for await (const object of await PackReader.open(pack)) await index.add(object);
  const found = new Map<string, Uint8Array>();
  for (const { path, node } of walkDirectory((await resolveDirectory(index)).root)) {
    if (node.type === "directory") continue;
    const text = path.map((name) => new TextDecoder().decode(name)).join("/");
    found.set(text, store.contents[node.object] as Uint8Array);
  }
  assertEquals(
    found,
    new Map(
      entries.map(({ path }, i) => [path.join("/"), contents[i] as Uint8Array] as const).sort(),
    ),
  );
});
