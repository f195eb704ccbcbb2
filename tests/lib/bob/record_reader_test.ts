import { assertEquals, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { BobFault, type BobFaultCode } from "../../../lib/bob/fault.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import { CLOSE_MARKER, createRecordCipher, GENERATIONS } from "../../../lib/bob/record.ts";
import { RecordReader } from "../../../lib/bob/record_reader.ts";
import { cuts } from "../../support/chunks.ts";
import { RECORD_SESSIONS, type RecordSession, sourceOf } from "./sessions.ts";

const KEY = Uint8Array.from({ length: 64 }, (_, index) => index * 3);

async function readAll(reader: RecordReader): Promise<string[]> {
  const plaintexts: string[] = [];
  for (let one = await reader.next(); one !== undefined; one = await reader.next()) {
    plaintexts.push(encodeHex(one));
  }
  return plaintexts;
}

/** What comes out before the fault, and the fault. */
async function readFault(reader: RecordReader): Promise<{ count: number; code: BobFaultCode }> {
  let count = 0;
  const read = async () => {
    while (await reader.next() !== undefined) count++;
  };
  const fault = await assertRejects(read, BobFault);
  assertEquals(await assertRejects(() => reader.next()), fault, "the fault stays");
  assertEquals(reader.ending, undefined);
  return { count, code: fault.code };
}

async function framesOf(plaintexts: readonly Uint8Array[], key = KEY): Promise<Uint8Array[]> {
  const cipher = await createRecordCipher(key, "nonce12");
  return await Promise.all(plaintexts.map(async (plaintext, sequence) => {
    const sealed = await cipher.seal(sequence, plaintext);
    return new Uint8Array([plaintext.length >> 8, plaintext.length & 0xff, ...sealed]);
  }));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function plaintextsOf(session: RecordSession): string[] {
  return session.records.map(({ plaintext }) => plaintext);
}

Deno.test("RecordReader opens the recorded streams and finds their generation, wherever they are cut", async (t) => {
  for (const session of RECORD_SESSIONS) {
    await t.step(session.name, async () => {
      for (const cut of cuts(session.stream)) {
        const reader = new RecordReader(sourceOf(cut.chunks), session.key);
        assertEquals(reader.generation, undefined);
        assertEquals(await readAll(reader), plaintextsOf(session), cut.name);
        assertEquals(reader.generation, session.generation);
        assertEquals(reader.ending, "end-of-stream");
        assertEquals(await reader.next(), undefined);
      }
    });
  }
});

Deno.test("bob-relay 10.1: a reader that may use one generation alone opens no other", async () => {
  for (const session of RECORD_SESSIONS) {
    for (const generation of GENERATIONS) {
      const options = { generations: [generation] };
      const reader = new RecordReader(sourceOf([session.stream]), session.key, options);
      if (generation === session.generation) {
        assertEquals(await readAll(reader), plaintextsOf(session));
      } else {
        assertEquals(await readFault(reader), { count: 0, code: "corrupt-record" });
      }
    }
  }
});

Deno.test("RecordReader takes bytes that were received before", async () => {
  for (const session of RECORD_SESSIONS) {
    for (const at of [0, 1, 2, 3, 40, session.stream.length]) {
      const received = session.stream.slice(0, at);
      const source = sourceOf([session.stream.subarray(at)].filter((rest) => rest.length > 0));
      const reader = new RecordReader(source, session.key, { received });
      received.fill(0);
      assertEquals(await readAll(reader), plaintextsOf(session), `${at} bytes`);
    }
  }
});

Deno.test("RecordReader gives what is there while the stream stays open", async () => {
  for (const session of RECORD_SESSIONS) {
    const { read } = sourceOf([session.stream]);
    const source = {
      read: async (into: Uint8Array) => await read(into) ?? await new Promise<never>(() => {}),
    };
    const reader = new RecordReader(source, session.key);
    const got: string[] = [];
    for (const _ of session.records) got.push(encodeHex(await reader.next() ?? new Uint8Array()));
    assertEquals(got, plaintextsOf(session));
  }
});

Deno.test("bob-relay 10.13: RecordReader tells an end by the unsigned close marker from other ends", async () => {
  for (const session of RECORD_SESSIONS) {
    for (const after of [[], [0xff, 0xff], [1, 2, 3]]) {
      const stream = joined(session.stream, CLOSE_MARKER, Uint8Array.from(after));
      for (const cut of cuts(stream).take(2)) {
        const reader = new RecordReader(sourceOf(cut.chunks), session.key);
        assertEquals(await readAll(reader), plaintextsOf(session));
        assertEquals(reader.ending, "marker");
      }
    }
  }
});

Deno.test("RecordReader ends without a record when there is none", async () => {
  const empty = new RecordReader(sourceOf([]), KEY);
  assertEquals(await readAll(empty), []);
  assertEquals([empty.ending, empty.generation], ["end-of-stream", undefined]);
  const marker = new RecordReader(sourceOf([CLOSE_MARKER]), KEY);
  assertEquals(await readAll(marker), []);
  assertEquals(marker.ending, "marker");
});

Deno.test("RecordReader calls a stream that ends inside a record lost, with the relay's marker or without", async (t) => {
  for (const session of RECORD_SESSIONS) {
    await t.step(session.name, async () => {
      const boundaries = new Map<number, number>([[0, 0]]);
      let offset = 0;
      for (const [index, { frame }] of session.records.entries()) {
        boundaries.set(offset += frame.length / 2, index + 1);
      }
      for (const marker of [new Uint8Array(), CLOSE_MARKER, joined(CLOSE_MARKER, CLOSE_MARKER)]) {
        let complete = 0;
        for (let at = 0; at < session.stream.length; at++) {
          complete = boundaries.get(at) ?? complete;
          const stream = joined(session.stream.subarray(0, at), marker);
          for (const cut of cuts(stream).take(2)) {
            const reader = new RecordReader(sourceOf(cut.chunks), session.key);
            const name = `cut at ${at}, ${marker.length} marker bytes, ${cut.name}`;
            if (boundaries.has(at)) assertEquals((await readAll(reader)).length, complete, name);
            else {
              assertEquals(
                await readFault(reader),
                { count: complete, code: "connection-lost" },
                name,
              );
            }
          }
        }
      }
    });
  }
});

Deno.test("RecordReader calls a record whose end merely looks like a marker corrupt", async () => {
  const [first, second] = await framesOf([Uint8Array.of(1, 2, 3), Uint8Array.of(4)]);
  const damaged = first?.slice() ?? new Uint8Array();
  damaged.fill(0xff, -2); // two bytes of a marker would have to follow, and then the end
  const cases: Record<string, Uint8Array[]> = {
    "nothing follows": [],
    "one marker byte follows": [Uint8Array.of(0xff)],
    "a record follows": [second ?? new Uint8Array()],
    "other bytes follow": [Uint8Array.of(0xff, 0xff, 0)],
    "more than two markers follow": [new Uint8Array(9).fill(0xff)],
  };
  for (const [name, following] of Object.entries(cases)) {
    for (const cut of cuts(joined(damaged, ...following)).take(2)) {
      const reader = new RecordReader(sourceOf(cut.chunks), KEY);
      assertEquals(await readFault(reader), { count: 0, code: "corrupt-record" }, name);
    }
  }
});

Deno.test("RecordReader refuses a record that was damaged, moved or left out, and gives those before it", async () => {
  const plaintexts = Array.from({ length: 20 }, (_, index) => new Uint8Array(index).fill(index));
  const frames = await framesOf(plaintexts);
  const altered: Record<string, [number, Uint8Array[]]> = {
    "left out": [5, frames.toSpliced(5, 1)],
    "twice": [6, frames.toSpliced(6, 0, frames[5] as Uint8Array)],
    "swapped": [0, [frames[1] as Uint8Array, frames[0] as Uint8Array, ...frames.slice(2)]],
    "damaged": [19, frames.with(19, (frames[19] as Uint8Array).with(9, 0xaa))],
  };
  for (const [name, [count, stream]] of Object.entries(altered)) {
    for (const cut of cuts(joined(...stream)).take(2)) {
      const reader = new RecordReader(sourceOf(cut.chunks), KEY);
      assertEquals(await readFault(reader), { count, code: "corrupt-record" }, name);
    }
  }
});

Deno.test("RecordReader refuses an impossible length after the records before it", async () => {
  const frames = await framesOf([Uint8Array.of(1), Uint8Array.of(2)]);
  const stream = joined(...frames, Uint8Array.of(0x80, 0, 1, 2, 3));
  for (const cut of cuts(stream)) {
    const reader = new RecordReader(sourceOf(cut.chunks), KEY);
    assertEquals(await readFault(reader), { count: 2, code: "oversized-record" }, cut.name);
  }
});

Deno.test("RecordReader passes on the transport's fault after the records before it", async () => {
  const frames = await framesOf([Uint8Array.of(1), Uint8Array.of(2)]);
  const lost = new NetFault("lost", "Cannot read: reset");
  for (const rest of [new Uint8Array(), Uint8Array.of(0, 3, 1)]) {
    const reader = new RecordReader(sourceOf([joined(...frames, rest)], lost), KEY);
    assertEquals(await reader.next(), Uint8Array.of(1));
    assertEquals(await reader.next(), Uint8Array.of(2));
    assertEquals(await assertRejects(() => reader.next()), lost);
  }
});

Deno.test("RecordReader reads large streams in large chunks, in order", async () => {
  const plaintexts = Array.from({ length: 100 }, (_, index) => {
    return new Uint8Array(index % 3 === 0 ? 32767 : index * 300).fill(index);
  });
  const frames = await framesOf(plaintexts);
  const sizes: number[] = [];
  const { read } = sourceOf([joined(...frames)]);
  const source = {
    read: (into: Uint8Array) => {
      sizes.push(into.length);
      return read(into);
    },
  };
  const reader = new RecordReader(source, KEY);
  for (const [index, plaintext] of plaintexts.entries()) {
    assertEquals(
      encodeHex(await reader.next() ?? new Uint8Array()),
      encodeHex(plaintext),
      `record ${index}`,
    );
  }
  assertEquals(await reader.next(), undefined);
  assertEquals(Math.max(...sizes), 1024 * 1024);
});
