import { assert, assertEquals } from "@std/assert";
import { EXIT, EXIT_MEANINGS, ExitFault } from "../../../lib/cli/mod.ts";

Deno.test("EXIT numbers are those that the help of every program explains", () => {
  const numbers = Object.values(EXIT);
  assertEquals(numbers, [0, 1, 2, 3, 4, 5, 6]);
  assertEquals(Object.keys(EXIT_MEANINGS).map(Number), numbers);
});

Deno.test("ExitFault carries status, message, hint and cause", () => {
  const cause = new Error("os error 28");
  const fault = new ExitFault(EXIT.file, "Cannot write", "Make room", { cause });
  assert(fault instanceof Error);
  assertEquals([fault.status, fault.hint, fault.cause], [6, "Make room", cause]);
  assertEquals(String(fault), "ExitFault: Cannot write");
  assertEquals(new ExitFault(EXIT.failed, "Failed").hint, undefined);
});
