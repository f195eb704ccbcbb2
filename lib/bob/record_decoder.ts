/**
 * Cuts the stream of the encrypted channel into sealed records (bob protocol, section 6.1). It
 * opens none of them: that needs the key, see record_reader.ts.
 *
 * @module
 */

import { BobFault } from "./fault.ts";
import { MAX_RECORD_BYTES, RECORD_HEADER_BYTES, RECORD_TAG_BYTES } from "./record.ts";

const MARKER_LENGTH = 0xffff;

/** A record as it travels, without its length. */
export interface SealedRecord {
  /** Its number, from 0. */
  readonly sequence: number;
  /** Ciphertext and tag; a view of the chunk where the record lies in one chunk. */
  readonly sealed: Uint8Array;
}

/**
 * Fed with chunks cut anywhere. After each `push`, call `next` until it has no more: only then is
 * what it keeps of the chunk copied, so that records in the middle of a chunk need no copy at all.
 */
export class RecordDecoder {
  readonly #header = new Uint8Array(RECORD_HEADER_BYTES);
  #headerFilled = 0;
  #partial: Uint8Array | undefined; // of a record that spans chunks
  #partialFilled = 0;
  #input: Uint8Array = new Uint8Array();
  #sequence = 0;

  /** The close marker stands where the next record would: there are no more. */
  get marked(): boolean {
    return this.#headerFilled === RECORD_HEADER_BYTES && this.#length() === MARKER_LENGTH;
  }

  /** Appends a chunk, which the caller must not change before `next` has given undefined. */
  push(chunk: Uint8Array): void {
    if (this.marked) return;
    if (this.#input.length > 0) throw new Error("Cannot push a chunk: the last one is not used up");
    this.#input = chunk;
  }

  /**
   * The next record, or undefined: until there is more input, for ever after the close marker.
   *
   * @throws {BobFault} `oversized-record` for a length that no peer writes.
   */
  next(): SealedRecord | undefined {
    while (this.#headerFilled < RECORD_HEADER_BYTES) {
      if (this.#input.length === 0) return undefined;
      this.#header.set(this.#take(1), this.#headerFilled++);
    }
    if (this.marked) return undefined;
    const length = this.#length();
    if (length > MAX_RECORD_BYTES) {
      throw new BobFault(
        "oversized-record",
        `Cannot read record ${this.#sequence}: ${length} bytes long`,
      );
    }
    const sealed = this.#takeBody(length + RECORD_TAG_BYTES);
    if (sealed === undefined) return undefined;
    this.#headerFilled = 0;
    return { sequence: this.#sequence++, sealed };
  }

  /**
   * The stream has ended.
   *
   * @throws {BobFault} `connection-lost` when it ended inside a record.
   */
  end(): void {
    if (this.#headerFilled === 0 || this.marked) return;
    throw new BobFault(
      "connection-lost",
      `Cannot read record ${this.#sequence}: the stream ends inside it`,
    );
  }

  /** A copy of what lies behind the last record that `next` gave, `most` bytes at the most. */
  following(most: number): Uint8Array {
    const partial = this.#partial?.subarray(0, Math.min(most, this.#partialFilled)) ?? [];
    const input = this.#input.subarray(0, most);
    const header = this.#header.subarray(0, this.#headerFilled);
    return Uint8Array.from([...header, ...partial, ...input].slice(0, most));
  }

  #length(): number {
    return (this.#header[0] as number) << 8 | (this.#header[1] as number);
  }

  #take(most: number): Uint8Array {
    const taken = this.#input.subarray(0, most);
    this.#input = this.#input.subarray(taken.length);
    return taken;
  }

  #takeBody(size: number): Uint8Array | undefined {
    if (this.#partial === undefined && this.#input.length >= size) return this.#take(size);
    this.#partial ??= new Uint8Array(size);
    const part = this.#take(size - this.#partialFilled);
    this.#partial.set(part, this.#partialFilled);
    this.#partialFilled += part.length;
    if (this.#partialFilled < size) return undefined;
    const body = this.#partial;
    this.#partial = undefined;
    this.#partialFilled = 0;
    return body;
  }
}
