import { assertEquals } from "@std/assert";
import { Backoff } from "../../../lib/net/mod.ts";

function delays(backoff: Backoff, count: number): number[] {
  return Array.from({ length: count }, () => backoff.next());
}

Deno.test("Backoff doubles up to half a minute", () => {
  const backoff = new Backoff(() => 0);
  assertEquals(delays(backoff, 7), [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

Deno.test("Backoff shortens each delay by up to a fifth, and not those that follow", () => {
  const random = [0.5, 1, 0];
  const backoff = new Backoff(() => random.shift() ?? 0);
  assertEquals(delays(backoff, 3), [900, 1600, 4000]);
});

Deno.test("Backoff.reset starts over", () => {
  const backoff = new Backoff(() => 0);
  delays(backoff, 5);
  backoff.reset();
  assertEquals(delays(backoff, 2), [1000, 2000]);
});
