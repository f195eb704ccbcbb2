import { assert, assertEquals, assertRejects } from "@std/assert";
import { Driver, IDLE, type Machine, NetFault, type Step } from "../../../lib/net/mod.ts";
import { type MemoryStream, memoryStreamPair, readAll } from "../../support/memory_stream.ts";
import { FakeTime, settle } from "../../support/time.ts";

type Reaction = (input: string, now: number) => Partial<Step<string>> | undefined;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Asks a function what to do about `start`, `end`, `tick` and every text that arrives. */
class TestMachine implements Machine<string> {
  wakeAt: number | undefined;
  readonly seen: (readonly [string, number])[] = [];
  readonly #react: Reaction;

  constructor(react: Reaction) {
    this.#react = react;
  }

  start(now: number): Step<string> {
    return this.#step("start", now);
  }

  receive(bytes: Uint8Array, now: number): Step<string> {
    return this.#step(text(bytes), now);
  }

  end(now: number): Step<string> {
    return this.#step("end", now);
  }

  tick(now: number): Step<string> {
    return this.#step("tick", now);
  }

  #step(input: string, now: number): Step<string> {
    this.seen.push([input, now]);
    return { ...IDLE, ...this.#react(input, now) };
  }
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

interface Bench {
  readonly machine: TestMachine;
  readonly events: string[];
  readonly ours: MemoryStream;
  readonly theirs: MemoryStream;
  readonly driver: Driver<string>;
}

function bench(
  react: Reaction,
  { capacity, ...options }: {
    readonly capacity?: number;
    readonly signal?: AbortSignal;
    readonly now?: () => number;
    readonly outboxLimit?: number;
    readonly onEvent?: (event: string) => void | Promise<void>;
  } = {},
): Bench {
  const [ours, theirs] = memoryStreamPair(capacity);
  const machine = new TestMachine(react);
  const events: string[] = [];
  const onEvent = (event: string) => {
    events.push(event);
  };
  const driver = new Driver(ours, machine, { onEvent, ...options });
  return { machine, events, ours, theirs, driver };
}

Deno.test("Driver feeds the machine, sends and reports in order, and closes when it is done", async () => {
  let now = 100;
  const { machine, events, ours, theirs, driver } = bench((input) => {
    if (input === "start") return { send: [bytes("hello "), bytes("there ")], events: ["started"] };
    if (input === "end") return { send: [bytes("bye")], events: ["first", "last"], done: true };
    return { send: [bytes(`${input}! `)], events: [`got ${input}`] };
  }, { now: () => now++ });
  const running = driver.run();
  const received = readAll(theirs);
  await theirs.write(bytes("one"));
  await settle();
  await theirs.write(bytes("two"));
  await settle();
  await theirs.closeWrite();
  await running;
  assertEquals(text(await received), "hello there one! two! bye");
  assertEquals(events, ["started", "got one", "got two", "first", "last"]);
  assertEquals(machine.seen, [["start", 100], ["one", 101], ["two", 102], ["end", 103]]);
  assertEquals(ours.closed, true);
});

Deno.test("Driver runs a machine that is done at once without reading anything", async () => {
  const { machine, theirs, driver } = bench(() => ({ send: [bytes("no")], done: true }));
  await theirs.write(bytes("hello"));
  await driver.run();
  assertEquals(machine.seen.map(([input]) => input), ["start"]);
  assertEquals(text(await readAll(theirs)), "no");
});

Deno.test("Driver waits for each event before the next one", async () => {
  const log: string[] = [];
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { theirs, driver } = bench(
    (input) => input === "end" ? { events: ["c"], done: true } : { events: ["a", "b"] },
    {
      onEvent: async (event) => {
        log.push(`${event} begins`);
        await gates[log.length >> 1]?.promise;
        log.push(`${event} ends`);
      },
    },
  );
  const running = driver.run();
  await theirs.closeWrite();
  await settle();
  assertEquals(log, ["a begins"]);
  gates[0]?.resolve();
  await settle();
  assertEquals(log, ["a begins", "a ends", "b begins"]);
  gates[1]?.resolve();
  await running;
  assertEquals(log.slice(2), ["b begins", "b ends", "c begins", "c ends"]);
});

Deno.test("Driver ends with what an event's handler throws, and calls it no more", async () => {
  const seen: string[] = [];
  for (const late of [false, true]) {
    const { ours, driver } = bench(() => ({ events: ["a", "b"] }), {
      onEvent: async (event) => {
        seen.push(event);
        if (late) await settle();
        throw new RangeError("Cannot save: full");
      },
    });
    await assertRejects(() => driver.run(), RangeError, "Cannot save: full");
    assertEquals(ours.closed, true);
  }
  assertEquals(seen, ["a", "a"]);
});

Deno.test("Driver.apply carries out a step from outside while a read waits", async () => {
  const { events, theirs, driver } = bench(() => undefined);
  const running = driver.run();
  const received = readAll(theirs);
  await settle();
  driver.apply({ send: [bytes("yes")], events: ["answered"], done: false });
  await settle();
  driver.apply({ send: [bytes(", bye")], events: ["left"], done: true });
  await running;
  driver.apply({ send: [bytes("too late")], events: ["too late"], done: false });
  await settle();
  assertEquals(text(await received), "yes, bye");
  assertEquals(events, ["answered", "left"]);
});

Deno.test("Driver.apply may be called by an event's handler", async () => {
  const { theirs, driver } = bench(() => ({ events: ["asked"] }), {
    onEvent: () => driver.apply({ send: [bytes("answer")], events: [], done: true }),
  });
  await driver.run();
  assertEquals(text(await readAll(theirs)), "answer");
});

Deno.test("Driver resolves only when everything was written", async () => {
  const { theirs, driver } = bench(() => ({ send: [bytes("0123456789")], done: true }), {
    capacity: 4,
  });
  let through = false;
  const running = driver.run().then(() => through = true);
  await settle();
  assertEquals(through, false);
  assertEquals(text(await readAll(theirs)), "0123456789");
  await running;
});

Deno.test("Driver gives up on a peer that does not read", async () => {
  const { ours, theirs, driver } = bench(() => ({ send: [bytes("12345")] }), {
    capacity: 3,
    outboxLimit: 12,
  });
  const running = assertRejects(() => driver.run(), NetFault, "the other side does not read");
  await theirs.write(bytes("x"));
  await settle();
  assertEquals(ours.closed, false);
  await theirs.write(bytes("y"));
  assertEquals((await running).code, "lost");
  assertEquals(ours.closed, true);
});

Deno.test("Driver ends with the signal's reason, wherever it waits", async () => {
  const reason = new Error("Ended by SIGTERM");
  const cases: readonly (readonly [string, Reaction])[] = [
    ["for bytes", () => undefined],
    ["for a peer that does not read", () => ({ send: [bytes("12345")] })],
    ["for the last bytes to go", () => ({ send: [bytes("12345")], done: true })],
  ];
  for (const [name, react] of cases) {
    const controller = new AbortController();
    const { ours, theirs, driver } = bench(react, { capacity: 2, signal: controller.signal });
    const running = assertRejects(() => driver.run(), Error, "Ended by SIGTERM", name);
    await settle();
    controller.abort(reason);
    assertEquals(await running, reason, name);
    assertEquals(ours.closed, true, name);
    theirs.close();
  }
});

Deno.test("Driver with a signal that was aborted before starts nothing and closes the stream", async () => {
  const { machine, ours, driver } = bench(() => undefined, {
    signal: AbortSignal.abort(new Error("Ended before")),
  });
  await assertRejects(() => driver.run(), Error, "Ended before");
  assertEquals(machine.seen, []);
  assertEquals(ours.closed, true);
});

Deno.test("Driver listens to its signal no longer than it runs", async () => {
  const controller = new AbortController();
  const { driver } = bench(() => ({ done: true }), { signal: controller.signal });
  await driver.run();
  controller.abort(new Error("later"));
  await settle();
});

Deno.test("Driver ends with code lost when the connection is, and starts nothing after it", async () => {
  using time = new FakeTime();
  const { machine, theirs, driver } = bench(() => undefined);
  machine.wakeAt = time.now() + 1000;
  const running = assertRejects(() => driver.run(), NetFault, "connection reset");
  await settle();
  theirs.reset();
  assertEquals((await running).code, "lost");
  driver.apply({ send: [bytes("late")], events: [], done: false });
  assertEquals(time.pending, []);
});

Deno.test("Driver names the failed write as the cause, not the close that follows", async () => {
  const { ours, driver } = bench(() => ({ send: [bytes("x")] }));
  ours.write = () => Promise.reject(new NetFault("lost", "Cannot write: broken pipe"));
  const fault = await assertRejects(() => driver.run(), NetFault, "broken pipe");
  assertEquals(fault.code, "lost");
  assertEquals(ours.closed, true);
});

Deno.test("Driver wakes the machine when its time has come, not before, and not after it is done", async () => {
  using time = new FakeTime(0);
  const { machine, theirs, driver } = bench((input, now) => {
    machine.wakeAt = now + 1000;
    if (input === "stop") machine.wakeAt = undefined;
    return { done: input === "end" };
  });
  const running = driver.run();
  await time.advance(999);
  assertEquals(machine.seen, [["start", 0]]);
  await time.advance(1);
  assertEquals(machine.seen.at(-1), ["tick", 1000]);
  await time.advance(500);
  await theirs.write(bytes("more"));
  await settle();
  assertEquals(time.pending, [500], "a timer that runs out earlier is left alone");
  await time.advance(1000);
  assertEquals(machine.seen.slice(2), [["more", 1500], ["tick", 2500]]);
  await theirs.write(bytes("stop"));
  await settle();
  assertEquals(time.pending, []);
  await time.advance(5000);
  await theirs.closeWrite();
  await running;
  assertEquals(machine.seen.slice(4), [["stop", 2500], ["end", 7500]]);
  assertEquals(time.pending, []);
});

Deno.test("Driver waits for a time beyond the longest timer without spinning", async () => {
  using time = new FakeTime(0);
  const { machine, driver } = bench((input) => {
    machine.wakeAt ??= 60 * DAY_MS;
    return { done: input === "tick" };
  });
  const running = driver.run();
  await settle();
  assertEquals(time.pending, [2 ** 31 - 1]);
  await time.advance(60 * DAY_MS - 1);
  assertEquals(machine.seen.length, 1);
  await time.advance(1);
  await running;
  assertEquals(machine.seen.at(-1), ["tick", 60 * DAY_MS]);
});

Deno.test("Driver waits on when a timer fires before the machine's clock says so", async () => {
  using time = new FakeTime(0);
  let slow = 0;
  const { machine, driver } = bench((input) => {
    machine.wakeAt ??= 100;
    return { done: input === "tick" };
  }, { now: () => time.now() - slow });
  const running = driver.run();
  await settle();
  slow = 3;
  await time.advance(102);
  assertEquals(machine.seen.length, 1);
  await time.advance(1);
  await running;
  assertEquals(machine.seen.at(-1), ["tick", 100]);
});

Deno.test("Driver ends its own run, and nothing else, when the machine throws", async () => {
  using time = new FakeTime();
  for (const where of ["start", "hello", "end", "tick"]) {
    const { machine, ours, theirs, driver } = bench((input, now) => {
      if (input === where) throw new TypeError(`Broken in ${where}`);
      machine.wakeAt = where === "tick" ? now + 10 : undefined;
      return undefined;
    });
    const running = assertRejects(() => driver.run(), TypeError, `Broken in ${where}`);
    await settle();
    if (where === "hello") await theirs.write(bytes(where));
    if (where === "end") await theirs.closeWrite();
    await time.advance(10);
    await running;
    assert(ours.closed, where);
    assertEquals(time.pending, [], where);
  }
});

Deno.test("Driver.closeWrite ends the writing half after all that waits, and reading goes on", async () => {
  const [ours, theirs] = memoryStreamPair(2);
  const machine = new TestMachine((input) => {
    if (input === "start") return { send: [bytes("goodbye")], events: ["half-close"] };
    return input === "end" ? { done: true } : undefined;
  });
  const driver: Driver<string> = new Driver(ours, machine, { onEvent: () => driver.closeWrite() });
  const running = driver.run();
  assertEquals(text(await readAll(theirs)), "goodbye");
  await theirs.write(bytes("more"));
  await theirs.closeWrite();
  await running;
  assertEquals(machine.seen.map(([input]) => input).at(-1), "end");
  assertEquals(machine.seen.slice(1, -1).map(([input]) => input).join(""), "more");
});
