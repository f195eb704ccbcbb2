import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  type EntryToPlan,
  hashObject,
  packDirectory,
  packFile,
  type PackOptions,
  PackReader,
  planDirectory,
} from "../../../lib/git/mod.ts";
import { Random } from "../../support/fuzz.ts";
import { assertFault, itemAt, readObjects, recordedPack, streamOf } from "../../support/git.ts";

const utf8 = new TextEncoder();
const random = new Random(1).bytes(200_000);
const text = utf8.encode("a line of text that shrinks\n".repeat(20_000));

async function pack(
  name: string,
  content: Uint8Array,
  options?: PackOptions,
): Promise<Uint8Array[]> {
  const file = { name: utf8.encode(name), size: content.length, content: streamOf(content) };
  return await Array.fromAsync(packFile(file, options));
}

async function read(pieces: readonly Uint8Array[]) {
  return await readObjects(await PackReader.open(streamOf(...pieces)));
}

Deno.test("packFile: writes the recorded pack byte for byte, but for how its end is cut", async () => {
  const { records } = recordedPack("file-nonce12");
  // The reference happens to write the Adler-32 as a record of its own.
  const expected = [...records.slice(0, 4), concat(records.slice(4, 6)), ...records.slice(6)];
  assertEquals(await pack("hello.txt", utf8.encode("Hello World!\n")), expected);
});

for (const compression of ["auto", "deflate", "store"] as const) {
  Deno.test(`bob-relay 10.2: packFile with ${compression} gives the records of section 7.1`, async () => {
    for (const content of [new Uint8Array(), text.subarray(0, 9), text, random]) {
      const pieces = await pack("hello.txt", content, { compression });
      const lengths = pieces.map((piece) => piece.length);
      assertEquals([lengths[0], lengths[1], lengths.at(-1)], [12, 1, 20]);
      assertEquals((itemAt(pieces, 3)[0] as number) >> 4 & 7, 3);
      const inner = lengths.slice(4, -1);
      assertEquals(inner.slice(0, -1).every((length) => length === 32_767), true);
      assert((inner.at(-1) as number) <= 32_767);
      const [name, blob] = await read(pieces);
      assertEquals([name?.kind, name?.content], ["tag", utf8.encode("hello.txt")]);
      assertEquals([blob?.kind, blob?.content], ["blob", content]);
    }
  });

  Deno.test(`packDirectory: what ${compression} writes is read back`, async () => {
    const contents = [text, random, text.subarray(0, 10), new Uint8Array()];
    const plan = planDirectory("d", contents.map((content, i) => file(`f${i}`, content)));
    const pieces = await Array.fromAsync(
      packDirectory(plan, ({ entry }) => streamOf(itemAt(contents, entry)), { compression }),
    );
    const objects = await read(pieces);
    assertEquals(objects.map(({ kind }) => kind), [
      "commit",
      "tree",
      ...contents.map(() => "blob" as const),
    ]);
    assertEquals(objects.slice(2).map(({ content }) => content), contents);
  });
}

function file(path: string, content: Uint8Array): EntryToPlan {
  const hash = hashObject("blob", content);
  return { type: "file", path: path.split("/"), size: content.length, hash };
}

Deno.test("packFile: a name of 16 bytes has a header of two", async () => {
  const pieces = await pack("sixteen-bytes.bi", text);
  assertEquals(pieces[1], Uint8Array.of(0xc0, 0x01));
  assertEquals((await read(pieces))[0]?.content, utf8.encode("sixteen-bytes.bi"));
});

Deno.test("packFile: pieces are as short as asked for", async () => {
  const pieces = await pack("x", random, { pieceBytes: 2047 });
  assertEquals(Math.max(...pieces.map((piece) => piece.length)), 2047);
  assertEquals((await read(pieces))[1]?.content, random);
});

Deno.test("packFile: does not depend on how the content is cut", async () => {
  const whole = concat(await pack("x", text.subarray(0, 5000)));
  for (const length of [1, 333, 4999]) {
    const content = async function* () {
      const buffer = new Uint8Array(length);
      for (let at = 0; at < 5000; at += length) {
        const part = text.subarray(at, Math.min(at + length, 5000));
        buffer.set(part);
        yield await Promise.resolve(buffer.subarray(0, part.length));
      }
    };
    const pieces = packFile({ name: utf8.encode("x"), size: 5000, content: content() });
    assertEquals(concat(await Array.fromAsync(pieces)), whole);
  }
});

