import { deflateSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodeBaseDistance, type PackObject, PackReader } from "../../../lib/git/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { Random } from "../../support/fuzz.ts";
import {
  assertFault,
  collect,
  KIND,
  rawPack,
  readObjects,
  recordedPack,
  silentStreamOf,
  streamOf,
} from "../../support/git.ts";

const utf8 = new TextEncoder();
const text = utf8.encode(
  "a text that takes the streaming way and shrinks a good deal\n".repeat(1200),
);
const random = new Random(1).bytes(70_000);

const NAME = { kind: KIND.tag, content: utf8.encode("hello.txt") };
const EMPTY = { kind: KIND.blob, content: new Uint8Array() };
/** Small and large objects, stored and deflated, the last one large. */
const MIXED = [
  NAME,
  EMPTY,
  { kind: KIND.tree, content: text.subarray(0, 200) },
  { kind: KIND.blob, content: text, zlib: deflateSync(text, { level: 9 }) },
  { kind: KIND.commit, content: random.subarray(0, 40) },
  { kind: KIND.blob, content: text, zlib: deflateSync(text, { level: 9 }) },
];

async function open(...chunks: readonly Uint8Array[]): Promise<PackReader> {
  return await PackReader.open(streamOf(...chunks));
}

function contents(objects: readonly { readonly content: Uint8Array }[]): Uint8Array[] {
  return objects.map(({ content }) => content);
}

for (const name of ["file-nonce12", "file-nonce20", "directory-nonce12"] as const) {
  const { records, objects } = recordedPack(name);

  Deno.test(`PackReader: session-${name}, record by record`, async () => {
    assertEquals(await readObjects(await open(...records)), objects);
  });

  Deno.test(`PackReader: session-${name}, however it is cut`, async () => {
    for (const { name: cut, chunks } of cuts(concat(records))) {
      assertEquals(await readObjects(await open(...chunks)), objects, cut);
    }
  });
}

Deno.test("PackReader: objects of all sizes, however the pack is cut", async () => {
  for (const { name, chunks } of cuts(rawPack(MIXED))) {
    assertEquals(contents(await readObjects(await open(...chunks))), contents(MIXED), name);
  }
});

Deno.test("PackReader: large content in chunks of any size", async () => {
  const objects = [
    { kind: KIND.blob, content: random },
    { kind: KIND.blob, content: random, zlib: deflateSync(random, { level: 0 }) },
    { kind: KIND.blob, content: new Uint8Array(1_000_000) },
  ];
  const pack = rawPack(objects);
  for (const length of [500, 2047, 32_767, 65_536, 1_000_000]) {
    const chunks = [];
    for (let at = 0; at < pack.length; at += length) chunks.push(pack.subarray(at, at + length));
    assertEquals(contents(await readObjects(await open(...chunks))), contents(objects));
  }
});

Deno.test("PackReader: tells the number of objects at once", async () => {
  const reader = await PackReader.open(silentStreamOf(rawPack(MIXED).subarray(0, 12)));
  assertEquals(reader.objects, 6);
});

Deno.test("PackReader: is done with the trailer's last byte and asks for nothing more", async () => {
  const pack = rawPack(MIXED);
  for (const at of [12, pack.length - 21, pack.length - 20, pack.length - 1, pack.length]) {
    const stream = silentStreamOf(pack.subarray(0, at), pack.subarray(at));
    const reader = await PackReader.open(stream);
    let objects = 0;
    while (await reader.next() !== undefined) objects++;
    await reader.close();
    assertEquals(objects, MIXED.length, `cut at ${at}`);
    assertEquals(await reader.next(), undefined);
  }
});

Deno.test("PackReader: an object can be read as soon as its bytes and one more are there", async () => {
  const pack = rawPack([NAME, { kind: KIND.blob, content: random }]);
  // Header, object header, zlib stream of the name, and the next object's header.
  const nameEnd = 12 + 1 + 17;
  const reader = await PackReader.open(silentStreamOf(pack.subarray(0, nameEnd + 1)));
  const object = await reader.next();
  assertEquals(object && await collect(object.content), NAME.content);
});

Deno.test("bob-relay 10.4: padding after the trailer is not looked at", async () => {
  const padded = concat([rawPack(MIXED), new Random(2).bytes(20_000)]);
  for (const chunks of [[padded], [padded.subarray(0, -20_003), padded.subarray(-20_003)]]) {
    assertEquals(contents(await readObjects(await open(...chunks))), contents(MIXED));
  }
});

