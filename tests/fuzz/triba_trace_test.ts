// Whatever comes in, what looks into connections throws nothing but its own faults, and what reads
// files and requests writes what it accepts as it was.

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { TraceRecord } from "../../lib/triba/core/mod.ts";
import {
  CORE_REQUESTS,
  createPlainCipher,
  encodeFrame,
  encodeRequest,
  encodeResponse,
  parseRequestText,
  TribaFault,
} from "../../lib/triba/mod.ts";
import {
  encodeTraceRecord,
  encodeTraceStart,
  formatTraceJson,
  formatTraceText,
  TapMachine,
  TraceDecoder,
  TraceViewer,
  viewPlaintext,
} from "../../lib/triba/trace/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";
import { fixedRandom, INPUTS, REMEMBERING } from "../lib/triba/support.ts";

const SIDES = ["core", "backend"] as const;

function makeRecord(random: Random, type: TraceRecord["type"]): TraceRecord {
  const place = { connection: 1, at: random.next() };
  switch (type) {
    case "accepted":
      return { type, ...place };
    case "admitted":
      return {
        type,
        ...place,
        backend: random.pick(["", "chat", "\u00e9"]),
        pid: random.bool() ? random.next() : undefined,
        byteOrder: random.pick(["big", "little"]),
        spawnSecret: random.bool() ? random.bytes(32) : undefined,
      };
    case "key":
      return { type, ...place, packetKey: random.bytes(32) };
    case "bytes":
      return { type, ...place, from: random.pick(SIDES), bytes: random.bytes(random.below(90)) };
    case "ended":
      return { type, ...place, reason: random.pick([undefined, "", "gone"]) };
  }
}

function makeRecords(random: Random): TraceRecord[] {
  const types = ["admitted", "key", "bytes", "bytes", "bytes", "ended"] as const;
  const more = Array.from({ length: random.below(8) }, () => random.pick(types));
  return [makeRecord(random, "accepted"), ...more.map((type) => makeRecord(random, type))];
}

/** Reads a file in pieces: the records, and whether it was whole. */
function read(random: Random, file: Uint8Array): { records: TraceRecord[]; whole: boolean } {
  const decoder = new TraceDecoder();
  const records: TraceRecord[] = [];
  try {
    for (let at = 0; at < file.length;) {
      const end = at + 1 + random.below(200);
      decoder.push(file.subarray(at, end));
      at = end;
      for (let entry = decoder.next(); entry !== undefined; entry = decoder.next()) {
        records.push(entry.record);
      }
    }
    decoder.end();
    return { records, whole: true };
  } catch (error) {
    assert(error instanceof TribaFault && error.code === "trace", String(error));
    return { records, whole: false };
  }
}

function encode(records: readonly TraceRecord[]): Uint8Array {
  return concat([encodeTraceStart(), ...records.map(encodeTraceRecord)]);
}

fuzz("trace: refused as damaged, or written again as it was", (random) => {
  const records = makeRecords(random);
  const file = encode(records);
  assertEquals(read(random, file), { records, whole: true });
  const damaged = random.mutate(file);
  const found = read(random, damaged);
  const again = encode(found.records);
  assertEquals(
    damaged.subarray(0, again.length),
    found.records.length > 0 ? again : damaged.subarray(0, again.length),
  );
  if (found.whole) assertEquals(again, damaged);
  const viewer = new TraceViewer();
  for (const event of found.records.flatMap((record) => viewer.push(record))) {
    formatTraceText(event, 0);
    JSON.parse(formatTraceJson(event, 0));
  }
});

const PLAINTEXTS: readonly Uint8Array[] = [
  encodeRequest(1, CORE_REQUESTS.write({ type: "Login", account: "a", secret: "s" })),
  encodeRequest(
    2,
    CORE_REQUESTS.write({ type: "FetchMessages", room: "r", before: null, limit: 1 }),
  ),
  encodeResponse(3, 1, { Error: ["denied", "no"] }, "tagged"),
  encodeRequest(4, { Fancy: [1, null, true, "x", { a: [2] }] }),
  Uint8Array.from([0x92, 0, 0x81, 0xa1, 0x41, 0xc4, 2, 1, 2]),
];

