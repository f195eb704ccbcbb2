import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { BobFault } from "../../../lib/bob/fault.ts";
import { NetFault } from "../../../lib/net/mod.ts";
import { GENERATIONS, MAX_RECORD_BYTES } from "../../../lib/bob/record.ts";
import { RecordReader } from "../../../lib/bob/record_reader.ts";
import { RecordWriter } from "../../../lib/bob/record_writer.ts";
import { RECORD_SESSIONS, sourceOf } from "./sessions.ts";

const KEY = Uint8Array.from({ length: 64 }, (_, index) => index * 5);

/** A stream that keeps what is written; with a gate, each write waits for the next opening. */
class Sink {
  readonly writes: Uint8Array[] = [];
  #gate: PromiseWithResolvers<void> | undefined;

  close(): void {
    this.#gate = Promise.withResolvers();
  }

  open(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#gate?.promise;
    this.writes.push(bytes.slice());
  }

  get hex(): string {
    return this.writes.map(encodeHex).join("");
  }
}

Deno.test("RecordWriter writes the recorded plaintexts as the recorded frames", async (t) => {
  for (const { name, generation, key, records, stream } of RECORD_SESSIONS) {
    await t.step(name, async () => {
      const sink = new Sink();
      const writer = new RecordWriter(sink, key, generation);
      const piece = new Uint8Array(MAX_RECORD_BYTES);
      for (const { plaintext } of records) {
        const bytes = decodeHex(plaintext);
        piece.set(bytes);
        await writer.write(piece.subarray(0, bytes.length));
        piece.fill(0); // the caller may use its buffer again
      }
      await writer.flush();
      assertEquals(sink.hex, encodeHex(stream));
      assertEquals(writer.records, records.length);
    });
  }
});

for (const generation of GENERATIONS) {
  Deno.test(`bob-relay 10.2: RecordWriter makes each piece one record, whatever its size: ${generation}`, async () => {
    const sizes = [0, 1, 2047, 32766, 32767, 0, 5, 20, ...Array(150).fill(3), 32767, 32767];
    const pieces = sizes.map((size, index) => new Uint8Array(size).fill(index));
    const sink = new Sink();
    const writer = new RecordWriter(sink, KEY, generation);
    for (const piece of pieces) await writer.write(piece);
    await writer.flush();
    const reader = new RecordReader(sourceOf(sink.writes), KEY);
    for (const [index, piece] of pieces.entries()) {
      assertEquals(
        encodeHex(await reader.next() ?? new Uint8Array()),
        encodeHex(piece),
        `${index}`,
      );
    }
    assertEquals(await reader.next(), undefined);
    assertEquals(reader.generation, generation);
  });
}

Deno.test("RecordWriter joins records that wait for the stream", async () => {
  const sink = new Sink();
  const writer = new RecordWriter(sink, KEY, "nonce12");
  sink.close();
  for (let count = 0; count < 40; count++) await writer.write(Uint8Array.of(count));
  await new Promise((resolve) => setTimeout(resolve, 100)); // most are sealed by then
  sink.open();
  await writer.flush();
  assertEquals(sink.hex.length / 2, 40 * 19);
  assert(sink.writes.length <= 10, `${sink.writes.length} writes`);
});

Deno.test("RecordWriter takes a bounded number of records while the stream does not", async () => {
  for (const [size, most] of [[1, 64], [MAX_RECORD_BYTES, 16]] as const) {
    const sink = new Sink();
    const writer = new RecordWriter(sink, KEY, "nonce12");
    sink.close();
    const piece = new Uint8Array(size);
    let taken = 0;
    const writing = (async () => {
      for (; taken < 200; taken++) await writer.write(piece);
      await writer.flush();
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assertEquals(taken, most);
    sink.open();
    await writing;
    assertEquals(sink.writes.reduce((sum, { length }) => sum + length, 0), 200 * (size + 18));
  }
});

Deno.test("RecordWriter refuses a piece above the limit and goes on", async () => {
  const sink = new Sink();
  const writer = new RecordWriter(sink, KEY, "nonce12");
  await assertRejects(() => writer.write(new Uint8Array(MAX_RECORD_BYTES + 1)), RangeError);
  await writer.write(Uint8Array.of(1));
  await writer.flush();
  assertEquals(sink.hex.length / 2, 19);
});

Deno.test("RecordWriter passes on the transport's fault to a waiting write, a later one and flush", async () => {
  const lost = new NetFault("lost", "Cannot write: broken pipe");
  const gate = Promise.withResolvers<void>();
  const writer = new RecordWriter({ write: () => gate.promise }, KEY, "nonce12");
  const writing = (async () => {
    while (true) await writer.write(new Uint8Array(1000));
  })();
  await new Promise((resolve) => setTimeout(resolve, 20)); // it waits for room
  gate.reject(lost);
  assertEquals(await assertRejects(() => writing), lost);
  assertEquals(await assertRejects(() => writer.write(new Uint8Array(1))), lost);
  assertEquals(await assertRejects(() => writer.flush()), lost);
});

Deno.test("RecordWriter refuses a key of another length", async () => {
  const writer = new RecordWriter(new Sink(), new Uint8Array(32), "nonce12");
  await assertRejects(() => writer.write(Uint8Array.of(1)), RangeError, "32 bytes");
});

Deno.test("RecordReader opens nothing that was sealed with another key", async () => {
  const sink = new Sink();
  const writer = new RecordWriter(sink, KEY, "nonce12");
  await writer.write(new Uint8Array(100));
  await writer.flush();
  const reader = new RecordReader(sourceOf(sink.writes), KEY.toReversed());
  assertEquals((await assertRejects(() => reader.next(), BobFault)).code, "corrupt-record");
});
