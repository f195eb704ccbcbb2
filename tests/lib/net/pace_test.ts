import { assert, assertEquals } from "@std/assert";
import { BufferBudget, forward, Pace } from "../../../lib/net/mod.ts";
import { FakeTime, settle } from "../../support/time.ts";

const SHARE_MS = 5;

/** A loop that never has to wait for anything but its pace. */
async function run(pace: Pace, goesOn: () => boolean, onRound: () => void): Promise<void> {
  using _loop = pace.enter();
  while (goesOn()) {
    while (pace.isUsedUp()) await pace.rest();
    onRound();
    await Promise.resolve();
  }
}

Deno.test("Pace does not stop anybody while timers fire in time", async () => {
  using time = new FakeTime();
  const pace = new Pace();
  using _loop = pace.enter();
  for (let i = 0; i < 10; i++) {
    assert(!pace.isUsedUp());
    assertEquals(time.pending, [SHARE_MS]);
    await time.advance(SHARE_MS);
  }
});

Deno.test("Pace stops a loop whose timer is late until the timer fires", async () => {
  let now = 0;
  using time = new FakeTime();
  performance.now = () => now; // passes although no timer fires
  const pace = new Pace();
  using _loop = pace.enter();
  assert(!pace.isUsedUp());
  now = SHARE_MS - 1;
  assert(!pace.isUsedUp());
  now = SHARE_MS;
  assert(pace.isUsedUp());
  let rested = false;
  const rest = pace.rest().then(() => rested = true);
  await settle();
  assert(!rested);
  await time.advance(SHARE_MS);
  assert(rested);
  assert(!pace.isUsedUp()); // a new share
  await rest;
});

Deno.test("Pace leaves no timer behind when the last loop has ended", () => {
  using time = new FakeTime();
  const pace = new Pace();
  const [first, second] = [pace.enter(), pace.enter()];
  pace.isUsedUp();
  first[Symbol.dispose]();
  assertEquals(time.pending, [SHARE_MS]);
  second[Symbol.dispose]();
  assertEquals(time.pending, []);
});

Deno.test("Pace gives loops that are always ready equal parts, and all together no more than a share at a time", async () => {
  const pace = new Pace();
  const rounds = Array<number>(10).fill(0);
  let sinceTurn = 0;
  let most = 0;
  const interval = setInterval(() => sinceTurn = 0, 1);
  const end = performance.now() + 300;
  await Promise.all(rounds.map((_, i) =>
    run(pace, () => performance.now() < end, () => {
      rounds[i] = (rounds[i] as number) + 1;
      most = Math.max(most, ++sinceTurn);
      const busy = performance.now() + SHARE_MS / 2;
      while (performance.now() < busy);
    })
  ));
  clearInterval(interval);
  assert(Math.max(...rounds) - Math.min(...rounds) <= 2, String(rounds));
  assert(most <= 4, `${most} rounds without a turn of the event loop`);
});

Deno.test("forward lets the event loop look at others, though both of its ends are always ready", async () => {
  let sinceTurn = 0;
  let most = 0;
  const interval = setInterval(() => sinceTurn = 0, 1);
  const end = performance.now() + 300;
  const source = {
    read: (into: Uint8Array) => {
      most = Math.max(most, ++sinceTurn);
      const busy = performance.now() + SHARE_MS / 2;
      while (performance.now() < busy);
      return Promise.resolve(performance.now() < end ? into.length : null);
    },
  };
  const sink = { write: () => Promise.resolve() };
  const budget = new BufferBudget(0);
  await Promise.all(Array.from({ length: 10 }, () => forward(source, sink, { budget })));
  clearInterval(interval);
  assert(most <= 4, `${most} reads without a turn of the event loop`);
});
