import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { createLogger } from "../../../lib/log/mod.ts";
import { Registry } from "../../../lib/metrics/mod.ts";
import {
  type Accepted,
  type AdmissionLimits,
  type Admitted,
  Gate,
  type GatedPort,
  type Listening,
  NetFault,
} from "../../../lib/net/mod.ts";
import { type MemoryStream, memoryStreamPair, readAll } from "../../support/memory_stream.ts";
import { FakeTime, settle } from "../../support/time.ts";

const LIMITS: AdmissionLimits = {
  maxConnections: 8,
  maxPerAddress: 2,
  handshakesPerAddress: 100,
  handshakesInAll: 100,
  allow: [],
};

/** A listener whose connections come from the test. */
class TestListening implements Listening {
  readonly local = { host: "127.0.0.1", port: 9000 };
  readonly #closed = Promise.withResolvers<void>();
  #handle: ((accepted: Accepted) => void) | undefined;
  /** Says that there are no descriptors. */
  exhaust: () => void = () => {};
  closed = false;

  async serve(handle: (accepted: Accepted) => void, onExhausted: () => void): Promise<void> {
    this.#handle = handle;
    this.exhaust = onExhausted;
    await this.#closed.promise;
  }

  close(): void {
    this.closed = true;
    this.#closed.resolve();
  }

  /** Somebody connects: both ends. */
  connect(host: string): { readonly ours: MemoryStream; readonly theirs: MemoryStream } {
    const [ours, theirs] = memoryStreamPair();
    this.#handle?.({ stream: ours, remote: { host, port: 40000 } });
    return { ours, theirs };
  }
}

interface Bench {
  readonly gate: Gate;
  readonly lines: string[];
  readonly numbers: () => string;
  /** Puts a protocol behind the gate. */
  readonly open: (port: Partial<GatedPort>) => TestListening;
}

function bench(
  { maxRate, ...limits }: Partial<AdmissionLimits> & { readonly maxRate?: number } = {},
): Bench {
  const lines: string[] = [];
  const registry = new Registry();
  const log = createLogger({ format: "text", level: "debug", write: (line) => lines.push(line) });
  const gate = new Gate({ limits: { ...LIMITS, ...limits }, maxRate, log, registry });
  const open = (port: Partial<GatedPort>) => {
    const listening = new TestListening();
    const handle = port.handle ?? (() => Promise.resolve());
    gate.serve(listening, { protocol: "bob", handshakes: false, ...port, handle });
    return listening;
  };
  return { gate, lines, numbers: () => registry.format(), open };
}

/** Serves until the peer ends its stream. */
async function untilEnd({ stream }: Admitted): Promise<void> {
  await readAll(stream);
}

Deno.test("Gate hands a connection on with its address and closes it when it was served", async () => {
  const { gate, lines, numbers, open } = bench();
  const admitted: Admitted[] = [];
  const listening = open({
    handle: async (connection) => {
      admitted.push(connection);
      await untilEnd(connection);
    },
  });
  const { ours, theirs } = listening.connect("2001:db8::7");
  assertEquals(admitted.map(({ remote, group }) => [remote.host, remote.port, group]), [
    ["2001:db8::7", 40000, "20010db800000000/64"],
  ]);
  assertStringIncludes(numbers(), 'sallyport_accepted_total{protocol="bob"} 1\n');
  assertStringIncludes(numbers(), 'sallyport_connections{protocol="bob"} 1\n');
  await theirs.closeWrite();
  await settle();
  assertEquals(ours.closed, true);
  assertStringIncludes(numbers(), 'sallyport_connections{protocol="bob"} 0\n');
  assertStringIncludes(numbers(), 'sallyport_accepted_total{protocol="bob"} 1\n');
  assertEquals(lines, []);
  await gate.close();
});

Deno.test("Gate closes what it refuses, says why, and does not trouble the protocol", async () => {
  const { gate, lines, numbers, open } = bench();
  let handled = 0;
  const listening = open({
    handle: (connection) => {
      handled++;
      return untilEnd(connection);
    },
  });
  const first = listening.connect("10.0.0.1");
  listening.connect("10.0.0.1");
  const refused = listening.connect("10.0.0.1");
  assertEquals([handled, refused.ours.closed], [2, true]);
  assertEquals(lines, [
    "refused a connection protocol=bob peer=10.0.0.1 reason=too-many-of-address",
  ]);
  assertStringIncludes(
    numbers(),
    'sallyport_refused_total{protocol="bob",reason="too-many-of-address"} 1\n',
  );
  first.theirs.close();
  await settle();
  assertEquals(listening.connect("10.0.0.1").ours.closed, false, "the place was given back");
  gate.countRefusal("bob", "room-full");
  assertStringIncludes(
    numbers(),
    'sallyport_refused_total{protocol="bob",reason="room-full"} 1\n',
  );
  using time = new FakeTime();
  const closing = gate.close();
  await time.advance(1000);
  await closing;
});

