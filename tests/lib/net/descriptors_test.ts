import { assert, assertEquals } from "@std/assert";
import { connectionsLeft } from "../../../lib/net/mod.ts";
import { runScript } from "../../support/child.ts";

async function leftOf(descriptors: number, most: number): Promise<number> {
  const { status, out, err } = await runScript("count_descriptors.ts", {
    args: [String(most)],
    descriptors,
  });
  assertEquals([status, err], [0, ""]);
  const { left, again } = JSON.parse(out);
  assertEquals(again, left, "all were closed again");
  return left;
}

Deno.test("connectionsLeft gives no more than asked for", () => {
  assertEquals([connectionsLeft(10), connectionsLeft(4)], [10, 4]);
});

Deno.test("connectionsLeft leaves descriptors for everything else where the limit is low", async () => {
  const left = await leftOf(256, 4096);
  assert(left > 100 && left <= 256 - 64, `${left} of 256`);
  const half = await leftOf(90, 4096);
  assert(half >= 4 && half <= 45, `${half} of 90`);
});
