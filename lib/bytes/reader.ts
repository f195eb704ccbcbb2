/**
 * A bounds-checked cursor over bytes. Every codec reads through it, so that a length which points
 * outside the input is one fault of that protocol and never an exception of the runtime.
 *
 * @module
 */

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Makes the error that a failed read throws; each protocol hands in its own class. */
export type MakeFault = (message: string) => Error;

/** Reads numbers, byte strings and texts from the front of a byte array, never past its end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fault: MakeFault;
  #offset = 0;

  /**
   * Starts at the first byte.
   *
   * @param bytes Read in place, not copied: the caller must not change them meanwhile.
   * @param fault Makes the error for input that ends too early or is not UTF-8.
   */
  constructor(bytes: Uint8Array, fault: MakeFault = (message) => new RangeError(message)) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fault = fault;
  }

  /** Position of the next byte, counted from the start. */
  get offset(): number {
    return this.#offset;
  }

  /** Number of bytes not yet read. */
  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  /** One unsigned byte. */
  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  /** An unsigned 16-bit number, big-endian unless said otherwise. */
  u16(littleEndian = false): number {
    return this.#view.getUint16(this.#advance(2), littleEndian);
  }

  /** An unsigned 32-bit number, big-endian unless said otherwise. */
  u32(littleEndian = false): number {
    return this.#view.getUint32(this.#advance(4), littleEndian);
  }

  /** An unsigned 64-bit number, big-endian unless said otherwise. */
  u64(littleEndian = false): bigint {
    return this.#view.getBigUint64(this.#advance(8), littleEndian);
  }

  /** The next `length` bytes as a view of the input, not a copy. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** The bytes up to a delimiter, which is read and left out. */
  takeUntil(delimiter: number): Uint8Array {
    const end = this.#bytes.indexOf(delimiter, this.#offset);
    if (end < 0) {
      throw this.#fault(`Cannot read a delimited string: no byte ${delimiter} up to the end`);
    }
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end + 1;
    return taken;
  }

  /** The next `length` bytes as strict UTF-8; a byte-order mark is kept. */
  text(length: number): string {
    const start = this.#offset;
    try {
      return utf8.decode(this.take(length));
    } catch (error) {
      if (error instanceof TypeError) {
        throw this.#fault(`Cannot read a text of ${length} bytes at ${start}: not UTF-8`);
      }
      throw error;
    }
  }

  /** Everything that is left, as a view of the input. */
  rest(): Uint8Array {
    return this.take(this.remaining);
  }

  #advance(length: number): number {
    if (!Number.isInteger(length) || length < 0 || length > this.remaining) {
      throw this.#fault(
        `Cannot read ${length} bytes at ${this.#offset}: ${this.remaining} are left`,
      );
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}
