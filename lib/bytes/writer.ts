/**
 * Collects numbers, bytes and texts into one byte array.
 *
 * @module
 */

const utf8 = new TextEncoder();

/** Writes to the end of a growing buffer; numbers are big-endian unless said otherwise. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #length = 0;

  /** Starts empty; `capacity` bytes are reserved at first and the buffer grows by itself. */
  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Number of bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** One byte, 0 to 255. */
  u8(value: number): this {
    const start = this.#reserve(1, value, 0xff); // first: growing replaces the view
    this.#view.setUint8(start, value);
    return this;
  }

  /** Two bytes, 0 to 65535. */
  u16(value: number, littleEndian = false): this {
    const start = this.#reserve(2, value, 0xffff);
    this.#view.setUint16(start, value, littleEndian);
    return this;
  }

  /** Four bytes, 0 to 2^32 - 1. */
  u32(value: number, littleEndian = false): this {
    const start = this.#reserve(4, value, 0xffffffff);
    this.#view.setUint32(start, value, littleEndian);
    return this;
  }

  /** Eight bytes, 0 to 2^64 - 1. */
  u64(value: bigint, littleEndian = false): this {
    if (value < 0n || value > 0xffffffffffffffffn) {
      throw new RangeError(`Cannot write ${value}: not an unsigned 64-bit number`);
    }
    const start = this.#reserve(8);
    this.#view.setBigUint64(start, value, littleEndian);
    return this;
  }

  /** The bytes as they are; copied. */
  bytes(value: Uint8Array): this {
    const start = this.#reserve(value.length);
    this.#bytes.set(value, start);
    return this;
  }

  /** The text as UTF-8, without length or delimiter. */
  text(value: string): this {
    return this.bytes(utf8.encode(value));
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(length: number, value = 0, most = 0): number {
    if (!Number.isInteger(value) || value < 0 || value > most) {
      throw new RangeError(`Cannot write ${value}: not a whole number from 0 to ${most}`);
    }
    const start = this.#length;
    const needed = start + length;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, start));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = needed;
    return start;
  }
}