Deno.test("packFile: the content is opened late and closed when the receiver is gone", async () => {
  let state = "untouched";
  const content = async function* () {
    state = "open";
    try {
      while (true) yield await Promise.resolve(random);
    } finally {
      state = "closed";
    }
  };
  const pieces = packFile({ name: utf8.encode("x"), size: 1e9, content: content() });
  for (let i = 0; i < 4; i++) await pieces.next();
  assertEquals(state, "untouched");
  await pieces.next();
  assertEquals(state, "open");
  await pieces.return();
  assertEquals(state, "closed");
});

Deno.test("packFile: content of another length is a change, and nothing complete goes out", async () => {
  for (const [size, length] of [[10, 9], [10, 11], [0, 1], [300_000, 299_999], [70_000, 140_000]]) {
    const content = text.subarray(0, length);
    const pieces: Uint8Array[] = [];
    await assertFault("changed", async () => {
      const source = { name: utf8.encode("x"), size: size as number, content: streamOf(content) };
      for await (const piece of packFile(source)) pieces.push(piece);
    });
    await assertFault("truncated", () => read(pieces));
  }
});

Deno.test("packFile: an endless content is noticed at the first byte too many", async () => {
  let chunks = 0;
  const endless = async function* () {
    for (;; chunks++) yield await Promise.resolve(random);
  };
  const source = { name: utf8.encode("x"), size: 1000, content: endless() };
  await assertFault("changed", () => Array.fromAsync(packFile(source)));
  assertEquals(chunks, 0);
});

Deno.test("packFile: refuses an empty name", async () => {
  await assertRejects(() => pack("", text), RangeError);
});

Deno.test("packDirectory: writes the objects of the recorded session", async () => {
  const contents = [utf8.encode("one\n"), utf8.encode("two two\n")];
  const entries = [file("1.txt", itemAt(contents, 0)), file("sub/2.txt", itemAt(contents, 1))];
  const plan = planDirectory("small", entries);
  const objects = await read(
    await Array.fromAsync(packDirectory(plan, ({ entry }) => streamOf(itemAt(contents, entry)))),
  );
  const ours = objects.map(({ content }) => String(content)).sort();
  const theirs = recordedPack("directory-nonce12").objects.map(({ content }) => String(content));
  assertEquals(ours, theirs.sort());
});

Deno.test("packDirectory: equal files go out once", async () => {
  const plan = planDirectory("d", [file("a", text), file("b", text), file("c/a", text)]);
  let opened = 0;
  const pieces = await Array.fromAsync(packDirectory(plan, () => {
    opened++;
    return streamOf(text);
  }));
  assertEquals(opened, 1);
  assertEquals((await read(pieces)).map(({ kind }) => kind), ["commit", "tree", "tree", "blob"]);
});

Deno.test("packDirectory: a file that no longer has its hash or its size is a change", async () => {
  const plan = planDirectory("d", [file("a", utf8.encode("before"))]);
  for (const now of ["beFore", "befor", "before2"]) {
    const pieces = packDirectory(plan, () => streamOf(utf8.encode(now)));
    await assertFault("changed", () => Array.fromAsync(pieces), now);
  }
});

Deno.test("packDirectory: the name comes first, the content last", async () => {
  const plan = planDirectory("d", [file("a", text), file("b/c", utf8.encode("other"))]);
  const pieces = packDirectory(
    plan,
    ({ entry }) => streamOf(entry === 0 ? text : utf8.encode("other")),
  );
  const objects = await read(await Array.fromAsync(pieces));
  assertEquals(objects.map(({ kind }) => kind), ["commit", "tree", "tree", "blob", "blob"]);
});

Deno.test("packDirectory: an empty directory is one tree and one commit", async () => {
  const pieces = await Array.fromAsync(packDirectory(planDirectory("d", []), () => streamOf()));
  assertEquals((await read(pieces)).map(({ kind, size }) => [kind, size]), [
    ["commit", 23],
    ["tree", 0],
  ]);
});
