// Properties of buffers, readers and writers of bytes that hold for every input.

import { assert, assertEquals } from "@std/assert";
import { ByteReader, ByteWriter, ChunkBuffer } from "../../lib/bytes/mod.ts";
import { fuzz, type Random } from "../support/fuzz.ts";

fuzz("ChunkBuffer behaves as one array", (random) => {
  const buffer = new ChunkBuffer();
  let model: number[] = [];
  const taken: { readonly bytes: Uint8Array; readonly expected: readonly number[] }[] = [];
  const take = (bytes: Uint8Array | undefined, length: number) => {
    const expected = model.slice(0, length);
    model = model.slice(length);
    assertEquals(bytes && [...bytes], expected);
    if (bytes !== undefined) taken.push({ bytes, expected });
  };
  for (let step = random.below(40); step > 0; step--) {
    const length = random.below(model.length + 3);
    switch (random.below(6)) {
      case 0:
      case 1: {
        const chunk = random.bytes(random.below(20));
        buffer.push(chunk);
        model.push(...chunk);
        chunk.fill(0);
        break;
      }
      case 2:
        if (length > model.length) assertEquals(buffer.take(length), undefined);
        else take(buffer.take(length), length);
        break;
      case 3: {
        const shown = buffer.peek(length);
        const expected = length > model.length ? undefined : model.slice(0, length);
        assertEquals(shown && [...shown], expected);
        break;
      }
      case 4: {
        const some = buffer.takeSome(length);
        assert(some.length > 0 || length === 0 || model.length === 0);
        take(some, some.length);
        break;
      }
      default: {
        const [byte, from] = [random.next() & 0xff, random.below(model.length + 3)];
        assertEquals(buffer.indexOf(byte, from), model.indexOf(byte, from));
      }
    }
    assertEquals(buffer.length, model.length);
  }
  for (const { bytes, expected } of taken) assertEquals([...bytes], expected, "changed later");
  take(buffer.takeAll(), model.length);
});

type Field =
  | { readonly type: "u8" | "u16" | "u32"; readonly value: number; readonly little: boolean }
  | { readonly type: "u64"; readonly value: bigint; readonly little: boolean }
  | { readonly type: "bytes"; readonly value: Uint8Array }
  | { readonly type: "text"; readonly value: string };

function field(random: Random): Field {
  const little = random.bool();
  switch (random.below(6)) {
    case 0:
      return { type: "u8", value: random.next() & 0xff, little };
    case 1:
      return { type: "u16", value: random.next() & 0xffff, little };
    case 2:
      return { type: "u32", value: random.next(), little };
    case 3:
      return { type: "u64", value: (BigInt(random.next()) << 32n) | BigInt(random.next()), little };
    case 4:
      return { type: "bytes", value: random.bytes(random.below(100)) };
    default: {
      const letters = Array.from({ length: random.below(9) }, () => random.below(0x110000));
      return { type: "text", value: String.fromCodePoint(...letters).toWellFormed() };
    }
  }
}

function write(writer: ByteWriter, item: Field): void {
  switch (item.type) {
    case "u64":
      writer.u64(item.value, item.little);
      break;
    case "bytes":
      writer.bytes(item.value);
      break;
    case "text":
      writer.text(item.value);
      break;
    case "u8":
      writer.u8(item.value);
      break;
    default:
      writer[item.type](item.value, item.little);
  }
}

function read(reader: ByteReader, item: Field): number | bigint | Uint8Array | string {
  switch (item.type) {
    case "u64":
      return reader.u64(item.little);
    case "bytes":
      return reader.take(item.value.length).slice();
    case "text":
      return reader.text(new TextEncoder().encode(item.value).length);
    case "u8":
      return reader.u8();
    default:
      return reader[item.type](item.little);
  }
}

fuzz("ByteReader reads what ByteWriter wrote, and nothing past the end", (random) => {
  class Fault extends Error {}
  const fields = Array.from({ length: random.below(20) }, () => field(random));
  const writer = new ByteWriter(random.below(9));
  for (const item of fields) write(writer, item);
  const bytes = writer.finish();
  assertEquals(bytes.length, writer.length);
  const reader = new ByteReader(bytes);
  for (const item of fields) assertEquals(read(reader, item), item.value as never);
  assertEquals(reader.remaining, 0);

  const damaged = random.mutate(bytes);
  const strict = new ByteReader(damaged, (message) => new Fault(message));
  try {
    for (const item of fields) read(strict, item);
    strict.takeUntil(random.next() & 0xff);
  } catch (error) {
    assert(error instanceof Fault, String(error));
  }
  assert(strict.offset + strict.remaining === damaged.length && strict.remaining >= 0);
});