Deno.test("PackReader: empty chunks mean nothing", async () => {
  const pack = rawPack([NAME, EMPTY]);
  const chunks = Array.from(pack, (byte) => [new Uint8Array(), Uint8Array.of(byte)]).flat();
  assertEquals((await readObjects(await open(...chunks))).length, 2);
});

Deno.test("PackReader: copies what it keeps of a chunk before it asks for the next", async () => {
  const pack = rawPack(MIXED);
  for (const length of [7, 100, 333]) {
    const buffer = new Uint8Array(length);
    const source = async function* () {
      for (let at = 0; at < pack.length; at += length) {
        buffer.set(pack.subarray(at, at + length));
        yield buffer.subarray(0, Math.min(length, pack.length - at));
        buffer.fill(0);
        await Promise.resolve();
      }
    };
    const reader = await PackReader.open(source());
    assertEquals(contents(await readObjects(reader)), contents(MIXED));
  }
});

Deno.test("PackReader: gives where a delta's base stands", async () => {
  const delta = { kind: KIND.delta, content: utf8.encode("any"), prefix: encodeBaseDistance(30) };
  const pack = rawPack([NAME, { kind: KIND.blob, content: utf8.encode("base") }, delta]);
  for (const { name, chunks } of cuts(pack)) {
    const reader = await open(...chunks);
    const bases: (number | undefined)[] = [];
    for await (const object of reader) {
      bases.push(object.kind === "delta" ? object.base : undefined);
    }
    assertEquals(bases, [undefined, undefined, 43 - 30], name);
  }
});

Deno.test("PackReader: refuses a delta whose base is outside of the pack", async () => {
  for (const distance of [19, 100, Number.MAX_SAFE_INTEGER]) {
    const delta = { kind: KIND.delta, content: random, prefix: encodeBaseDistance(distance) };
    await assertFault("delta", async () => readObjects(await open(rawPack([NAME, delta]))));
  }
});

Deno.test("bob-relay 10.13: a pack that ends too early is truncated, wherever it does", async () => {
  const pack = rawPack(MIXED);
  for (let length = 0; length < pack.length; length++) {
    const whole = async () => readObjects(await open(pack.subarray(0, length)));
    await assertFault("truncated", whole, `${length} bytes`);
  }
});

Deno.test("PackReader: refuses what is not a pack of version 2", async () => {
  await assertFault("signature", () => open(utf8.encode("PaCK\0\0\0\x02\0\0\0\x01")));
  await assertFault("signature", () => open(rawPack([NAME], { version: 3 })));
});

Deno.test("PackReader: refuses no objects and more than the limit, before any is read", async () => {
  await assertFault("count", () => open(rawPack([])));
  await assertFault("count", () => open(rawPack([NAME], { count: 0xffffffff })));
  const three = rawPack([NAME, NAME, NAME]);
  await assertFault("count", () => PackReader.open(streamOf(three), { maxObjects: 2 }));
  await (await PackReader.open(streamOf(three), { maxObjects: 3 })).close();
});

Deno.test("PackReader: refuses deltas by reference and unknown kinds", async () => {
  for (const kind of [KIND.reference, 0, 5]) {
    const prefix = new Uint8Array(20);
    const pack = rawPack([{ kind, content: random, prefix }]);
    await assertFault("kind", async () => readObjects(await open(pack)), `kind ${kind}`);
  }
});

Deno.test("PackReader: refuses content that is shorter or longer than announced", async () => {
  for (const content of [text, text.subarray(0, 100), random]) {
    for (const size of [0, content.length - 1, content.length + 1, 66_000, 2 ** 52]) {
      const pack = rawPack([NAME, { kind: KIND.blob, content, size }, NAME]);
      await assertFault("size", async () => readObjects(await open(pack)), `${size} bytes`);
    }
  }
});

Deno.test("PackReader: refuses what is not zlib, in small and in large objects", async () => {
  for (const content of [text.subarray(0, 1000), text]) {
    const good = deflateSync(content);
    const damaged = (at: number) => good.with(at < 0 ? good.length + at : at, 0xff);
    const streams = {
      "header": damaged(0),
      "first block": damaged(2),
      "Adler-32": damaged(-1),
      "gzip": Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3),
    };
    for (const [name, zlib] of Object.entries(streams)) {
      const pack = rawPack([{ kind: KIND.blob, content, zlib }, NAME, NAME]);
      await assertFault("compression", async () => readObjects(await open(pack)), name);
    }
  }
});

