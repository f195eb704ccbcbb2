// Whatever comes in, TriBA's codecs throw nothing but their own faults, and its machines nothing at
// all; what is accepted is written again as what was read.

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodeHex } from "@std/encoding/hex";
import { decode as decodeOther, encode as encodeOther } from "@msgpack/msgpack";
import {
  encodeMsgpack,
  MsgpackFault,
  type MsgpackReader,
  type MsgpackValue,
  readMsgpack,
} from "../../lib/msgpack/mod.ts";
import {
  BACKEND_REQUESTS,
  CORE_REQUESTS,
  decodePacket,
  encodeFrame,
  encodeRequest,
  encodeResponse,
  FrameDecoder,
  LogLines,
  type Packet,
  parseIdArgument,
  parseSpawnLine,
  RESPONSES,
  TribaFault,
} from "../../lib/triba/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";
import {
  type AnyMachine,
  type AnyStep,
  INPUTS,
  makeBackend,
  makeCore,
  openBackend,
  openCore,
  vectors,
} from "../lib/triba/support.ts";

/** A value that none of our encoders can write again: float, bytes, extension, odd map. */
class Foreign {
  constructor(readonly what: string, readonly value: unknown) {}
}

/** Reads whatever comes next, by its type. */
function readAny(reader: MsgpackReader): unknown {
  switch (reader.type) {
    case "nil":
      reader.nil();
      return null;
    case "boolean":
      return reader.boolean();
    case "integer":
      return reader.integer();
    case "string":
      return reader.string();
    case "float":
      return new Foreign("float", reader.float());
    case "binary":
      return new Foreign("binary", reader.binary());
    case "extension":
      return new Foreign("extension", reader.extension());
    case "array":
      return Array.from({ length: reader.array() }, () => readAny(reader));
    case "map": {
      const pairs = Array.from(
        { length: reader.map() },
        () => [readAny(reader), readAny(reader)] as const,
      );
      const keys = new Set(pairs.map(([key]) => key));
      const plain = keys.size === pairs.length && pairs.every(([key]) => typeof key === "string");
      // Keys like "7" would change their place in an object.
      return plain && !pairs.some(([key]) => /^\d+$/.test(key as string))
        ? Object.fromEntries(pairs as [string, unknown][])
        : new Foreign("map", pairs);
    }
    case undefined:
      throw new Error("Reader says that a value is missing which the check has seen");
  }
}

function holdsForeign(value: unknown): boolean {
  if (value instanceof Foreign) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsForeign);
}

function makeValue(random: Random, depth: number): unknown {
  switch (random.below(depth > 0 ? 11 : 8)) {
    case 0:
      return null;
    case 1:
      return random.bool();
    case 2:
      return random.below(300) - 100;
    case 3:
      return BigInt(random.next()) * BigInt(random.next()) * (random.bool() ? 1n : -1n) >> 2n;
    case 4:
      return random.next() / 7;
    case 5:
      return random.bytes(random.below(20));
    case 6:
      return "x".repeat(random.below(40));
    case 7:
      return random.pick(["", "id", "Ping", "\u00e9\u{1f600}", "Request", "__proto__"]);
    case 8:
      return Array.from({ length: random.below(5) }, () => makeValue(random, depth - 1));
    case 9:
      return Array.from({ length: random.below(40) }, () => random.below(4));
    default:
      return Object.fromEntries(
        Array.from(
          { length: random.below(5) },
          (_, i) => [`k${i}`, makeValue(random, depth - 1)],
        ),
      );
  }
}

function tryRead(bytes: Uint8Array): unknown {
  try {
    return { value: readAny(readMsgpack(bytes)) };
  } catch (error) {
    if (error instanceof MsgpackFault) return undefined;
    throw error;
  }
}

fuzz("msgpack: the reader refuses or reads, and what it reads comes back", (random) => {
  const bytes = random.below(4) === 0
    ? random.bytes(random.below(60))
    : encodeOther(makeValue(random, random.below(18)), { useBigInt64: true, maxDepth: 100 });
  const input = random.bool() ? random.mutate(bytes) : new Uint8Array(bytes);
  const before = input.slice();
  const read = tryRead(input) as { value: unknown } | undefined;
  assertEquals(input, before, "the input is not changed");
  if (read === undefined) return;
  // What we accept, the other decoder accepts but for what it forbids by choice.
  try {
    decodeOther(input, { useBigInt64: true });
  } catch (error) {
    assert(
      /__proto__|key|timestamp|Timestamp|Invalid|Unrecognized/i.test(String(error)),
      String(error),
    );
  }
  if (holdsForeign(read.value)) return;
  const again = encodeMsgpack(read.value as MsgpackValue);
  assert(again.length <= input.length, "the shortest form");
  assertEquals(tryRead(again), read);
});

