import { assertEquals } from "@std/assert";
import { bytesKey } from "../../../lib/git/bytes_key.ts";

Deno.test("bytesKey: keeps apart what differs in one bit, and only that", () => {
  const all = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte, 1));
  assertEquals(new Set(all.map(bytesKey)).size, 256);
  assertEquals(bytesKey(Uint8Array.of(9, 200, 1).subarray(1)), bytesKey(all[200] as Uint8Array));
});
