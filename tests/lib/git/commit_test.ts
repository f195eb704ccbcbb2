import { assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { decodeCommit, encodeCommit } from "../../../lib/git/mod.ts";
import { assertFault } from "../../support/git.ts";

const TREE = decodeHex("f858537ff80076d38b3e98069af289a30f23a3cb");
const utf8 = new TextEncoder();

function raw(name: string, number: string): Uint8Array {
  return concat([utf8.encode(`${name}\0`), TREE, utf8.encode(number)]);
}

Deno.test("encodeCommit: the recorded one", () => {
  const commit = encodeCommit({ name: utf8.encode("small"), tree: TREE, number: 5 });
  assertEquals(encodeHex(commit), "736d616c6c00f858537ff80076d38b3e98069af289a30f23a3cb35");
});

Deno.test("decodeCommit: reads back what was written", () => {
  for (const number of [0, 1, 12345, Number.MAX_SAFE_INTEGER]) {
    const commit = { name: utf8.encode("é"), tree: TREE, number };
    assertEquals(decodeCommit(encodeCommit(commit)), commit);
  }
});

Deno.test("decodeCommit: refuses what is not a commit of bob's", async () => {
  const cases = {
    "empty": new Uint8Array(),
    "no name": raw("", "5"),
    "no number": raw("a", ""),
    "sign": raw("a", "-5"),
    "leading zero": raw("a", "05"),
    "hexadecimal": raw("a", "5f"),
    "white space": raw("a", "5\n"),
    "not ASCII": raw("a", "٥"),
    "above 2^53 - 1": raw("a", "9007199254740992"),
    "far above": raw("a", "9".repeat(400)),
    "cut hash": raw("a", "").subarray(0, -1),
    "no NUL": utf8.encode("small"),
    "bytes that are not UTF-8": concat([raw("a", ""), Uint8Array.of(0xff)]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    await assertFault("commit", () => decodeCommit(bytes), name);
  }
});

Deno.test("encodeCommit: refuses names, hashes and numbers that cannot be", () => {
  const good = { name: utf8.encode("a"), tree: TREE, number: 1 };
  assertThrows(() => encodeCommit({ ...good, name: new Uint8Array() }), RangeError);
  assertThrows(() => encodeCommit({ ...good, name: utf8.encode("a\0b") }), RangeError);
  assertThrows(() => encodeCommit({ ...good, tree: new Uint8Array(19) }), RangeError);
  assertThrows(() => encodeCommit({ ...good, number: -1 }), RangeError);
});
