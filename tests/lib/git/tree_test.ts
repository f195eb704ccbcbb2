import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { concat } from "@std/bytes/concat";
import { decodeTree, encodeTree, hashObject, type TreeEntry } from "../../../lib/git/mod.ts";
import { assertFault } from "../../support/git.ts";

const HASH = new Uint8Array(20).fill(7);
const utf8 = new TextEncoder();

function file(name: string | Uint8Array): TreeEntry {
  return { type: "file", name: typeof name === "string" ? utf8.encode(name) : name, hash: HASH };
}

function folder(name: string): TreeEntry {
  return { ...file(name), type: "directory" };
}

function raw(...entries: readonly string[]): Uint8Array {
  return concat(entries.flatMap((entry) => [utf8.encode(`${entry}\0`), HASH]));
}

function names(entries: readonly TreeEntry[]): string[] {
  return entries.map(({ name }) => new TextDecoder().decode(name));
}

Deno.test("encodeTree: an empty folder is Git's empty tree", () => {
  const hash = hashObject("tree", encodeTree([]));
  assertEquals(encodeHex(hash), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
});

Deno.test("encodeTree: writes modes without leading zero", () => {
  assertEquals(encodeTree([file("a"), folder("b")]), raw("100644 a", "40000 b"));
});

Deno.test("encodeTree: sorts bytewise, a folder as if its name ended in a slash", () => {
  const entries = [folder("a"), file("a.b"), file("a0"), file("B"), file("é"), folder("ab")];
  assertEquals(names(decodeTree(encodeTree(entries))), ["B", "a.b", "a", "a0", "ab", "é"]);
  assertEquals(names(decodeTree(encodeTree(entries.toReversed()))), [
    "B",
    "a.b",
    "a",
    "a0",
    "ab",
    "é",
  ]);
});

Deno.test("encodeTree: refuses names that cannot be and names that occur twice", async () => {
  const lists = [
    [file("")],
    [file("a/b")],
    [file("a\0b")],
    [file("a"), file("a")],
    [file("a"), folder("a")],
    [file("a"), file("a.b"), folder("a")],
  ];
  for (const list of lists) await assertFault("tree", () => encodeTree(list), String(names(list)));
});

Deno.test("encodeTree: refuses a hash of another length", () => {
  assertThrows(() => encodeTree([{ ...file("a"), hash: new Uint8Array(32) }]), RangeError);
});

Deno.test("decodeTree: gives names as raw bytes", () => {
  const name = decodeHex("ff2efe");
  assertEquals(decodeTree(encodeTree([file(name)])), [file(name)]);
});

Deno.test("decodeTree: leaves it to the caller whether a name may be used", () => {
  assertEquals(names(decodeTree(raw("100644 ..", "100644 C:", "40000 .git"))), [
    "..",
    "C:",
    ".git",
  ]);
});

Deno.test("decodeTree: keeps entries that are out of order", () => {
  assertEquals(names(decodeTree(raw("100644 b", "100644 a"))), ["b", "a"]);
});

Deno.test("decodeTree: refuses what is not a tree of bob's", async () => {
  const cases = {
    "empty name": raw("100644 "),
    "no mode": raw("a"),
    "executable": raw("100755 a"),
    "link": raw("120000 a"),
    "submodule": raw("160000 a"),
    "leading zero": raw("040000 a"),
    "no name": utf8.encode("100644"),
    "slash": raw("100644 a/b"),
    "same name twice": raw("100644 a", "100644 a"),
    "same name twice, not side by side": raw("100644 a", "100644 a.b", "40000 a"),
    "cut hash": raw("100644 a").subarray(0, -1),
    "one byte more": concat([raw("100644 a"), Uint8Array.of(0x31)]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    await assertFault("tree", () => decodeTree(bytes), name);
  }
});

Deno.test("decodeTree: refuses a tree that is cut anywhere but between entries", async () => {
  const bytes = raw("100644 a", "40000 b");
  const between = raw("100644 a").length;
  for (let length = 1; length < bytes.length; length++) {
    if (length === between) continue;
    await assertFault("tree", () => decodeTree(bytes.subarray(0, length)), `${length} bytes`);
  }
});

Deno.test("decodeTree: a name of megabytes does no harm", () => {
  const long = file("n".repeat(3_000_000));
  assertEquals(decodeTree(encodeTree([long]))[0]?.name.length, 3_000_000);
});
