import { assert, assertEquals } from "@std/assert";
import { NetFault } from "../../../lib/net/mod.ts";

Deno.test("NetFault carries its code and its cause and names itself", () => {
  const cause = new Error("os error 104");
  const fault = new NetFault("lost", "Cannot read from 10.0.0.1: reset", { cause });
  assert(fault instanceof Error);
  assertEquals([fault.code, fault.cause], ["lost", cause]);
  assertEquals(String(fault), "NetFault: Cannot read from 10.0.0.1: reset");
});
