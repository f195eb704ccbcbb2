import { assert, assertEquals, assertRejects } from "@std/assert";
import { BufferBudget, type ByteStream, forward, NetFault } from "../../../lib/net/mod.ts";
import { Random } from "../../support/fuzz.ts";
import { memoryStreamPair, readAll } from "../../support/memory_stream.ts";
import { FakeTime, settle } from "../../support/time.ts";

const LEAST = 4 * 1024;
const MOST = 1024 * 1024;
const PLENTY = 64 * 1024 * 1024;

/** A source that gives so many bytes with each read (at most what fits), then ends. */
class Source implements ByteStream {
  readonly buffers: number[] = [];
  readonly #counts: number[];

  constructor(counts: readonly number[]) {
    this.#counts = [...counts];
  }

  read(into: Uint8Array): Promise<number | null> {
    this.buffers.push(into.length);
    const count = this.#counts.shift();
    return Promise.resolve(count === undefined ? null : Math.min(count, into.length));
  }

  write(): Promise<void> {
    return Promise.reject(new Error("Cannot write to a source"));
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

/** Takes everything. */
class Sink extends Source {
  written = 0;

  constructor() {
    super([]);
  }

  override write(bytes?: Uint8Array): Promise<void> {
    this.written += bytes?.length ?? 0;
    return Promise.resolve();
  }
}

function times(count: number, bytes: number): number[] {
  return Array<number>(count).fill(bytes);
}

Deno.test("forward copies every byte in order and ends with the stream, which it does not pass on", async () => {
  const [from, source] = memoryStreamPair(10_000);
  const [to, sink] = memoryStreamPair(7000);
  const content = new Random(1).bytes(300_000);
  const budget = new BufferBudget(PLENTY);
  const received = readAll(sink);
  const sending = source.write(content).then(() => source.closeWrite());
  await forward(from, to, { budget });
  await sending;
  await to.write(Uint8Array.of(42)); // still open
  to.close();
  assertEquals(await received, new Uint8Array([...content, 42]));
  assertEquals(budget.left, PLENTY);
});

Deno.test("forward has written all that it read when it ends", async () => {
  using _time = new FakeTime(); // nobody rests
  const [from, source] = memoryStreamPair();
  const [to, sink] = memoryStreamPair(3);
  await source.write(new Uint8Array(10));
  await source.closeWrite();
  let through = false;
  const forwarding = forward(from, to, { budget: new BufferBudget(0) }).then(() => through = true);
  await settle();
  assertEquals(through, false);
  for (let read = 0; read < 10;) read += await sink.read(new Uint8Array(10)) ?? 0;
  await forwarding;
});

Deno.test("forward reads nothing while the last write is not through", async () => {
  using _time = new FakeTime(); // nobody rests
  const source = new Source(times(5, 100));
  const [to, sink] = memoryStreamPair(100);
  const forwarding = forward(source, to, { budget: new BufferBudget(0) });
  await settle();
  assertEquals(source.buffers.length, 2, "one in the pipe, one being written");
  await sink.read(new Uint8Array(100));
  await settle();
  assertEquals(source.buffers.length, 3);
  sink.close();
  await assertRejects(() => forwarding, NetFault, "broken pipe");
});

Deno.test("forward grows its buffer fourfold after each full read, up to 1 MiB", async () => {
  const source = new Source(times(8, MOST * 2));
  const budget = new BufferBudget(PLENTY);
  const sink = new Sink();
  let least = Infinity;
  await forward(source, sink, {
    budget,
    onBytes: () => {
      least = Math.min(least, budget.left);
    },
  });
  const sizes = [LEAST, LEAST * 4, LEAST * 16, LEAST * 64, MOST];
  assertEquals(source.buffers, [...sizes, ...times(4, MOST)]);
  assertEquals(sink.written, sizes.reduce((sum, size) => sum + size) + 3 * MOST);
  assertEquals(PLENTY - least, MOST - LEAST, "the budget knows of what is beyond the least");
  assertEquals(budget.left, PLENTY);
});

Deno.test("forward does not grow while reads leave room", async () => {
  const source = new Source(times(200, LEAST - 1));
  await forward(source, new Sink(), { budget: new BufferBudget(PLENTY) });
  assertEquals(new Set(source.buffers), new Set([LEAST]));
});

Deno.test("forward shrinks after 64 small reads in turn, and gives the memory back", async () => {
  const cases: readonly (readonly [string, readonly number[], number])[] = [
    ["63 are too few", times(63, 10), LEAST * 4],
    ["64 small ones", times(64, 10), LEAST],
    ["a large one between", [...times(63, 10), LEAST * 2, ...times(63, 10)], LEAST * 4],
    ["a quarter is not small", times(100, LEAST), LEAST * 4],
    ["just below a quarter is", times(64, LEAST - 1), LEAST],
  ];
  for (const [name, counts, expected] of cases) {
    const source = new Source([LEAST, ...counts]);
    const budget = new BufferBudget(PLENTY);
    await forward(source, new Sink(), { budget });
    assertEquals(source.buffers[1], LEAST * 4, name);
    assertEquals(source.buffers.at(-1), expected, name);
    assertEquals(budget.left, PLENTY, name);
  }
});

Deno.test("forward grows again after it shrank", async () => {
  const source = new Source([LEAST, ...times(64, 1), LEAST, 1]);
  await forward(source, new Sink(), { budget: new BufferBudget(PLENTY) });
  assertEquals(source.buffers.slice(-3), [LEAST, LEAST * 4, LEAST * 4]);
});

Deno.test("forward stays small while the budget is used up, and grows once there is some", async () => {
  const budget = new BufferBudget(3 * LEAST - 1);
  const source = new Source(times(6, MOST));
  let reads = 0;
  await forward(source, new Sink(), {
    budget,
    onBytes: () => {
      if (++reads === 4) budget.give(1);
    },
  });
  assertEquals(source.buffers, [...times(4, LEAST), ...times(3, LEAST * 4)]);
  assertEquals(budget.left, 3 * LEAST);
});

Deno.test("forward shares one budget: a second one gets what the first has left", async () => {
  using _time = new FakeTime(); // nobody rests
  const budget = new BufferBudget(MOST - LEAST);
  const large = new Source(times(6, MOST));
  const small = new Source(times(4, MOST));
  const pause = Promise.withResolvers<void>();
  let reads = 0;
  const first = forward(large, new Sink(), {
    budget,
    onBytes: () => ++reads === 5 ? pause.promise : undefined,
  });
  await settle();
  assertEquals(budget.left, 0);
  await forward(small, new Sink(), { budget });
  assertEquals(new Set(small.buffers), new Set([LEAST]));
  pause.resolve();
  await first;
  assertEquals(budget.left, MOST - LEAST);
});

Deno.test("forward waits for the promise that onBytes returns before it passes the bytes on", async () => {
  using _time = new FakeTime(); // nobody rests
  const source = new Source([5, 6]);
  const counts: number[] = [];
  const gate = Promise.withResolvers<void>();
  const sink = new Sink();
  const forwarding = forward(source, sink, {
    budget: new BufferBudget(0),
    onBytes: (count) => {
      counts.push(count);
      return counts.length === 1 ? gate.promise : undefined;
    },
  });
  await settle();
  assertEquals([counts, sink.written, source.buffers.length], [[5], 0, 1]);
  gate.resolve();
  await forwarding;
  assertEquals([counts, sink.written], [[5, 6], 11]);
});

Deno.test("forward fails with the fault of either connection and gives its memory back", async () => {
  using _time = new FakeTime(); // nobody rests
  for (const side of ["read", "write"]) {
    const [from, source] = memoryStreamPair();
    const [to, sink] = memoryStreamPair();
    const budget = new BufferBudget(PLENTY);
    const forwarding = assertRejects(() => forward(from, to, { budget }), NetFault);
    await source.write(new Uint8Array(100_000));
    await settle();
    assert(budget.left < PLENTY, side);
    if (side === "read") source.reset();
    else sink.close();
    await settle();
    if (side === "write") await source.write(Uint8Array.of(1));
    assertEquals((await forwarding).code, "lost", side);
    assertEquals(budget.left, PLENTY, side);
  }
});

Deno.test("forward fails with code closed when either connection is closed on this side", async () => {
  using _time = new FakeTime(); // nobody rests
  const [from] = memoryStreamPair();
  const [to] = memoryStreamPair();
  const forwarding = assertRejects(
    () => forward(from, to, { budget: new BufferBudget(0) }),
    NetFault,
  );
  await settle();
  from.close();
  assertEquals((await forwarding).code, "closed");
});

Deno.test("BufferBudget gives no more than it has", () => {
  const budget = new BufferBudget(10);
  assertEquals(budget.tryTake(11), false);
  assertEquals(budget.tryTake(10), true);
  assertEquals(budget.tryTake(1), false);
  assertEquals(budget.tryTake(-4), true);
  assertEquals(budget.left, 4);
  budget.give(6);
  assertEquals(budget.left, 10);
});
