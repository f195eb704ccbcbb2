import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { hashObject, ObjectHash } from "../../../lib/git/mod.ts";

const hello = new TextEncoder().encode("hello world\n");

Deno.test("hashObject: names objects as Git does", () => {
  const names = [
    ["blob", new Uint8Array(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"],
    ["tree", new Uint8Array(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904"],
    ["blob", hello, "3b18e512dba79e4c8300dd08aeb37f8e728b8dad"],
  ] as const;
  for (const [kind, content, name] of names) {
    assertEquals(encodeHex(hashObject(kind, content)), name);
  }
});

Deno.test("ObjectHash: does not depend on how the content is cut", () => {
  const hash = new ObjectHash("blob", hello.length);
  for (const byte of hello) hash.update(Uint8Array.of(byte));
  assertEquals(hash.digest(), hashObject("blob", hello));
});
