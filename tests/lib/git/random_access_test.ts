import { assertEquals } from "@std/assert";
import { readAll, readExactly } from "../../../lib/git/mod.ts";
import { Random } from "../../support/fuzz.ts";
import { accessTo, assertFault } from "../../support/git.ts";

const bytes = new Random(1).bytes(1000);

Deno.test("readAll: reads on until everything is there", async () => {
  for (const most of [1, 7, 999, 1000, 5000]) {
    assertEquals(await readAll(accessTo(bytes, most)), bytes, `${most} bytes at a time`);
  }
});

Deno.test("readExactly: reads a part", async () => {
  const into = new Uint8Array(10);
  await readExactly(accessTo(bytes, 3), 500, into);
  assertEquals(into, bytes.subarray(500, 510));
});

Deno.test("readExactly: content that ends too early is a fault, not a loop", async () => {
  await assertFault("missing", () => readExactly(accessTo(bytes), 995, new Uint8Array(6)));
  await assertFault("missing", () => readAll({ ...accessTo(bytes), size: 1001 }));
});
