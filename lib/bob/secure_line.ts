/**
 * The one line that a peer sends on the secure port (section 5 of the protocol document).
 *
 * @module
 */

import { ChunkBuffer } from "../bytes/mod.ts";
import { MAX_LINE_BYTES } from "./constants.ts";

const NEWLINE = 0x0a;

/**
 * Reads the line. What follows the newline before the relay has answered is forbidden: the
 * reference throws away what comes in the same read and keeps what comes later, so whoever sends
 * early loses bytes by chance. Here it makes the line invalid, which the sender notices.
 */
export class SecureLine {
  readonly #buffer = new ChunkBuffer();

  /**
   * Takes a chunk.
   *
   * @returns the line without its newline as soon as it is complete, `invalid` as soon as it
   * cannot become one any more, undefined before.
   */
  push(chunk: Uint8Array): Uint8Array | "invalid" | undefined {
    this.#buffer.push(chunk);
    const { length } = this.#buffer;
    const end = this.#buffer.indexOf(NEWLINE);
    if (end < 0) return length < MAX_LINE_BYTES ? undefined : "invalid";
    if (end >= MAX_LINE_BYTES || end + 1 < length) return "invalid";
    return this.#buffer.take(end);
  }
}
