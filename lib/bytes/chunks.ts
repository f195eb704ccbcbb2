/**
 * Chunks as they come from a stream, read as if they were one array. The base of every stream
 * decoder: it takes what is complete and leaves the rest for the next chunk.
 *
 * @module
 */

/** Most bytes that are reserved behind a chunk for those to come. */
const MAX_SPARE_BYTES = 64 * 1024;

/** A queue of bytes; what is taken may span chunks, what is not complete stays. */
export class ChunkBuffer {
  #chunks: Uint8Array[] = [];
  #length = 0;
  #spare = 0; // free bytes in the block behind the last chunk

  /** Number of bytes that wait to be taken. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends a copy of the chunk, so the caller may reuse its buffer. What waits takes at most about
   * twice its size, however small the chunks: a peer that sends single bytes gains nothing.
   */
  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (chunk.length <= this.#spare) this.#append(chunk);
    else this.#reserve(chunk);
    this.#length += chunk.length;
  }

  /** The first `length` bytes without taking them, or undefined while there are fewer. */
  peek(length: number): Uint8Array | undefined {
    if (length > this.#length) return undefined;
    this.#gather(length);
    return (this.#chunks[0] ?? new Uint8Array()).subarray(0, length);
  }

  /** Takes the first `length` bytes, or takes nothing while there are fewer. */
  take(length: number): Uint8Array | undefined {
    const taken = this.peek(length);
    if (taken !== undefined) this.#drop(length);
    return taken;
  }

  /** Takes everything. */
  takeAll(): Uint8Array {
    return this.take(this.#length) as Uint8Array;
  }

  /** Takes at most `most` bytes without joining chunks: for content that is passed on in pieces. */
  takeSome(most: number): Uint8Array {
    const first = this.#chunks[0] ?? new Uint8Array();
    const taken = first.subarray(0, most);
    this.#drop(taken.length);
    return taken;
  }

  /** Position of the first such byte at or after `from`, or -1. */
  indexOf(byte: number, from = 0): number {
    let start = 0;
    for (const chunk of this.#chunks) {
      const at = chunk.indexOf(byte, Math.max(0, from - start));
      if (at >= 0) return start + at;
      start += chunk.length;
    }
    return -1;
  }

  /** Puts the chunk into the free bytes behind the last one. */
  #append(chunk: Uint8Array): void {
    const last = this.#chunks.pop() as Uint8Array;
    const longer = new Uint8Array(last.buffer, last.byteOffset, last.length + chunk.length);
    longer.set(chunk, last.length);
    this.#chunks.push(longer);
    this.#spare -= chunk.length;
  }

  /** Puts the chunk into a block of its own, with as much room behind it as bytes wait already. */
  #reserve(chunk: Uint8Array): void {
    const capacity = Math.max(chunk.length, Math.min(this.#length, MAX_SPARE_BYTES));
    const block = new Uint8Array(capacity);
    block.set(chunk);
    this.#chunks.push(block.subarray(0, chunk.length));
    this.#spare = capacity - chunk.length;
  }

  /** Makes the first chunk hold at least `length` bytes. */
  #gather(length: number): void {
    const first = this.#chunks[0];
    if (first === undefined || first.length >= length) return;
    const joined = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const chunk = this.#chunks.shift() as Uint8Array;
      const part = chunk.subarray(0, length - filled);
      joined.set(part, filled);
      filled += part.length;
      if (part.length < chunk.length) this.#chunks.unshift(chunk.subarray(part.length));
    }
    if (this.#chunks.length === 0) this.#spare = 0;
    this.#chunks.unshift(joined);
  }

  #drop(length: number): void {
    if (length === 0) return;
    const first = this.#chunks[0] as Uint8Array;
    if (first.length === length) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(length);
    this.#length -= length;
    if (this.#length === 0) this.#spare = 0;
  }
}