fuzz("packet view: shows any bytes, and as JSON", (random) => {
  const plaintext = random.bool()
    ? random.bytes(random.below(60))
    : random.mutate(random.pick(PLAINTEXTS));
  const from = random.pick(SIDES);
  const content = viewPlaintext(plaintext, from);
  if (content.packet === undefined) return assert(content.wrong.length > 0);
  const line = formatTraceJson({ type: "packet", from, view: content.view }, 0);
  assert(!line.includes("\n"));
  JSON.parse(line);
});

const REQUESTS = [
  "ListRooms",
  '{"JoinRoom":"a"}',
  '{"type":"SendMessage","room":"a","txn":"t","content":{"type":"Text","text":"h\u00e9"}}',
  '{"SendMessage":{"room":"a","content":{"Reply":["m",{"File":["n","m",1,null,null]}]}}}',
  '{"FetchMessages":["a",null,10]}',
  '{"type":"Login","account":"a","secret":"s"}',
];

fuzz("request text: refused as an argument, or the same when it is read again", (random) => {
  const bytes = new TextEncoder().encode(random.pick(REQUESTS));
  const text = new TextDecoder().decode(random.bool() ? random.mutate(bytes) : bytes);
  try {
    const request = parseRequestText(text, "T");
    assertEquals(parseRequestText(JSON.stringify(request), "T"), request);
    CORE_REQUESTS.write(request);
  } catch (error) {
    assert(error instanceof TribaFault && error.code === "argument", String(error));
  }
});

const VERSION = {
  ApiVersion: { major: 1, minor: 1, agent: "a/1", features: ["sealed-1"] },
};

/** A packet, sealed under the key of the vectors; damaged inside, outside, or not at all. */
function makeFrame(random: Random, id: number): Uint8Array {
  const whole = random.pick([
    ...PLAINTEXTS,
    encodeRequest(id, VERSION),
    encodeResponse(id, 1, VERSION),
  ]);
  const plaintext = random.below(3) === 0 ? random.mutate(whole) : whole;
  const cipher = createPlainCipher(INPUTS.packet_key, INPUTS.nonce);
  const frame = encodeFrame(cipher.seal(plaintext, id), random.below(20) === 0 ? "little" : "big");
  return random.below(20) === 0 ? random.mutate(frame) : frame;
}

/** A side's part of a connection: both have the keys of the vectors. */
function makeSaid(random: Random, side: (typeof SIDES)[number]): Uint8Array {
  const start = side === "core" ? [INPUTS.core_public, INPUTS.nonce] : [INPUTS.cbs_public];
  const frames = Array.from({ length: random.below(6) }, (_, id) => makeFrame(random, id));
  const all = concat([...start, ...frames]);
  return random.below(10) === 0 ? random.mutate(all) : all;
}

fuzz(
  "tap: no bytes of either side make it throw, and nothing is passed on after a fault",
  (random) => {
    const leg = { id: INPUTS.uuid, spawnSecret: random.bool() ? INPUTS.spawn_secret : undefined };
    const tap = new TapMachine({
      core: leg,
      backend: leg,
      random: fixedRandom(INPUTS.cbs_secret, INPUTS.core_secret),
      exchange: REMEMBERING,
    });
    const left = { core: makeSaid(random, "core"), backend: makeSaid(random, "backend") };
    let over = false;
    while (left.core.length + left.backend.length > 0) {
      const from = random.pick(SIDES);
      const part = left[from].subarray(0, 1 + random.below(100));
      left[from] = left[from].subarray(part.length);
      const step = tap.receive(from, part);
      if (over) assertEquals([step.toCore, step.toBackend, step.events], [[], [], []]);
      over ||= step.fault !== undefined;
    }
  },
);
