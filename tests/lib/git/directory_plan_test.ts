import { assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import {
  decodeCommit,
  decodeTree,
  type EntryToPlan,
  hashObject,
  planDirectory,
} from "../../../lib/git/mod.ts";
import { assertFault, itemAt } from "../../support/git.ts";

const utf8 = new TextEncoder();

function file(path: string, content: string): EntryToPlan {
  const bytes = utf8.encode(content);
  const hash = hashObject("blob", bytes);
  return { type: "file", path: path.split("/"), size: bytes.length, hash };
}

function folder(path: string): EntryToPlan {
  return { type: "directory", path: path.split("/") };
}

function names(tree: Uint8Array): string[] {
  return decodeTree(tree).map(({ name }) => new TextDecoder().decode(name));
}

/** What the commit says: files, folders and one more. */
function numberOf({ commit }: { readonly commit: Uint8Array }): number {
  return decodeCommit(commit).number;
}

Deno.test("planDirectory: the recorded directory", () => {
  const plan = planDirectory("small", [file("1.txt", "one\n"), file("sub/2.txt", "two two\n")]);
  assertEquals(plan.objects, 5);
  assertEquals(
    encodeHex(hashObject("tree", itemAt(plan.trees, 1))),
    "f858537ff80076d38b3e98069af289a30f23a3cb",
  );
  assertEquals(
    encodeHex(plan.commit),
    "736d616c6c00f858537ff80076d38b3e98069af289a30f23a3cb35",
  );
});

Deno.test("planDirectory: an empty directory is one empty tree", () => {
  const plan = planDirectory("d", []);
  assertEquals([plan.objects, numberOf(plan), plan.trees], [2, 2, [new Uint8Array()]]);
});

Deno.test("planDirectory: folders that only occur in paths are counted and made", () => {
  const plan = planDirectory("d", [file("a/b/c", "x"), folder("e"), folder("a/b")]);
  assertEquals(numberOf(plan), 1 + 4 + 1);
  assertEquals(plan.objects, 1 + 4 + 1);
});

Deno.test("planDirectory: names each tree after those that it holds, the root last", () => {
  const plan = planDirectory("d", [file("a/b/c", "1"), file("z/y/x", "2"), file("f", "3")]);
  const known = new Set<string>();
  for (const tree of plan.trees) {
    for (const { type, hash } of decodeTree(tree)) {
      if (type === "directory") assertEquals(known.has(encodeHex(hash)), true);
    }
    known.add(encodeHex(hashObject("tree", tree)));
  }
  assertEquals(names(itemAt(plan.trees, -1)), ["a", "f", "z"]);
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
  assertEquals(numberOf(plan), 4 + 6 + 1);
});

Deno.test("planDirectory: paths may be bytes that are no text", () => {
  const { hash, size } = file("x", "x") as { hash: Uint8Array; size: number };
  const entry: EntryToPlan = { type: "file", path: [Uint8Array.of(0xff), "é"], size, hash };
  const plan = planDirectory(Uint8Array.of(0xfe), [entry]);
  assertEquals(decodeCommit(plan.commit).name, Uint8Array.of(0xfe));
  assertEquals(plan.trees.map((tree) => decodeTree(tree)[0]?.name), [
    Uint8Array.of(0xc3, 0xa9),
    Uint8Array.of(0xff),
  ]);
});

Deno.test("planDirectory: sorts as Git does", () => {
  const plan = planDirectory("d", [file("a/x", "1"), file("a.b", "2"), file("a0", "3")]);
  assertEquals(names(itemAt(plan.trees, -1)), ["a.b", "a", "a0"]);
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
    "slash": [{ ...file("a", "1"), path: ["a/b"] }],
    "no path": [{ ...file("a", "1"), path: [] }],
  };
  for (const [name, entries] of Object.entries(lists)) {
    await assertFault("tree", () => planDirectory("d", entries), name);
  }
});

Deno.test("planDirectory: refuses sizes and hashes that are none", () => {
  const hash = new Uint8Array(20);
  for (const size of [-1, 1.5, NaN, 2 ** 53]) {
    assertThrows(() => planDirectory("d", [{ type: "file", path: ["a"], size, hash }]), RangeError);
  }
  const short = { type: "file" as const, path: ["a"], size: 1, hash: hash.subarray(1) };
  assertThrows(() => planDirectory("d", [short]), RangeError);
});
