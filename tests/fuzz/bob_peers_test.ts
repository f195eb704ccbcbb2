// Fuzz targets of bob's peers: the encrypted channel, and both machines of the main port.

import { assert, assertEquals } from "@std/assert";
import {
  BobFault,
  CLOSE_MARKER,
  createRecordCipher,
  encodePacket,
  type Generation,
  GENERATIONS,
  GuessBudget,
  type Packet,
  PacketDecoder,
  readEnding,
  type ReceiverEvent,
  ReceiverMachine,
  RecordDecoder,
  RecordReader,
  SecurePeerMachine,
  type SenderEvent,
  SenderMachine,
  SPOKE_FAILURE_REASONS,
} from "../../lib/bob/mod.ts";
import type { Machine, Step } from "../../lib/net/mod.ts";
import { sourceOf } from "../lib/bob/sessions.ts";
import { bytesOfText, identityOf, PASSWORD } from "../lib/bob/strangers.ts";
import { createServer, startClient } from "../../lib/spoke/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";

const KEY = Uint8Array.from({ length: 64 }, (_, index) => index * 7);

/** Random pieces of the bytes, in order. */
function pieces(random: Random, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(random.bool() ? 5 : bytes.length);
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

async function sealAll(generation: Generation, plaintexts: readonly Uint8Array[]) {
  const cipher = await createRecordCipher(KEY, generation);
  const frames = await Promise.all(plaintexts.map(async (plaintext, sequence) => {
    const sealed = await cipher.seal(sequence, plaintext);
    return [plaintext.length >> 8, plaintext.length & 0xff, ...sealed];
  }));
  return new Uint8Array(frames.flat());
}

fuzz("RecordDecoder: faults only, and the same records however the stream is cut", (random) => {
  const bytes = random.bytes(random.below(200));
  if (random.bool()) bytes.fill(0, 0, Math.min(bytes.length, 20 * random.below(5)));
  const outcome = (chunks: Uint8Array[]) => {
    const decoder = new RecordDecoder();
    const records: string[] = [];
    try {
      for (const chunk of chunks) {
        decoder.push(chunk);
        for (let one = decoder.next(); one !== undefined; one = decoder.next()) {
          records.push(`${one.sequence}: ${one.sealed}`);
        }
      }
      decoder.end();
    } catch (error) {
      if (!(error instanceof BobFault)) throw error;
      records.push(error.code);
    }
    return [...records, decoder.marked];
  };
  assertEquals(outcome(pieces(random, bytes)), outcome([bytes]));
});

fuzz(
  "RecordReader: what it gives was written, in order; the rest is a fault of its own",
  async (random) => {
    const plaintexts = Array.from(
      { length: random.below(6) },
      () => random.bytes(random.below(40)),
    );
    const generation = random.pick(GENERATIONS);
    let stream = await sealAll(generation, plaintexts);
    if (random.bool()) {
      stream = random.mutate(stream);
    }
    if (random.bool()) stream = new Uint8Array([...stream, ...CLOSE_MARKER]);
    const reader = new RecordReader(sourceOf(pieces(random, stream)), KEY);
    let count = 0;
    try {
      for (let one = await reader.next(); one !== undefined; one = await reader.next()) {
        assertEquals(one, plaintexts[count++]);
      }
      assert(reader.ending !== undefined);
      if (count > 0) assertEquals(reader.generation, generation);
    } catch (error) {
      if (!(error instanceof BobFault)) throw error;
    }
  },
);

fuzz("readEnding: an ending or a fault", async (random) => {
  const start = random.bool() ? new Uint8Array() : CLOSE_MARKER.subarray(0, random.below(5));
  const bytes = new Uint8Array([...start, ...random.bytes(random.below(30))]);
  try {
    const ending = await readEnding(sourceOf(pieces(random, bytes)));
    assertEquals(ending, bytes.length === 0 ? "end-of-stream" : "marker");
  } catch (error) {
    if (!(error instanceof BobFault)) throw error;
  }
});

fuzz("SecurePeerMachine: one event, whatever the relay answers", (random) => {
  const machine = new SecurePeerMachine(identityOf(2), 1000);
  machine.start(0);
  const answer = random.bool() ? bytesOfText(random.pick(["00", "01", "02"])) : random.bytes(2);
  const bytes = new Uint8Array([...answer, ...random.bytes(random.below(5))]);
  const steps = pieces(random, bytes).map((chunk) => machine.receive(chunk, 0));
  steps.push(machine.end(0), machine.tick(5000));
  assertEquals(steps.filter(({ done }) => done).length, 1);
  assertEquals(steps.flatMap(({ events }) => events).length, 1);
});

const server = createServer({
  password: bytesOfText(PASSWORD),
  randomBytes: (length) => new Uint8Array(length).fill(0x53),
});
const UIDS = [0, 1, 2, 3, 4, 0xffff];

/** Any packet with values that make sense more often than not. */
function anyPacket(random: Random): Packet {
  const uid = random.pick(UIDS);
  const identity = random.below(8) === 0 ? bytesOfText("a b") : identityOf(random.below(5));
  const validator = random.bytes(64);
  switch (random.below(18)) {
    case 0:
      return { type: "hello-as-a-server", uid: 0, public: server.publicValue };
    case 1:
      return { type: "hello-as-a-client", uid: 0 };
    case 2:
      return { type: "server-identity", uid: 0, identity };
    case 3:
      return { type: "client-identity", uid: 0, identity };
    case 4:
    case 5: {
      const value = random.bool() ? server.publicValue : random.mutate(server.publicValue);
      const publicValue = value.length === 34 ? value : random.bytes(34);
      return { type: "new-server", uid: 0, server: uid, public: publicValue, identity };
    }
    case 6:
      return { type: "client-validator", uid, validator };
    case 7:
      return { type: "y-and-server-validator", uid, y: random.bytes(32), validator };
    case 8:
    case 9:
      return { type: "x-and-client-identity", uid, x: random.bytes(32), identity };
    case 10:
    case 11:
      return { type: "agreement", uid };
    case 12:
      return {
        type: "closed",
        uid: 0,
        peer: random.below(40) === 0 ? 0 : random.pick(UIDS.slice(1)),
      };
    case 13:
      return { type: "accepted", uid };
    case 14:
      return { type: "refused", uid };
    case 15:
      return { type: "spoke-failure", uid, reason: random.pick(SPOKE_FAILURE_REASONS) };
    case 16:
      return { type: "done", uid: 0 };
    default:
      return { type: "timeout", uid: random.below(4) === 0 ? 0 : 1 };
  }
}

/** Answers what a machine sends as an honest peer would; undefined where there is no answer. */
type Answer = (packet: Packet, random: Random) => Packet | undefined;

/** An honest receiver, for the sender under test. */
function makeReceiver(random: Random): { first: Packet[]; answer: Answer } {
  const client = startClient({
    password: bytesOfText(random.below(4) === 0 ? "wrong" : PASSWORD),
    publicValue: server.publicValue,
    randomBytes: (length) => random.bytes(length),
  });
  const [uid, identity] = [3, identityOf(3)];
  const answer: Answer = (packet) => {
    if (packet.uid !== uid) return undefined;
    if (packet.type === "agreement") return { type: "accepted", uid };
    if (packet.type !== "y-and-server-validator") return undefined;
    try {
      const { secondValidator } = client.receiveY(
        packet.y,
        packet.validator,
        identity,
        identityOf(1),
      );
      return { type: "client-validator", uid, validator: secondValidator };
    } catch {
      return { type: "spoke-failure", uid, reason: "invalid-client-validator" };
    }
  };
  const own: Packet = { type: "server-identity", uid: 0, identity: identityOf(1) };
  return { first: [own, { type: "x-and-client-identity", uid, x: client.X, identity }], answer };
}

/** An honest sender, for the receiver under test. */
function makeSender(random: Random): { first: Packet[]; answer: Answer } {
  const [uid, identity] = [3, identityOf(3)];
  const host = createServer({
    password: bytesOfText(random.below(4) === 0 ? "wrong" : PASSWORD),
    randomBytes: (length) => random.bytes(length),
  });
  const answer: Answer = (packet) => {
    if (packet.uid !== uid) return undefined;
    if (packet.type === "client-validator") return { type: "agreement", uid };
    if (packet.type === "accepted") return { type: "done", uid: 0 };
    if (packet.type !== "x-and-client-identity") return undefined;
    const { Y, firstValidator } = host.receiveX(packet.x, packet.identity, identity);
    return { type: "y-and-server-validator", uid, y: Y, validator: firstValidator };
  };
  const own: Packet = { type: "client-identity", uid: 0, identity: identityOf(1) };
  const announcement = { type: "new-server", uid: 0, server: uid, identity } as const;
  return { first: [own, { ...announcement, public: host.publicValue }], answer };
}

const FINAL_SENDER = ["guesses-used-up", "relay-timeout", "lost", "fault", "accepted"];
const FINAL_RECEIVER = [...FINAL_SENDER, "sender-gone", "refused"];

/** Runs a machine against an honest peer among random packets, up to the end of the stream. */
function runMachine<Event extends { readonly type: string }>(
  random: Random,
  machine: Machine<Event>,
  { first, answer }: { first: Packet[]; answer: Answer },
  onEvent: (event: Event, now: number) => Step<Event> | undefined,
): Event[] {
  const events: Event[] = [];
  const decoder = new PacketDecoder();
  const waiting: Packet[] = [...first];
  let [now, done, sent] = [0, false, 0];
  const take = (step: Step<Event>) => {
    if (done) assertEquals([step.send.length, step.events.length], [0, 0]);
    done ||= step.done;
    for (const bytes of step.send) {
      sent++;
      for (const packet of decoder.push(bytes)) {
        const reply = answer(packet, random);
        if (reply !== undefined) waiting.push(reply);
      }
    }
    events.push(...step.events);
    for (const event of step.events) {
      const more = onEvent(event, now);
      if (more !== undefined) take(more);
    }
  };
  take(machine.start(now));
  const noise = random.below(12);
  for (let turns = 0; turns < 30; turns++) {
    const packet = random.below(12) < noise ? anyPacket(random) : waiting.shift();
    if (packet === undefined) continue;
    let bytes: Uint8Array = encodePacket(packet);
    if (random.below(60) === 0) bytes = random.mutate(bytes);
    for (const chunk of pieces(random, bytes)) take(machine.receive(chunk, now));
    if (random.below(10) === 0) now += random.below(20_000);
    while (!done && machine.wakeAt !== undefined && machine.wakeAt <= now) take(machine.tick(now));
  }
  take(machine.end(now));
  assert(done, "the end of the stream is the end");
  assertEquals(machine.wakeAt, undefined);
  assert(sent < 200);
  return events;
}

/** The machine ends with one of these, and only there. */
function assertEnds(events: readonly { readonly type: string }[], final: readonly string[]): void {
  const last = events.at(-1)?.type ?? "nothing";
  assert(final.includes(last), last);
}

fuzz(
  "SenderMachine: no packets make it throw, and it ends in a known way (1 case in 8)",
  (random) => {
    if (random.below(8) !== 0) return;
    const most = 1 + random.below(10);
    const guesses = new GuessBudget(most);
    const machine = new SenderMachine({ server, guesses });
    const events = runMachine<SenderEvent>(random, machine, makeReceiver(random), () => undefined);
    assertEnds(events, FINAL_SENDER);
    assert(guesses.spent <= most);
  },
);

fuzz(
  "ReceiverMachine: no packets make it throw, and it ends in a known way (1 case in 8)",
  (random) => {
    if (random.below(8) !== 0) return;
    const most = 1 + random.below(10);
    const guesses = new GuessBudget(most);
    const machine = new ReceiverMachine({
      password: bytesOfText(PASSWORD),
      guesses,
      randomBytes: (length) => random.bytes(length),
      maxRounds: 32,
    });
    let asked: number | undefined;
    const events = runMachine<ReceiverEvent>(random, machine, makeSender(random), (event, now) => {
      if (event.type === "cancelled") {
        assertEquals(event.uid, asked);
        asked = undefined;
      }
      if (event.type !== "agreed") return undefined;
      assertEquals(asked, undefined, "one question at a time");
      asked = event.uid;
      const choice = random.below(3);
      if (choice === 0) return undefined;
      const uid = asked;
      asked = undefined;
      return choice === 1 ? machine.refuse(uid, now) : machine.accept(uid, now);
    });
    assertEnds(events, FINAL_RECEIVER);
    assert(guesses.spent <= most);
  },
);
