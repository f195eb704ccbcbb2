/**
 * The envelopes (RFC 8410) in which the runtime's primitives take X25519 keys.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { KEY_BYTES } from "../constants.ts";

/** What stands before the 32 bytes of a secret key. */
export const PKCS8_PREFIX: Uint8Array = Uint8Array.of(
  ...[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e],
  ...[0x04, 0x22, 0x04, 0x20],
);
/** What stands before the 32 bytes of a public key. */
export const SPKI_PREFIX: Uint8Array = Uint8Array.of(
  ...[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x03, 0x21, 0x00],
);

/**
 * A key in its envelope.
 *
 * @throws {RangeError} when the key has not 32 bytes.
 */
export function withPrefix(prefix: Uint8Array, key: Uint8Array): Uint8Array<ArrayBuffer> {
  if (key.length !== KEY_BYTES) {
    throw new RangeError(`Cannot use an X25519 key: ${key.length} bytes instead of ${KEY_BYTES}`);
  }
  return concat([prefix, key]);
}
