import { assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import {
  buildDirectory,
  type EntryToPlan,
  hashObject,
  planDirectory,
  sharedSizes,
} from "../../../lib/git/mod.ts";
import { assertFault, itemAt } from "../../support/git.ts";

const utf8 = new TextEncoder();

function file(path: string, content: string): EntryToPlan {
  const bytes = utf8.encode(content);
  const hash = hashObject("blob", bytes);
  return { type: "file", path: path.split("/"), size: bytes.length, hash };
}

function unhashed(path: string, size: number): EntryToPlan {
  return { type: "file", path: path.split("/"), size };
}

function folder(path: string): EntryToPlan {
  return { type: "directory", path: path.split("/") };
}

function names(entries: readonly { readonly name: Uint8Array }[]): string[] {
  return entries.map(({ name }) => new TextDecoder().decode(name));
}

Deno.test("sharedSizes: sizes of more than one file, but not of empty ones and folders", () => {
  const entries = [
    unhashed("a", 5),
    unhashed("b", 7),
    unhashed("c", 5),
    unhashed("d", 5),
    unhashed("e", 0),
    unhashed("f", 0),
    folder("g"),
  ];
  assertEquals(sharedSizes(entries), new Set([5]));
});

Deno.test("planDirectory: the recorded directory", () => {
  const plan = planDirectory("small", [file("1.txt", "one\n"), file("sub/2.txt", "two two\n")]);
  assertEquals([plan.objects, plan.number], [5, 5]);
  const { trees, commit } = buildDirectory(plan, plan.blobs.map(({ hash }) => hash as Uint8Array));
  assertEquals(
    encodeHex(hashObject("tree", itemAt(trees, 1))),
    "f858537ff80076d38b3e98069af289a30f23a3cb",
  );
  assertEquals(
    encodeHex(commit),
    "736d616c6c00f858537ff80076d38b3e98069af289a30f23a3cb35",
  );
});

Deno.test("planDirectory: an empty directory is one empty tree", () => {
  const plan = planDirectory("d", []);
  assertEquals([plan.objects, plan.number, plan.trees], [2, 2, [{ entries: [] }]]);
});

Deno.test("planDirectory: folders that only occur in paths are counted and made", () => {
  const plan = planDirectory("d", [file("a/b/c", "x"), folder("e"), folder("a/b")]);
  assertEquals(plan.number, 1 + 4 + 1);
  assertEquals(plan.objects, 1 + 4 + 1);
});

Deno.test("planDirectory: names each tree after those that it holds, the root last", () => {
  const plan = planDirectory("d", [file("a/b/c", "1"), file("z/y/x", "2"), file("f", "3")]);
  for (const [index, { entries }] of plan.trees.entries()) {
    for (const entry of entries) {
      if (entry.type === "directory") assertEquals(entry.index < index, true);
    }
  }
  assertEquals(names(itemAt(plan.trees, -1).entries), ["a", "f", "z"]);
});

Deno.test("planDirectory: equal files and equal folders are one object each", () => {
  const plan = planDirectory("d", [
    file("a/x", "same"),
    file("b/x", "same"),
    file("c/y", "same"),
    file("c/z", "other"),
    folder("e1"),
    folder("e2"),
  ]);
  assertEquals(plan.blobs.map(({ entry }) => entry), [0, 3]);
  // a and b are equal, e1 and e2 are equal; c and the root stand alone.
  assertEquals(plan.trees.length, 4);
  assertEquals(plan.objects, 2 + 4 + 1);
  assertEquals(plan.number, 4 + 6 + 1);
});

Deno.test("planDirectory: empty files are one object without having been hashed", () => {
  const plan = planDirectory("d", [unhashed("a", 0), unhashed("b", 0), file("c", "")]);
  assertEquals(plan.blobs.length, 1);
  assertEquals(
    encodeHex(plan.blobs[0]?.hash ?? new Uint8Array()),
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
  );
});

Deno.test("planDirectory: a file of a size of its own needs no hash", () => {
  const plan = planDirectory("d", [unhashed("a", 5), unhashed("b", 6), file("c", "1234567")]);
  assertEquals(plan.blobs.map(({ hash }) => hash === undefined), [true, true, false]);
});

Deno.test("planDirectory: a file of a size that others have does", () => {
  assertThrows(() => planDirectory("d", [unhashed("a", 5), unhashed("b", 5)]), RangeError, "hash");
  assertThrows(() => planDirectory("d", [file("a", "12345"), unhashed("b", 5)]), RangeError);
});

Deno.test("planDirectory: paths may be bytes that are no text", () => {
  const entry: EntryToPlan = { type: "file", path: [Uint8Array.of(0xff), "é"], size: 1 };
  const plan = planDirectory(Uint8Array.of(0xfe), [entry]);
  assertEquals(plan.name, Uint8Array.of(0xfe));
  assertEquals(plan.trees.map(({ entries }) => entries[0]?.name), [
    Uint8Array.of(0xc3, 0xa9),
    Uint8Array.of(0xff),
  ]);
});

Deno.test("planDirectory: sorts as Git does", () => {
  const plan = planDirectory("d", [file("a/x", "1"), file("a.b", "2"), file("a0", "3")]);
  assertEquals(names(itemAt(plan.trees, -1).entries), ["a.b", "a", "a0"]);
});

Deno.test("planDirectory: refuses paths that contradict each other, and names that cannot be", async () => {
  const lists = {
    "one path twice": [file("a", "1"), file("a", "1")],
    "a file used as a folder": [file("a", "1"), file("a/b", "2")],
    "a folder used as a file": [file("a/b", "2"), file("a", "1")],
    "a file that is a folder": [folder("a"), file("a", "1")],
    "a folder that is a file": [file("a", "1"), folder("a")],
    "no name": [file("", "1")],
    "no name in the middle": [file("a//b", "1")],
    "NUL": [file("a\0b", "1")],
    "slash": [{ type: "file" as const, path: ["a/b"], size: 1 }],
    "no path": [{ type: "file" as const, path: [], size: 1 }],
  };
  for (const [name, entries] of Object.entries(lists)) {
    await assertFault("tree", () => planDirectory("d", entries), name);
  }
});

Deno.test("planDirectory: refuses sizes that are none", () => {
  for (const size of [-1, 1.5, NaN, 2 ** 53]) {
    assertThrows(() => planDirectory("d", [unhashed("a", size)]), RangeError);
  }
});

Deno.test("buildDirectory: refuses to go on without all hashes", () => {
  assertThrows(() => buildDirectory(planDirectory("d", [unhashed("a", 5)]), []), RangeError);
});
