/**
 * Writes one zlib stream (RFC 1950 and 1951) in which deflated and stored stretches can take
 * turns. The runtime's streams cannot change their level on every version, and their level 0 is
 * no faster than this.
 *
 * @module
 */

import { constants, deflateRawSync } from "node:zlib";
import { ADLER32_START, updateAdler32 } from "./adler32.ts";
import {
  type Compression,
  type CompressionPolicy,
  compressionPolicy,
  DEFLATE_LEVEL,
  SEGMENT_BYTES,
} from "./compression.ts";

/** What zlib writes in front of level 4, and of level 0. */
const DEFLATED_HEADER = Uint8Array.of(0x78, 0x5e);
const STORED_HEADER = Uint8Array.of(0x78, 0x01);
/** A last block without content. */
const EMPTY_BLOCK = Uint8Array.of(0x03, 0x00);
/** The longest stored block. */
const MAX_STORED_BYTES = 0xffff;
/** While storing, chunks from this size on go through without being collected. */
const MIN_DIRECT_BYTES = 1 << 14;
/** Room for content that grows when it is deflated. */
const DEFLATE_SLACK_BYTES = 1 << 10;

/**
 * Takes content in chunks of any size and makes the bytes of the stream. Content of up to 256 KiB
 * that is deflated becomes exactly what zlib makes of it.
 *
 * What the generators yield may be a view of the chunk or of memory that is used again, and must
 * be used before the next step; they must be run to their end.
 */
export class ZlibEncoder {
  readonly #policy: CompressionPolicy;
  /** Bytes of the content that are not yet encoded. */
  #left: number;
  #segment: Uint8Array | undefined;
  #collected = 0;
  #sum = ADLER32_START;
  #begun = false;

  /** The size of the whole content in bytes must be known, because the last block is marked. */
  constructor(size: number, compression: Compression) {
    this.#left = size;
    this.#policy = compressionPolicy(compression);
  }

  /** The next bytes of the content; more than was announced is a RangeError. */
  *push(chunk: Uint8Array): Generator<Uint8Array, void> {
    if (chunk.length > this.#left - this.#collected) {
      throw new RangeError("Cannot deflate: there is more than was announced");
    }
    this.#sum = updateAdler32(this.#sum, chunk);
    for (let at = 0; at < chunk.length;) {
      const rest = chunk.subarray(at);
      const part = this.#isDirect(rest.length)
        ? rest.subarray(0, SEGMENT_BYTES)
        : this.#collect(rest);
      at += part.length;
      if (this.#collected === 0) yield* this.#encode(part);
      else if (this.#segment?.length === this.#collected) {
        this.#collected = 0;
        yield* this.#encode(this.#segment);
      }
    }
  }

  /** The end of the stream; less than was announced is a RangeError. */
  *finish(): Generator<Uint8Array, void> {
    if (this.#left > 0) throw new RangeError("Cannot deflate: there is less than was announced");
    if (!this.#begun) {
      yield DEFLATED_HEADER;
      yield EMPTY_BLOCK;
    }
    const sum = this.#sum;
    yield Uint8Array.of(sum >>> 24, sum >>> 16, sum >>> 8, sum);
  }

  #isDirect(length: number): boolean {
    if (this.#collected > 0) return false;
    return length >= Math.min(SEGMENT_BYTES, this.#left) ||
      (this.#policy.storing && length >= MIN_DIRECT_BYTES);
  }

  #collect(bytes: Uint8Array): Uint8Array {
    if (this.#collected === 0) {
      const length = Math.min(SEGMENT_BYTES, this.#left);
      if (this.#segment?.length !== length) this.#segment = new Uint8Array(length);
    }
    const segment = this.#segment as Uint8Array;
    const part = bytes.subarray(0, segment.length - this.#collected);
    segment.set(part, this.#collected);
    this.#collected += part.length;
    return part;
  }

  *#encode(segment: Uint8Array): Generator<Uint8Array, void> {
    this.#left -= segment.length;
    const last = this.#left === 0;
    const deflated = this.#policy.tries(segment) ? deflate(segment, last) : undefined;
    if (deflated !== undefined && this.#policy.keeps(segment.length, deflated.length)) {
      yield* this.#begin(DEFLATED_HEADER);
      yield deflated;
    } else {
      yield* this.#begin(STORED_HEADER);
      yield* store(segment, last);
    }
  }

  *#begin(header: Uint8Array): Generator<Uint8Array, void> {
    if (!this.#begun) yield header;
    this.#begun = true;
  }
}

/** Deflated by itself; ends at a byte's border unless it is the last. */
function deflate(segment: Uint8Array, last: boolean): Uint8Array {
  return deflateRawSync(segment, {
    level: DEFLATE_LEVEL,
    finishFlush: last ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    chunkSize: segment.length + DEFLATE_SLACK_BYTES,
  });
}

function* store(segment: Uint8Array, last: boolean): Generator<Uint8Array, void> {
  for (let at = 0; at < segment.length;) {
    const block = segment.subarray(at, at + MAX_STORED_BYTES);
    at += block.length;
    const final = last && at === segment.length ? 1 : 0;
    const [low, high] = [block.length & 0xff, block.length >>> 8];
    yield Uint8Array.of(final, low, high, low ^ 0xff, high ^ 0xff);
    yield block;
  }
}
