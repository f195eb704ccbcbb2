/**
 * Chunks as they come from a stream, read as if they were one array. The base of every stream
 * decoder: it takes what is complete and leaves the rest for the next chunk.
 *
 * @module
 */

const NONE = new Uint8Array();
/** A view on memory as small as this costs more than a copy: engines keep it with the array. */
const COPIED_BYTES = 64;

/** A queue of bytes; what is taken may span chunks, what is not complete stays. */
export class ChunkBuffer {
  /** Bytes behind {@linkcode #end} are free; those once written are never overwritten. */
  #bytes = NONE;
  #start = 0;
  #end = 0;

  /** Number of bytes that wait to be taken. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Appends a copy of the chunk, so the caller may reuse its buffer. */
  push(chunk: Uint8Array): void {
    if (chunk.length > this.#bytes.length - this.#end) this.#move(this.length + chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** One byte without taking it, or undefined while there are not so many. */
  at(index: number): number | undefined {
    return index < this.length ? this.#bytes[this.#start + index] : undefined;
  }

  /** Drops the first bytes, at most all that wait. */
  skip(length: number): void {
    this.#start += Math.min(length, this.length);
    if (this.length === 0) this.#clear();
  }

  /** The first `length` bytes without taking them, or undefined while there are fewer. */
  peek(length: number): Uint8Array | undefined {
    return length > this.length ? undefined : this.#cut(length);
  }

  /**
   * Takes the first `length` bytes, or takes nothing while there are fewer. What is returned is
   * not touched again.
   */
  take(length: number): Uint8Array | undefined {
    if (length > this.length) return undefined;
    const taken = this.#cut(length);
    this.skip(length);
    return taken;
  }

  /** Takes everything. */
  takeAll(): Uint8Array {
    return this.takeSome(this.length);
  }

  /** Takes what is there, at most `most` bytes: for content that is passed on in pieces. */
  takeSome(most: number): Uint8Array {
    return this.take(Math.min(most, this.length)) as Uint8Array;
  }

  /** Position of the first such byte at or after `from`, or -1. */
  indexOf(byte: number, from = 0): number {
    return this.#bytes.subarray(this.#start, this.#end).indexOf(byte, Math.max(0, from));
  }

  #cut(length: number): Uint8Array {
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(`Cannot take ${length} bytes: not a whole number from 0`);
    }
    const end = this.#start + length;
    return length > COPIED_BYTES
      ? this.#bytes.subarray(this.#start, end)
      : this.#bytes.slice(this.#start, end);
  }

  /** Goes on in new memory with what waits; twice of it, so that growing stays linear in time. */
  #move(needed: number): void {
    const waiting = this.length;
    const bytes = new Uint8Array(waiting === 0 ? needed : needed * 2);
    if (waiting > 0) bytes.set(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = bytes;
    this.#start = 0;
    this.#end = waiting;
  }

  /** An idle connection keeps no memory. */
  #clear(): void {
    this.#bytes = NONE;
    this.#start = 0;
    this.#end = 0;
  }
}
