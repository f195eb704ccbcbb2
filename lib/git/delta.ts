/**
 * Git's delta format: two sizes, then instructions that copy from a base or insert bytes
 * (section 7.2). The decoder is pure; {@linkcode openDelta} applies what it finds.
 *
 * @module
 */

import { ChunkBuffer } from "../bytes/mod.ts";
import { CHUNK_BYTES, MAX_VARINT_BYTES } from "./constants.ts";
import { GitFault } from "./fault.ts";
import { type RandomAccess, readAll, readExactly } from "./random_access.ts";

/** The result goes on with bytes of the base. */
export interface CopyInstruction {
  /** What to do. */
  readonly type: "copy";
  /** First byte in the base. */
  readonly offset: number;
  /** Number of bytes, 1 to 2^24 - 1. */
  readonly length: number;
}

/** The result goes on with these bytes. */
export interface InsertInstruction {
  /** What to do. */
  readonly type: "insert";
  /** 1 to 127 bytes. */
  readonly bytes: Uint8Array;
}

/** One step of a delta. */
export type DeltaInstruction = CopyInstruction | InsertInstruction;

/** The result of a delta, before it is computed. */
export interface DeltaResult {
  /** Size of the result in bytes. */
  readonly size: number;
  /** The result, to be read once; fails when the delta does not yield exactly `size` bytes. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Copy instructions with size 0 mean this. */
const DEFAULT_COPY_BYTES = 0x10000;
/** Bases up to this size are read once instead of for each instruction. */
const MAX_BASE_IN_MEMORY_BYTES = 1 << 20;

/**
 * Reads the instructions of one delta in chunks of any size. Every range and size is checked
 * here, so that an instruction that comes out can be followed blindly.
 */
export class DeltaDecoder {
  readonly #baseSize: number;
  readonly #buffer = new ChunkBuffer();
  #baseChecked = false;
  #resultSize: number | undefined;
  #produced = 0;

  /** The size of the base that the delta will be applied to, in bytes. */
  constructor(baseSize: number) {
    this.#baseSize = baseSize;
  }

  /** Size of the result in bytes; undefined until the delta's beginning has been read. */
  get resultSize(): number | undefined {
    return this.#resultSize;
  }

  /**
   * Takes the next bytes of the delta and returns what is complete.
   *
   * @throws {GitFault} `delta`.
   */
  push(chunk: Uint8Array): DeltaInstruction[] {
    this.#buffer.push(chunk);
    if (!this.#readSizes()) return [];
    const instructions: DeltaInstruction[] = [];
    for (let next = this.#readInstruction(); next !== undefined;) {
      instructions.push(next);
      next = this.#readInstruction();
    }
    return instructions;
  }

  /**
   * The delta is over.
   *
   * @throws {GitFault} `delta` when it is incomplete.
   */
  end(): void {
    if (this.#buffer.length > 0 || this.#produced !== this.#resultSize) {
      throw deltaFault(`it ends after ${this.#produced} of ${this.#resultSize ?? "?"} bytes`);
    }
  }

  #readSizes(): boolean {
    if (!this.#baseChecked) {
      const size = this.#readSize();
      if (size === undefined) return false;
      if (size !== this.#baseSize) {
        throw deltaFault(`it is for a base of ${size} bytes, not ${this.#baseSize}`);
      }
      this.#baseChecked = true;
    }
    this.#resultSize ??= this.#readSize();
    return this.#resultSize !== undefined;
  }

  #readSize(): number | undefined {
    let size = 0;
    for (let length = 1; length <= MAX_VARINT_BYTES; length++) {
      const byte = this.#buffer.peek(length)?.[length - 1];
      if (byte === undefined) return undefined;
      size += (byte & 127) * 128 ** (length - 1);
      if (size > Number.MAX_SAFE_INTEGER) break;
      if (byte >= 0x80) continue;
      this.#buffer.take(length);
      return size;
    }
    throw deltaFault("a size is above 2^53 - 1");
  }

