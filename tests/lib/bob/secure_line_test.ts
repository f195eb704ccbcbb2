import { assertEquals } from "@std/assert";
import { SecureLine } from "../../../lib/bob/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { latin } from "./relay_world.ts";

/** What the line ends as, once it is neither complete nor hopeless any more. */
function read(chunks: Iterable<Uint8Array>): Uint8Array | "invalid" | undefined {
  const line = new SecureLine();
  for (const chunk of chunks) {
    const result = line.push(chunk);
    if (result !== undefined) return result;
  }
  return undefined;
}

Deno.test("SecureLine reads a line of at most 100 bytes with its newline", async (t) => {
  const table: readonly (readonly [name: string, input: string, result: string])[] = [
    ["an identity", "127.0.0.1:43502\n", "127.0.0.1:43502"],
    ["an empty line", "\n", ""],
    ["carriage return is part of the line", "a\r\n", "a\r"],
    ["99 bytes", `${"x".repeat(99)}\n`, "x".repeat(99)],
    ["100 bytes", `${"x".repeat(100)}\n`, "invalid"],
    ["100 bytes without newline", "x".repeat(100), "invalid"],
  ];
  for (const [name, input, result] of table) {
    await t.step(name, () => {
      for (const { name: cut, chunks } of cuts(latin(input))) {
        const expected = result === "invalid" ? result : latin(result);
        assertEquals(read(chunks), expected, cut);
      }
    });
  }
});

Deno.test("SecureLine waits while there is neither newline nor too much", () => {
  assertEquals(read([latin("x".repeat(99))]), undefined);
  assertEquals(read([new Uint8Array()]), undefined);
});

Deno.test("SecureLine refuses bytes behind the newline in the same chunk", () => {
  assertEquals(read([latin("127.0.0.1:43502\nPACK")]), "invalid");
  assertEquals(read([latin("127.0.0.1:"), latin("43502\n\n")]), "invalid");
});
