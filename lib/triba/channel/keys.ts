/**
 * The exchange of keys in steps 3 to 6: X25519 over fresh keys, its raw output as packet key
 * (section 4.1).
 *
 * @module
 */

import { x25519 } from "@noble/curves/ed25519.js";
import { KEY_BYTES } from "../constants.ts";
import { TribaFault } from "../fault.ts";

/** The X25519 keys of one side for one connection, 32 bytes each. */
export interface KeyPair {
  /** Never leaves this process, never stored. */
  readonly secretKey: Uint8Array;
  /** What the peer gets. */
  readonly publicKey: Uint8Array;
}

/** The primitive that the handshakes use; who embeds them may bring a faster one. */
export interface KeyExchange {
  /** As {@linkcode makeKeyPair}. */
  makeKeyPair(random: (length: number) => Uint8Array): KeyPair;
  /** As {@linkcode computePacketKey}; what it returns is overwritten after use. */
  computePacketKey(secretKey: Uint8Array, peerKey: Uint8Array): Uint8Array;
}

/** Makes the keys of one connection; `random` returns that many random bytes. */
export function makeKeyPair(random: (length: number) => Uint8Array): KeyPair {
  const secretKey = new Uint8Array(random(KEY_BYTES));
  return { secretKey, publicKey: x25519.getPublicKey(secretKey) };
}

/**
 * The key that both sides share: the raw output of X25519, 32 bytes. Follows RFC 7748: the secret
 * is clamped, the top bit of the peer's key ignored. The synchronous primitive of noble is used
 * because WebCrypto's would make the machines asynchronous.
 *
 * @throws {TribaFault} `low-order` for a peer's key that makes it zero: such a peer fixes the key.
 */
export function computePacketKey(
  secretKey: Uint8Array,
  peerKey: Uint8Array,
): Uint8Array<ArrayBuffer> {
  if (secretKey.length !== KEY_BYTES || peerKey.length !== KEY_BYTES) {
    throw new RangeError(
      `Cannot agree on a key: keys of ${secretKey.length} and ${peerKey.length} bytes, not ${KEY_BYTES}`,
    );
  }
  try {
    return new Uint8Array(x25519.getSharedSecret(secretKey, peerKey));
  } catch (error) {
    // With lengths right, a result of zero is all that the primitive refuses.
    throw new TribaFault("low-order", "Cannot agree on a key: the peer's is of low order", {
      cause: error,
    });
  }
}

/** The key exchange of this file. */
export const KEY_EXCHANGE: KeyExchange = { makeKeyPair, computePacketKey };
