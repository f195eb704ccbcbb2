/**
 * Framing: each payload behind its size, which counts ciphertext and tag and not itself
 * (section 5).
 *
 * @module
 */

import { ChunkBuffer } from "../../bytes/mod.ts";
import { MIN_PAYLOAD_BYTES, SIZE_BYTES } from "../constants.ts";
import { TribaFault } from "../fault.ts";

/** The order of the size's four bytes; `big` unless a peer is known to differ. */
export type ByteOrder = "big" | "little";

/** A first size whose reverse is below this was written in the other byte order. */
const REVERSED_SIZE_BELOW = 65_536;

/** The payload behind its size. */
export function encodeFrame(
  payload: Uint8Array,
  byteOrder: ByteOrder = "big",
): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(SIZE_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length, byteOrder === "little");
  frame.set(payload, SIZE_BYTES);
  return frame;
}

/**
 * Finds payloads in a stream. Yields one per call, because limit and keys may change between two
 * packets that arrive together.
 */
export class FrameDecoder {
  /** Largest payload accepted, in bytes; holds for sizes read from now on. */
  limit: number;

  readonly #buffer: ChunkBuffer;
  readonly #littleEndian: boolean;
  #first = true;
  #size: number | undefined;

  /** Begins with what the buffer holds; it may be filled from elsewhere too. */
  constructor(byteOrder: ByteOrder, limit: number, buffer: ChunkBuffer = new ChunkBuffer()) {
    this.#littleEndian = byteOrder === "little";
    this.limit = limit;
    this.#buffer = buffer;
  }

  /** Whether a payload has begun that is not complete. */
  get inside(): boolean {
    return this.#size !== undefined || this.#buffer.length > 0;
  }

  /** Adds bytes that arrived; they are copied. */
  push(chunk: Uint8Array): void {
    this.#buffer.push(chunk);
  }

  /**
   * The next payload, once it is complete. It is a view that nothing else will write to.
   *
   * @throws {TribaFault} `size` or `byte-order`, before anything of the payload is waited for.
   */
  next(): Uint8Array | undefined {
    this.#size ??= this.#readSize();
    if (this.#size === undefined) return undefined;
    const payload = this.#buffer.take(this.#size);
    if (payload !== undefined) this.#size = undefined;
    return payload;
  }

  #readSize(): number | undefined {
    const bytes = this.#buffer.take(SIZE_BYTES);
    if (bytes === undefined) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, SIZE_BYTES);
    const size = view.getUint32(0, this.#littleEndian);
    const reversed = view.getUint32(0, !this.#littleEndian);
    if (size > this.limit && this.#first && reversed < REVERSED_SIZE_BELOW) {
      const order = this.#littleEndian ? "big" : "little";
      throw new TribaFault(
        "byte-order",
        `Cannot read the first packet: its size is ${size}, in byte order "${order}" ${reversed}; set byte_order`,
      );
    }
    if (size < MIN_PAYLOAD_BYTES || size > this.limit) {
      throw new TribaFault(
        "size",
        `Cannot read a packet of ${size} bytes: not from ${MIN_PAYLOAD_BYTES} to ${this.limit}`,
      );
    }
    this.#first = false;
    return size;
  }
}
