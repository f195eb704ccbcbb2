// The file of a trace: what was written is read again, and damage is found where it is.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type { TraceRecord } from "../../../../lib/triba/core/mod.ts";
import { TribaFault } from "../../../../lib/triba/mod.ts";
import {
  encodeTraceRecord,
  encodeTraceStart,
  TraceDecoder,
  type TraceEntry,
} from "../../../../lib/triba/trace/mod.ts";

const PLACE = { connection: 9, at: 1_700_000_000_123 };
const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const RECORDS: readonly TraceRecord[] = [
  { type: "accepted", ...PLACE },
  {
    type: "admitted",
    ...PLACE,
    backend: "chat",
    pid: 4_000_000_000,
    byteOrder: "little",
    spawnSecret: KEY,
  },
  {
    type: "admitted",
    ...PLACE,
    backend: "",
    pid: undefined,
    byteOrder: "big",
    spawnSecret: undefined,
  },
  { type: "key", ...PLACE, packetKey: KEY },
  { type: "bytes", ...PLACE, from: "core", bytes: Uint8Array.of(1, 2, 3) },
  { type: "bytes", ...PLACE, from: "backend", bytes: new Uint8Array() },
  { type: "ended", ...PLACE, reason: "h\u00e9" },
  { type: "ended", ...PLACE, reason: "" },
  { type: "ended", ...PLACE, reason: undefined },
];
const FILE = concat([encodeTraceStart(), ...RECORDS.map(encodeTraceRecord)]);

/** Everything that can be read, and the fault that ended it. */
function read(
  file: Uint8Array,
  chunk = file.length,
): { entries: TraceEntry[]; fault?: TribaFault } {
  const decoder = new TraceDecoder();
  const entries: TraceEntry[] = [];
  try {
    for (let at = 0; at < file.length; at += chunk) {
      decoder.push(file.subarray(at, at + chunk));
      for (let entry = decoder.next(); entry !== undefined; entry = decoder.next()) {
        entries.push(entry);
      }
    }
    decoder.end();
    return { entries };
  } catch (error) {
    if (!(error instanceof TribaFault)) throw error;
    assertEquals(error.code, "trace");
    return { entries, fault: error };
  }
}

Deno.test("TraceDecoder: reads all records, whole and in pieces of any size", () => {
  for (let chunk = 1; chunk <= FILE.length; chunk++) {
    const { entries, fault } = read(FILE, chunk);
    assertEquals(fault, undefined);
    assertEquals(entries.map(({ record }) => record), [...RECORDS]);
  }
});

Deno.test("TraceDecoder: says where each record begins", () => {
  const { entries } = read(FILE);
  for (const [i, { offset }] of entries.entries()) {
    const next = entries[i + 1]?.offset ?? FILE.length;
    assertEquals(FILE.subarray(offset, next), encodeTraceRecord(RECORDS[i] as TraceRecord));
  }
});

Deno.test("TraceDecoder: a file cut at any byte gives what is whole, then the offset of the cut", () => {
  const starts = [14, ...read(FILE).entries.slice(1).map(({ offset }) => offset), FILE.length];
  for (let length = 0; length < FILE.length; length++) {
    const { entries, fault } = read(FILE.subarray(0, length));
    if (length < 14) {
      assert(fault !== undefined && /no trace/.test(fault.message), `${length}`);
      continue;
    }
    const last = starts.filter((start) => start <= length).at(-1);
    assertEquals(entries.length, starts.indexOf(last as number));
    if (last === length) assertEquals(fault, undefined);
    else assert(fault?.message.endsWith(`cut off in the record at byte ${last}`), fault?.message);
  }
});

Deno.test("TraceDecoder: any flipped bit is found, with the offset of its record", () => {
  const starts = read(FILE).entries.map(({ offset }) => offset);
  for (let bit = 0; bit < FILE.length * 8; bit++) {
    const damaged = FILE.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    const { fault } = read(damaged);
    const start = starts.filter((offset) => offset <= bit >> 3).at(-1);
    assert(fault !== undefined, `bit ${bit}`);
    assert(start === undefined || fault.message.includes(`byte ${start}`), fault.message);
  }
});

Deno.test("TraceDecoder: a second beginning, or none, is out of place", () => {
  const twice = concat([FILE, encodeTraceRecord(RECORDS[0] as TraceRecord)]);
  assert(read(twice).fault?.message.includes("out of place"));
  const none = concat([encodeTraceStart(), encodeTraceRecord(RECORDS[3] as TraceRecord)]);
  assert(read(none).fault?.message.includes("out of place"));
});

Deno.test("TraceDecoder: another kind of file is refused at once", () => {
  const decoder = new TraceDecoder();
  decoder.push(new TextEncoder().encode("tri-"));
  assertThrows(() => decoder.next(), TribaFault, "no trace of this version");
});
