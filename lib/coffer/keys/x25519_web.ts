/**
 * X25519 from WebCrypto: asynchronous, but there without loading anything.
 *
 * @module
 */

import type { AsyncX25519 } from "./agreement.ts";
import { KEY_BYTES } from "../constants.ts";
import { isLowOrderPoint } from "./public_key.ts";
import { PKCS8_PREFIX, withPrefix } from "./x25519_der.ts";

const ALGORITHM = { name: "X25519" };

/**
 * X25519 of the runtime's WebCrypto.
 *
 * @throws {RangeError} when a key has not 32 bytes.
 */
export const x25519Web: AsyncX25519 = async (
  secret: Uint8Array,
  point: Uint8Array,
): Promise<Uint8Array | undefined> => {
  if (isLowOrderPoint(point)) return undefined; // it would throw without saying why
  const [privateKey, publicKey] = await Promise.all([
    crypto.subtle.importKey("pkcs8", withPrefix(PKCS8_PREFIX, secret), ALGORITHM, false, [
      "deriveBits",
    ]),
    crypto.subtle.importKey("raw", withPrefix(new Uint8Array(), point), ALGORITHM, false, []),
  ]);
  const algorithm = { ...ALGORITHM, public: publicKey };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, privateKey, 8 * KEY_BYTES));
};