  #readInstruction(): DeltaInstruction | undefined {
    const code = this.#buffer.peek(1)?.[0];
    if (code === undefined) return undefined;
    if (code === 0) throw deltaFault("instruction 0 is reserved");
    const instruction = code < 0x80 ? this.#readInsert(code) : this.#readCopy(code);
    if (instruction === undefined) return undefined;
    this.#produced += instruction.type === "copy" ? instruction.length : instruction.bytes.length;
    if (this.#produced > (this.#resultSize as number)) {
      throw deltaFault(`it yields more than its ${this.#resultSize} bytes`);
    }
    return instruction;
  }

  #readInsert(length: number): InsertInstruction | undefined {
    const bytes = this.#buffer.take(1 + length)?.subarray(1);
    return bytes === undefined ? undefined : { type: "insert", bytes };
  }

  #readCopy(code: number): CopyInstruction | undefined {
    const bytes = this.#buffer.take(1 + countBits(code & 127))?.subarray(1);
    if (bytes === undefined) return undefined;
    // Bits 0-3 say which bytes of the offset follow, bits 4-6 which of the length.
    let at = 0;
    let [offset, length] = [0, 0];
    for (let bit = 0; bit < 7; bit++) {
      if ((code & (1 << bit)) === 0) continue;
      const byte = bytes[at++] as number;
      if (bit < 4) offset += byte * 256 ** bit;
      else length += byte * 256 ** (bit - 4);
    }
    if (length === 0) length = DEFAULT_COPY_BYTES;
    if (offset + length > this.#baseSize) {
      throw deltaFault(`it copies ${length} bytes at ${offset} of ${this.#baseSize}`);
    }
    return { type: "copy", offset, length };
  }
}

/**
 * Begins to apply a delta. Memory stays bounded whatever the sizes; the size of the result is
 * known before any of it is computed, so that the caller can refuse it.
 *
 * @param base What the delta refers to.
 * @param delta The delta, in chunks.
 * @throws {GitFault} `delta`; also while the content is read.
 */
export async function openDelta(
  base: RandomAccess,
  delta: AsyncIterable<Uint8Array>,
): Promise<DeltaResult> {
  const decoder = new DeltaDecoder(base.size);
  const chunks = delta[Symbol.asyncIterator]();
  let first: DeltaInstruction[] = [];
  while (decoder.resultSize === undefined) {
    const chunk = await chunks.next();
    if (chunk.done) throw deltaFault("it ends within its sizes");
    first = decoder.push(chunk.value);
  }
  return {
    size: decoder.resultSize,
    content: applyDelta(base, decoder, decodeBatches(decoder, first, chunks)),
  };
}

async function* applyDelta(
  base: RandomAccess,
  decoder: DeltaDecoder,
  batches: AsyncIterable<readonly DeltaInstruction[]>,
): AsyncGenerator<Uint8Array, void> {
  const memory = base.size <= MAX_BASE_IN_MEMORY_BYTES ? await readAll(base) : undefined;
  let left = decoder.resultSize ?? 0;
  let chunk = new Uint8Array(Math.min(CHUNK_BYTES, left));
  let filled = 0;
  for await (const batch of batches) {
    for (const instruction of batch) {
      const copy = instruction.type === "copy";
      const length = copy ? instruction.length : instruction.bytes.length;
      for (let done = 0; done < length;) {
        const room = chunk.subarray(filled, filled + length - done);
        const from = copy ? instruction.offset + done : done;
        const source = copy ? memory : instruction.bytes;
        if (source === undefined) await readExactly(base, from, room);
        else room.set(source.subarray(from, from + room.length));
        done += room.length;
        filled += room.length;
        if (filled < chunk.length) continue;
        yield chunk;
        left -= filled;
        chunk = new Uint8Array(Math.min(CHUNK_BYTES, left));
        filled = 0;
      }
    }
  }
}

/** In batches, because one promise for each instruction would cost more than following it. */
async function* decodeBatches(
  decoder: DeltaDecoder,
  first: readonly DeltaInstruction[],
  chunks: AsyncIterator<Uint8Array>,
): AsyncGenerator<readonly DeltaInstruction[], void> {
  yield first;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    yield decoder.push(next.value);
  }
  decoder.end();
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

function deltaFault(reason: string): GitFault {
  return new GitFault("delta", `Cannot apply a delta: ${reason}`);
}
