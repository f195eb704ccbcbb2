import { assertEquals } from "@std/assert";
import { Deadlines, earliest } from "../../../lib/net/mod.ts";

Deno.test("Deadlines ends time-outs in the order of their start", () => {
  const deadlines = new Deadlines<string>(100);
  assertEquals(deadlines.next, undefined);
  deadlines.start("a", 0);
  deadlines.start("b", 10);
  deadlines.start("c", 20);
  assertEquals(deadlines.next, 100);
  assertEquals([...deadlines.due(99)], []);
  assertEquals([...deadlines.due(110)], ["a", "b"]);
  assertEquals([deadlines.next, deadlines.size], [120, 1]);
});

Deno.test("Deadlines starts a key anew at its second start", () => {
  const deadlines = new Deadlines<string>(100);
  deadlines.start("a", 0);
  deadlines.start("b", 10);
  assertEquals(deadlines.next, 100);
  deadlines.start("a", 20);
  assertEquals(deadlines.next, 110);
  assertEquals([...deadlines.due(115)], ["b"]);
  assertEquals([...deadlines.due(120)], ["a"]);
});

Deno.test("Deadlines leaves out what is cancelled, also while it is being gone through", () => {
  const deadlines = new Deadlines<string>(100);
  for (const key of ["a", "b", "c", "d"]) deadlines.start(key, 0);
  assertEquals(deadlines.next, 100);
  deadlines.cancel("a");
  deadlines.cancel("unknown");
  const due: string[] = [];
  for (const key of deadlines.due(100)) {
    due.push(key);
    deadlines.cancel("c");
  }
  assertEquals(due, ["b", "d"]);
  assertEquals(deadlines.next, undefined);
  deadlines.start("e", 0);
  assertEquals(deadlines.next, 100);
  deadlines.clear();
  assertEquals([deadlines.next, [...deadlines.due(1000)]], [undefined, []]);
});

Deno.test("earliest passes over what is missing", () => {
  assertEquals(earliest(), undefined);
  assertEquals(earliest(undefined, undefined), undefined);
  assertEquals(earliest(undefined, 5, 3, undefined), 3);
});
