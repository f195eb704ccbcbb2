import { assertEquals } from "@std/assert";
import { givenSoftLimit, type Limit } from "../../../lib/process/mod.ts";

Deno.test("givenSoftLimit is the parent's, where no limit was set between", () => {
  const none = 2n ** 64n - 1n;
  const cases: readonly (readonly [string, bigint, Limit | undefined, bigint])[] = [
    ["inherited", 4096n, { soft: 256n, hard: 4096n }, 256n],
    ["inherited, raised by the parent", 4096n, { soft: 4096n, hard: 4096n }, 4096n],
    ["without a limit", none, { soft: 1024n, hard: none }, 1024n],
    ["the shell lowered the hard one", 4096n, { soft: 1024n, hard: 20_000n }, 1024n],
    ["a manager that set its default", 524_288n, { soft: none, hard: none }, 1024n],
    ["a manager that was told a number", 8192n, { soft: none, hard: none }, 8192n],
    ["a parent that cannot be asked, default", 524_288n, undefined, 1024n],
    ["a parent that cannot be asked, a number", 8192n, undefined, 8192n],
  ];
  for (const [name, hard, parent, expected] of cases) {
    assertEquals(givenSoftLimit({ soft: hard, hard }, parent), expected, name);
  }
});