const PACKETS: readonly Uint8Array[] = [
  ...vectors<{ packets: Record<string, string>[] }>("codec").packets,
  ...vectors<{ packets: Record<string, string>[] }>("codec-1.1").packets,
].flatMap((vector) =>
  ["compact", "named", "tagged_compact", "tagged_named"].map((form) =>
    decodeHex(vector[form] as string)
  )
);
const ODD_PACKETS: readonly Uint8Array[] = ["reject", "reject-more"].flatMap((file) => {
  const { plaintexts, lenient } = vectors<
    { plaintexts: { plaintext: string }[]; lenient: { plaintext: string }[] }
  >(file);
  return [...plaintexts, ...lenient].map(({ plaintext }) => decodeHex(plaintext));
});

function tryPacket(bytes: Uint8Array): Packet | undefined {
  try {
    return decodePacket(bytes);
  } catch (error) {
    assert(error instanceof TribaFault && error.code === "malformed", String(error));
    return undefined;
  }
}

function tryBody<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    assert(error instanceof TribaFault && error.code === "argument", String(error));
    return undefined;
  }
}

fuzz("packet: refused as malformed, or read the same in the form that is written", (random) => {
  const bytes = random.mutate(random.pick(random.below(4) === 0 ? ODD_PACKETS : PACKETS));
  const packet = tryPacket(bytes);
  if (packet === undefined) return;
  for (const bodies of [CORE_REQUESTS, BACKEND_REQUESTS, RESPONSES]) {
    if (!bodies.has(packet.name)) continue;
    const body = tryBody(() => bodies.decode(packet.name, packet.argument));
    const fresh = tryPacket(bytes); // the argument's reader has been used up
    if (body === undefined || fresh === undefined) return;
    const encoded = tryBody(() => bodies.write(body as never));
    if (encoded === undefined) {
      assert(JSON.stringify(body).includes('"Unknown"'), "only what is unknown cannot be written");
      return;
    }
    const written = packet.kind === "request"
      ? encodeRequest(packet.id, encoded, packet.form)
      : encodeResponse(packet.id, packet.req, encoded, packet.form);
    const again = tryPacket(written);
    assert(again !== undefined);
    assertEquals([again.kind, again.id, again.form], [packet.kind, packet.id, packet.form]);
    assertEquals(tryBody(() => bodies.decode(again.name, again.argument)), body);
  }
});

/** The same bytes in random pieces. */
function split(random: Random, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + random.below(random.pick([2, 40, 400]));
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

function decodeFrames(chunks: readonly Uint8Array[], order: "big" | "little"): unknown[] {
  const decoder = new FrameDecoder(order, 1000);
  const seen: unknown[] = [];
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
        seen.push([...payload]);
      }
    }
  } catch (error) {
    assert(error instanceof TribaFault && /^(?:size|byte-order)$/.test(error.code), String(error));
    seen.push(error.code);
  }
  return seen;
}

fuzz("frame: cuts change nothing, whatever the stream", (random) => {
  const order = random.pick(["big", "little"] as const);
  const payloads = Array.from(
    { length: random.below(5) },
    () => random.bytes(17 + random.below(90)),
  );
  const stream = concat(payloads.map((payload) => encodeFrame(payload, order)));
  const input = random.bool() ? stream : random.mutate(stream);
  const whole = decodeFrames([input], order);
  assertEquals(decodeFrames(split(random, input), order), whole);
  if (input === stream) assertEquals(whole, payloads.map((payload) => [...payload]));
});

/** What a machine does with chunks; steps are checked as they come. */
function feed(
  machine: AnyMachine,
  chunks: readonly Uint8Array[],
  random?: Random,
): { sent: number[]; events: unknown[] } {
  const sent: number[] = [];
  const events: unknown[] = [];
  let done = false;
  const take = (step: AnyStep) => {
    assert(!done || step.done, "what is done stays done");
    if (done) assertEquals([step.send, step.events], [[], []]);
    done = step.done;
    const last = step.events.at(-1)?.type;
    assertEquals(done && step.events.length > 0, last === "fault" || last === "end");
    for (const bytes of step.send) sent.push(...bytes);
    events.push(...step.events.map((event) => event.type === "fault" ? event.fault.code : event));
  };
  for (const chunk of chunks) {
    take(machine.receive(chunk, 0));
    if (random !== undefined && machine.wakeAt !== undefined && random.below(9) === 0) {
      take(machine.tick(machine.wakeAt));
    }
  }
  take(machine.end(0));
  return { sent, events };
}

const STREAMS = ["handshake-plain", "handshake-versioned", "sealed-1"].map((file) =>
  vectors<Record<"cbs_to_core" | "core_to_cbs", string>>(file)
);

