/**
 * The bytes of a pack on their way out: hashed for the trailer and cut into pieces for records.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** Collects bytes into pieces of one size; memory in use is one piece. */
export class PackOutput {
  readonly #pieceBytes: number;
  readonly #hash = createHash("sha1");
  #piece: Uint8Array<ArrayBuffer>;
  #filled = 0;

  /** Pieces are of this size in bytes, except where a flush ends one. */
  constructor(pieceBytes: number) {
    if (!Number.isSafeInteger(pieceBytes) || pieceBytes < 1) {
      throw new RangeError(`Cannot cut pieces of ${pieceBytes} bytes`);
    }
    this.#pieceBytes = pieceBytes;
    this.#piece = new Uint8Array(pieceBytes);
  }

  /** Copies the bytes and yields the pieces that became full; must be run to its end. */
  *push(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>, void> {
    this.#hash.update(bytes);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + this.#pieceBytes - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === this.#pieceBytes) yield* this.flush();
    }
  }

  /** Yields what has been collected, if anything. */
  *flush(): Generator<Uint8Array<ArrayBuffer>, void> {
    if (this.#filled === 0) return;
    const full = this.#filled === this.#pieceBytes;
    const piece = full ? this.#piece : this.#piece.slice(0, this.#filled);
    if (full) this.#piece = new Uint8Array(this.#pieceBytes);
    this.#filled = 0;
    yield piece;
  }

  /** SHA-1 of everything, 20 bytes; nothing can be pushed afterwards. */
  digest(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#hash.digest());
  }
}
