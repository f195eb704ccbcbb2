import { assertEquals } from "@std/assert";
import { LineBudget } from "../../../../lib/triba/core/line_budget.ts";

Deno.test("LineBudget admits so many lines a second, and then tells how many it did not", () => {
  const budget = new LineBudget(2);
  const admitted = (now: number) => budget.take(now);
  assertEquals(admitted(0), { admitted: true, leftOut: 0 });
  assertEquals(admitted(500), { admitted: true, leftOut: 0 });
  assertEquals(admitted(998), { admitted: false, leftOut: 0 });
  assertEquals(admitted(999), { admitted: false, leftOut: 0 });
  assertEquals(admitted(1000), { admitted: true, leftOut: 2 });
  assertEquals(admitted(5000), { admitted: true, leftOut: 0 });
});