for (const side of ["core", "backend"] as const) {
  fuzz(`machine of the ${side}: damaged handshakes, cut anywhere`, (random) => {
    const vector = random.pick(STREAMS);
    const stream = decodeHex(side === "core" ? vector.cbs_to_core : vector.core_to_cbs);
    const input = random.bool() ? random.mutate(stream) : stream.slice(0, random.below(200));
    const settings = {
      spawnSecret: random.bool() ? INPUTS.spawn_secret : undefined,
      byteOrder: random.below(8) === 0 ? "little" : "big",
    } as const;
    const make = () => side === "core" ? makeCore(settings) : makeBackend(settings);
    const [one, two] = [make(), make()];
    assertEquals(one.start(0).send, two.start(0).send);
    assertEquals(feed(one, split(random, input)), feed(two, [input]));
  });

  fuzz(`machine of the ${side}: damaged packets under the right key, cut anywhere`, (random) => {
    const terms = { plain: random.bool(), minor: random.below(2) };
    const open = () => side === "core" ? openCore(terms) : openBackend(terms);
    const [one, two] = [open(), open()];
    for (const { machine } of [one, two]) {
      machine.request({ type: "Ping" } as never, 0);
      machine.request((side === "core" ? { type: "ListRooms" } : OFFLINE) as never, 0);
    }
    const { peer } = one;
    const frames: Uint8Array[] = [];
    for (let left = random.below(12); left > 0; left--) frames.push(makeFrame(random, peer));
    const input = concat(frames);
    const seen = feed(one.machine, split(random, input));
    assertEquals(seen, feed(two.machine, [input]));
    assertEquals(JSON.stringify(seen).includes(SECRET), false, "no secret in any event");
  });

  fuzz(`machine of the ${side}: any bytes at any time`, (random) => {
    const machine = side === "core" ? makeCore() : makeBackend();
    machine.start(0);
    feed(machine, split(random, random.bytes(random.below(300))), random);
  });
}

const OFFLINE = { type: "Status", status: { type: "Offline", reason: "" } } as const;
const SECRET = "4a5d9d5b";

/** A packet that counts on from the last one, most of the time. */
function makeFrame(random: Random, peer: ReturnType<typeof openCore>["peer"]): Uint8Array {
  const template = tryPacket(random.pick(random.below(3) === 0 ? ODD_PACKETS : PACKETS));
  if (template === undefined || random.below(20) === 0) {
    return peer.plaintext(random.mutate(random.pick(PACKETS)));
  }
  const argument = template.argument === undefined ? undefined : readAny(template.argument);
  const body = argument === undefined || holdsForeign(argument)
    ? template.name
    : { [template.name]: argument as MsgpackValue };
  const id = random.below(20) === 0 ? random.below(9) : peer.nextId;
  const plaintext = template.kind === "request"
    ? encodeRequest(id, body)
    : encodeResponse(id, 2 + random.below(4), body);
  const damaged = random.below(6) === 0 ? random.mutate(plaintext) : plaintext;
  return peer.plaintext(damaged.length > 0 ? damaged : plaintext);
}

fuzz("id and spawn line: refused, or one way to write them again", (random) => {
  const text = random.pick([
    "ABEiM0RVRneImaq7zN3u/w==",
    "MDAxMTIyMzMtNDQ1NS00Njc3LTg4OTktYWFiYmNjZGRlZWZm",
    "oKGio6SlpqeoqaqrrK2ur7CxsrO0tba3uLm6u7y9vr8=\n",
  ]);
  const bytes = random.mutate(new TextEncoder().encode(text));
  try {
    assertEquals(parseIdArgument(new TextDecoder("latin1").decode(bytes)).length, 16);
  } catch (error) {
    assert(error instanceof TribaFault && error.code === "id-argument", String(error));
  }
  try {
    assertEquals(parseSpawnLine(bytes).length, 32);
  } catch (error) {
    assert(error instanceof TribaFault && error.code === "spawn-secret", String(error));
  }
});

fuzz("log lines: cuts change nothing, nothing in them steers a terminal", (random) => {
  const bytes = random.mutate(new TextEncoder().encode("one\x1b[31m\ntwo\r\n\u{1f600}\n\nthree"));
  const read = (chunks: readonly Uint8Array[]) => {
    const lines = new LogLines();
    return [...chunks.flatMap((chunk) => lines.push("stderr", chunk, 0)), ...lines.end(0)];
  };
  const whole = read([bytes]);
  assertEquals(read(split(random, bytes)), whole);
  for (const { text } of whole) assert(!/\p{Cc}/u.test(text));
});

fuzz("log lines: a flood in pieces of any size is told as one line after the other", (random) => {
  const lines = Array.from(
    { length: random.below(8) === 0 ? 600 : random.below(30) },
    () => random.bytes(random.below(4)),
  );
  const bytes = concat(lines.flatMap((line) => [line, Uint8Array.of(0x0a)]));
  const read = (chunks: readonly Uint8Array[]) => {
    const log = new LogLines();
    const told = chunks.flatMap((chunk) => log.push("stdout", chunk, 0));
    return { told, last: log.last, end: log.end(1000) };
  };
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte));
  assertEquals(read(split(random, bytes)), read(single));
  assertEquals(read([bytes]), read(single));
});