Deno.test("Gate counts one address over all its ports, handshakes where the port has them", async () => {
  const { gate, lines, open } = bench({ handshakesPerAddress: 1, maxPerAddress: 3 });
  const [bob, croc] = [
    open({ handshakes: true, handle: untilEnd }),
    open({ protocol: "croc", handle: untilEnd }),
  ];
  const connections = [
    bob.connect("10.0.0.1"),
    bob.connect("10.0.0.1"),
    croc.connect("10.0.0.1"),
    croc.connect("10.0.0.1"),
    croc.connect("10.0.0.1"),
  ];
  assertEquals(connections.map(({ ours }) => ours.closed), [false, true, false, false, true]);
  assertEquals(lines.map((line) => line.split("reason=")[1]), [
    "too-many-handshakes",
    "too-many-of-address",
  ]);
  for (const { theirs } of connections) theirs.close();
  await gate.close();
});

Deno.test("Gate ends only the connection whose handler fails, and logs what its operator needs", async () => {
  const { gate, lines, open } = bench({ maxPerAddress: 9 });
  const faults: (Error | string)[] = [
    new NetFault("closed", "Cannot read: closed"),
    new NetFault("lost", "Cannot read from 10.0.0.1: reset"),
    new TypeError("broken"),
  ];
  const listening = open({
    handle: () => {
      const fault = faults.shift();
      return fault === undefined ? Promise.resolve() : Promise.reject(fault);
    },
  });
  for (const expected of [0, 1, 2]) {
    const { ours } = listening.connect("10.0.0.1");
    await settle();
    assertEquals(ours.closed, true);
    assertEquals(lines.length, expected);
  }
  assertEquals(lines[0], "debug: Cannot read from 10.0.0.1: reset protocol=bob");
  assertStringIncludes(lines[1] ?? "", "error: connection failed unexpectedly protocol=bob");
  assertStringIncludes(lines[1] ?? "", "TypeError: broken");
  listening.connect("10.0.0.1");
  await gate.close();
});

Deno.test("Gate warns when descriptors run out", async () => {
  const { gate, lines, open } = bench();
  open({}).exhaust();
  assertEquals(lines, ["warn: out of file descriptors protocol=bob"]);
  await gate.close();
});

Deno.test("Gate.countBytes counts, and delays nobody without a rate", () => {
  const { gate, numbers } = bench();
  assertEquals(gate.countBytes("bob", "10.0.0.1", 1_000_000_000), undefined);
  gate.countBytes("bob", "10.0.0.2", 5);
  assertStringIncludes(numbers(), 'sallyport_bytes_total{protocol="bob"} 1000000005\n');
});

Deno.test("Gate.countBytes delays an address that is faster than its rate, over all protocols", async () => {
  using time = new FakeTime();
  const { gate } = bench({ maxRate: 1000 });
  assertEquals(gate.countBytes("bob", "10.0.0.1", 1000), undefined);
  const delayed = gate.countBytes("croc", "10.0.0.1", 500);
  assert(delayed instanceof Promise);
  assertEquals(gate.countBytes("bob", "10.0.0.2", 1000), undefined);
  assertEquals(time.pending, [500]);
  let through = false;
  const waiting = delayed.then(() => through = true);
  await time.advance(499);
  assertEquals(through, false);
  await time.advance(1);
  await waiting;
});

Deno.test("Gate.close lets protocols say goodbye and ends when they are through", async () => {
  using time = new FakeTime();
  const { gate, open } = bench();
  const streams: Admitted[] = [];
  const listening = open({
    handle: async (connection) => {
      streams.push(connection);
      await untilEnd(connection);
    },
    stop: () => {
      for (const { stream } of streams) {
        stream.write(Uint8Array.of(0xbb)).then(() => stream.close());
      }
    },
  });
  const { theirs } = listening.connect("10.0.0.1");
  await gate.close();
  assertEquals(listening.closed, true);
  assertEquals(await readAll(theirs), Uint8Array.of(0xbb));
  assertEquals(time.pending, [], "no time-out is left");
});

Deno.test("Gate.close closes what does not end by itself after a second", async () => {
  using time = new FakeTime();
  const { gate, open } = bench();
  const { ours } = open({ handle: untilEnd }).connect("10.0.0.1");
  let through = false;
  const closing = gate.close().then(() => through = true);
  await time.advance(999);
  assertEquals([ours.closed, through], [false, false]);
  await time.advance(1);
  await closing;
  assertEquals(ours.closed, true);
});

Deno.test("Gate.close does not wait for connections that a rate holds back", async () => {
  using time = new FakeTime();
  const { gate, open } = bench({ maxRate: 10 });
  open({
    handle: async ({ group, stream }) => {
      await gate.countBytes("bob", group, 1_000_000);
      await stream.read(new Uint8Array(1));
    },
  }).connect("10.0.0.1");
  const closing = gate.close();
  await time.advance(1000);
  await closing;
  assertEquals(time.pending, []);
});
