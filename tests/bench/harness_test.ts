import { assert, assertEquals, assertThrows } from "@std/assert";
import { alternate, assess, formatTable, median, type Row } from "./harness.ts";

Deno.test("median: the middle value whatever the order, and the mean of two", () => {
  assertEquals(median([7]), 7);
  assertEquals(median([9, 1, 100]), 9);
  assertEquals(median([10, 9, 1, 100]), 9.5);
  assertEquals(median([10, 2, 33]), 10); // as numbers, not as text
  assertThrows(() => median([]), RangeError);
});

Deno.test("median: leaves the list as it was", () => {
  const values = [3, 1, 2];
  median(values);
  assertEquals(values, [3, 1, 2]);
});

Deno.test("alternate: the sides take turns, and their values stay apart", async () => {
  const order: string[] = [];
  const side = (name: string) => (run: number) => {
    order.push(`${name}${run}`);
    return Promise.resolve(`${name}${run}`);
  };
  const values = await alternate(3, [side("a"), side("b")]);
  assertEquals(order, ["a1", "b1", "a2", "b2", "a3", "b3"]);
  assertEquals(values, [["a1", "a2", "a3"], ["b1", "b2", "b3"]]);
});

const RATE: Row = {
  name: "rate",
  unit: "MB/s",
  better: "more",
  ours: 90,
  peer: { name: "loop", value: 100 },
  goal: { ratio: 0.9 },
};
const MEMORY: Row = { name: "peak", unit: "MB", better: "less", ours: 60, goal: { below: 120 } };

Deno.test("assess: of a rate, ours by the peer's", () => {
  assertEquals(assess(RATE), {
    ...{ name: "rate", ours: 90, peer: 100, peerName: "loop", unit: "MB/s" },
    ...{ ratio: 0.9, goal: 0.9, met: true },
  });
  assertEquals(assess({ ...RATE, ours: 89 }).met, false);
});

Deno.test("assess: of a time, the peer's by ours, so that above 1 is better for us", () => {
  assertEquals(assess({ ...RATE, better: "less", ours: 50 }).ratio, 2);
});

Deno.test("assess: of a bound, the bound by ours, with a peer or without", () => {
  const { ratio, goal, met, peer, peerName } = assess(MEMORY);
  assertEquals([ratio, goal, met, peer, peerName], [2, 120, true, null, null]);
  assertEquals(assess({ ...MEMORY, peer: { name: "loop", value: 3 } }).ratio, 2);
});

Deno.test("assess: a bound that is just reached is not met", () => {
  assertEquals(assess({ ...MEMORY, ours: 120 }).met, false);
  assertEquals(assess({ ...MEMORY, ours: 121 }).met, false);
});

Deno.test("assess: what could not be measured has neither ratio nor verdict, and says why", () => {
  const noPeer = assess({ ...RATE, peer: { name: "loop", skipped: "cc is not installed" } });
  assertEquals([noPeer.ours, noPeer.peer, noPeer.ratio, noPeer.met], [90, null, null, null]);
  assertEquals(noPeer.skipped, "cc is not installed");
  const { ours: _, ...nothing } = MEMORY;
  const skipped = assess({ ...nothing, skipped: "no memory figures here" });
  assertEquals([skipped.ours, skipped.ratio, skipped.met], [null, null, null]);
  assertEquals(skipped.skipped, "no memory figures here");
});

Deno.test("assess: without a goal there is no verdict", () => {
  const { goal: _, ...row } = RATE;
  const { ratio, goal, met } = assess(row);
  assertEquals([ratio, goal, met], [0.9, null, null]);
});

Deno.test("formatTable: aligned columns, three digits, the goal in words", () => {
  assertEquals(formatTable([RATE, { ...MEMORY, ours: 123.44 }]), [
    "name  ours  peer  unit  ratio  goal      met  beside",
    "rate  90.0   100  MB/s   0.90  >= 0.9    yes  loop",
    "peak   123     -  MB     0.97  < 120 MB  NO",
  ]);
});

Deno.test("formatTable: says what was skipped", () => {
  const peer = { name: "socat", skipped: "socat is not installed" };
  const line = formatTable([{ ...RATE, peer }])[1] ?? "";
  assert(line.endsWith("socat (skipped: socat is not installed)"), line);
});