Deno.test("PackReader: refuses a stream that needs a dictionary", async () => {
  const zlib = Uint8Array.of(0x78, 0xbb, 0, 0, 0, 1, 3, 0, 0, 0, 0, 1);
  for (const size of [5, 100_000]) {
    const pack = rawPack([{ kind: KIND.blob, content: EMPTY.content, zlib, size }, NAME]);
    await assertFault("compression", async () => readObjects(await open(pack)));
  }
});

Deno.test("bob-relay 10.13: a wrong trailer is refused, whichever bit", async () => {
  const pack = rawPack([NAME, EMPTY]);
  for (let at = pack.length - 20; at < pack.length; at++) {
    const wrong = pack.with(at, (pack[at] as number) ^ 1);
    await assertFault("checksum", async () => readObjects(await open(wrong)), `byte ${at}`);
  }
});

Deno.test("PackReader: refuses more objects than it announced", async () => {
  const pack = rawPack([NAME, EMPTY], { count: 1 });
  await assertFault("checksum", async () => readObjects(await open(pack)));
});

Deno.test("PackReader: refuses fewer objects than it announced", async () => {
  const pack = rawPack([NAME, EMPTY], { count: 3 });
  const reader = await open(pack);
  await assertRejects(() => readObjects(reader));
});

Deno.test("PackReader: a bomb is stopped at the first byte too many", async () => {
  const zlib = deflateSync(new Uint8Array(100_000_000), { level: 9 });
  for (const size of [10, 100_000]) {
    let asked = 0;
    const pack = rawPack([{ kind: KIND.blob, content: EMPTY.content, zlib, size }]);
    const source = async function* () {
      for (let at = 0; at < pack.length; at += 1000, asked++) {
        await Promise.resolve();
        yield pack.subarray(at, at + 1000);
      }
    };
    await assertFault("size", async () => readObjects(await PackReader.open(source())));
    assert(asked < 3, `${asked} of ${Math.ceil(pack.length / 1000)} chunks were used`);
  }
});

Deno.test("PackReader: hands large content out in bounded pieces while input waits", async () => {
  const zlib = deflateSync(new Uint8Array(20_000_000), { level: 9 });
  const large = { kind: KIND.blob, content: EMPTY.content, zlib, size: 20_000_000 };
  const object = await (await open(rawPack([large]))).next();
  let longest = 0;
  for await (const chunk of (object as PackObject).content) {
    longest = Math.max(longest, chunk.length);
  }
  assertEquals(longest, 65_536);
});

Deno.test("PackReader: skips content that nobody reads, or reads only in part", async () => {
  const reader = await open(rawPack(MIXED));
  const offsets: number[] = [];
  for await (const object of reader) {
    offsets.push(object.offset);
    if (object.size < 1000) continue;
    for await (const _ of object.content) break;
  }
  assertEquals(offsets.length, MIXED.length);
});

Deno.test("PackReader: leaving the loop frees everything and closes the source", async () => {
  for (const readsContent of [false, true]) {
    let closed = false;
    const source = async function* () {
      try {
        yield rawPack([{ kind: KIND.blob, content: random }, NAME]).subarray(0, 50_000);
        await new Promise(() => {});
      } finally {
        closed = true;
      }
    };
    for await (const object of await PackReader.open(source())) {
      if (readsContent) { for await (const _ of object.content) break; }
      break;
    }
    assert(closed);
  }
});

Deno.test("PackReader: closes the source when the header is wrong", async () => {
  let closed = false;
  const source = async function* () {
    try {
      yield await Promise.resolve(new Uint8Array(12));
    } finally {
      closed = true;
    }
  };
  await assertFault("signature", () => PackReader.open(source()));
  assert(closed);
});

Deno.test("PackReader: passes on what the source throws", async () => {
  const failing = async function* () {
    yield await Promise.resolve(rawPack(MIXED).subarray(0, 60));
    throw new Error("the line is dead");
  };
  const reader = await PackReader.open(failing());
  await assertRejects(() => readObjects(reader), Error, "the line is dead");
});

Deno.test("PackReader: content of an earlier object cannot be read any more", async () => {
  const reader = await open(rawPack(MIXED));
  const first = await reader.next();
  await reader.next();
  await assertRejects(() => collect((first as PackObject).content), TypeError, "moved on");
  await reader.close();
});

Deno.test("PackReader: after a fault and after closing nothing can be read", async () => {
  const broken = await open(rawPack([NAME, EMPTY], { trailer: new Uint8Array(20) }));
  await assertFault("checksum", async () => {
    while (await broken.next() !== undefined);
  });
  await assertRejects(() => broken.next(), TypeError);
  const closed = await open(rawPack([NAME]));
  await closed.close();
  await assertRejects(() => closed.next(), TypeError);
});
