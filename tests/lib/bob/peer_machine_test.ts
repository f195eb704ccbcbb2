import { assert, assertEquals } from "@std/assert";
import {
  encodePacket,
  GuessBudget,
  type Packet,
  ReceiverMachine,
  SenderMachine,
} from "../../../lib/bob/mod.ts";
import { Driver, type Machine } from "../../../lib/net/mod.ts";
import { memoryStreamPair } from "../../support/memory_stream.ts";
import {
  bytesOfText,
  identityOf,
  makeHost,
  makeVisitor,
  PASSWORD,
  randomBytes,
  serverFor,
} from "./strangers.ts";

const EXCHANGES_PER_CALL = 4;
const server = serverFor();
const knock = makeVisitor(server, 2).knock;
const { announcement } = makeHost(2, "other");
const OWN = {
  sender: { type: "server-identity", uid: 0, identity: identityOf(1) },
  receiver: { type: "client-identity", uid: 0, identity: identityOf(1) },
} as const;

function machineOf(role: "sender" | "receiver") {
  const guesses = new GuessBudget(1_000_000);
  const machine: Machine<{ readonly type: string }> = role === "sender"
    ? new SenderMachine({ server, guesses })
    : new ReceiverMachine({ password: bytesOfText(PASSWORD), guesses, randomBytes });
  machine.start(0);
  machine.receive(encodePacket(OWN[role]), 0);
  return machine;
}

function manyPackets(role: "sender" | "receiver", count: number): Packet[] {
  return Array.from({ length: count }, (_, index) => {
    return role === "sender"
      ? { ...knock, uid: index + 1 }
      : { ...announcement, server: index + 1 };
  });
}

function joined(packets: readonly Packet[]): Uint8Array {
  return new Uint8Array(packets.flatMap((packet) => [...encodePacket(packet)]));
}

for (const role of ["sender", "receiver"] as const) {
  Deno.test(`A ${role} does a few exchanges per call and goes on at once, in order`, () => {
    const machine = machineOf(role);
    const count = 30;
    const last: Packet = { type: "timeout", uid: 0 };
    let step = machine.receive(joined([...manyPackets(role, count), last]), 5);
    const sent: string[] = [];
    for (let calls = 1;; calls++) {
      assert(step.send.length <= EXCHANGES_PER_CALL, `${step.send.length} in one call`);
      sent.push(...step.send.map((bytes) => String.fromCharCode(...bytes.subarray(0, 4))));
      if (step.done) break;
      assertEquals(machine.wakeAt, 4 + calls, "it wants to go on at once");
      step = machine.tick(5 + calls);
    }
    const uids = Array.from({ length: count }, (_, i) => (i + 1).toString(16).padStart(4, "0"));
    assertEquals(sent, uids);
    assertEquals(step.events.at(-1), { type: "relay-timeout" });
  });

  Deno.test(`A ${role} that is behind takes more bytes and keeps the order`, () => {
    const machine = machineOf(role);
    const stream = joined(manyPackets(role, 12));
    const sent: string[] = [];
    for (let at = 0; at < stream.length; at += 100) {
      const { send } = machine.receive(stream.subarray(at, at + 100), 0);
      sent.push(...send.map((bytes) => String.fromCharCode(...bytes.subarray(0, 4))));
    }
    while (machine.wakeAt !== undefined) {
      const { send } = machine.tick(machine.wakeAt);
      sent.push(...send.map((bytes) => String.fromCharCode(...bytes.subarray(0, 4))));
    }
    assertEquals(sent, Array.from({ length: 12 }, (_, i) => (i + 1).toString(16).padStart(4, "0")));
  });

  Deno.test(`A ${role} acts on what waits when the relay ends, without exchanges for nobody`, () => {
    const machine = machineOf(role);
    const last: Packet = { type: "timeout", uid: 0 };
    machine.receive(joined([...manyPackets(role, 200), last]), 0);
    const step = machine.end(0);
    assertEquals(step.send.length, 0);
    assertEquals(step.events.at(-1), { type: "relay-timeout" });
    assert(step.done);
    assertEquals(machine.wakeAt, undefined);
  });

  Deno.test(`A ${role} gives up a relay that floods it`, () => {
    const machine = machineOf(role);
    const chunk = joined(manyPackets(role, 20_000));
    let received = 0;
    let step = machine.receive(chunk, 0);
    for (received = chunk.length; !step.done; received += chunk.length) {
      assert(received < 16 * 1024 * 1024, `${received} bytes`);
      step = machine.receive(chunk, 0);
    }
    const [event] = step.events;
    assert(event?.type === "fault" && "fault" in event);
    assertEquals((event.fault as { code: string }).code, "too-many-packets");
    assert(received > 5_000_000, "as many announcements as there are uids must be possible");
  });
}

Deno.test("A receiver under its driver works off many announcements and lets others have turns", async () => {
  const [peer, relay] = memoryStreamPair();
  const count = 60;
  let turns = 0;
  const clock = setInterval(() => turns++, 1);
  const driver = new Driver(peer, machineOf("receiver"), { onEvent: () => {} });
  const running = driver.run();
  await relay.write(joined(manyPackets("receiver", count)));
  const buffer = new Uint8Array(65536);
  const answer = joined([{
    type: "x-and-client-identity",
    uid: 1,
    x: knock.x,
    identity: OWN.receiver.identity,
  }]);
  const hello = encodePacket({ type: "hello-as-a-client", uid: 0 });
  for (let left = hello.length + count * answer.length; left > 0;) {
    left -= await relay.read(buffer) ?? 0;
  }
  relay.close();
  await running;
  clearInterval(clock);
  assert(turns >= count / EXCHANGES_PER_CALL / 2, `${turns} turns`);
});
