/**
 * The two boxes of coffer (spec section 5): `crypto_box`, between two known keys under a nonce that
 * travels apart, and `crypto_box_seal`, from nobody to a known key. X25519, then XSalsa20-Poly1305
 * with the tag in front.
 *
 * @module
 */

import { hsalsa, xsalsa20poly1305 } from "@noble/ciphers/salsa.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { concat } from "@std/bytes/concat";
import { wipe } from "../../bytes/mod.ts";
import { BASE_POINT, type Computation } from "./agreement.ts";
import { KEY_BYTES } from "../constants.ts";
import { CofferFault } from "../fault.ts";

/** Size of a nonce, in bytes. */
export const NONCE_BYTES = 24;
/** What `crypto_box` adds: the tag, in bytes. */
export const BOX_OVERHEAD_BYTES = 16;
/** What `crypto_box_seal` adds: the ephemeral public key and the tag, in bytes. */
export const SEAL_OVERHEAD_BYTES: number = KEY_BYTES + BOX_OVERHEAD_BYTES;

/** Random bytes from a generator that is fit for keys. */
export type RandomSource = (length: number) => Uint8Array;

/** A public key and the secret key that belongs to it, 32 bytes each. */
export interface KeyPair {
  /** X25519(secret key, base point). */
  readonly publicKey: Uint8Array;
  /** The secret key, random bytes. */
  readonly secretKey: Uint8Array;
}

const SIGMA = words(new TextEncoder().encode("expand 32-byte k"));
const ZERO_NONCE = new Uint32Array(4);

/**
 * The key of all boxes between two parties, whoever sends: HSalsa20 of their shared secret.
 *
 * @returns undefined when the public key is a point of low order.
 */
export function* agreeBoxKey(
  secretKey: Uint8Array,
  publicKey: Uint8Array,
): Computation<Uint8Array | undefined> {
  const shared = yield { secret: secretKey, point: publicKey };
  if (shared === undefined) return undefined;
  const key = new Uint32Array(8);
  hsalsa(SIGMA, words(shared), ZERO_NONCE, key);
  wipe(shared);
  return new Uint8Array(key.buffer);
}

/** `tag || ciphertext` under a key of {@linkcode agreeBoxKey}; a nonce serves one message only. */
export function closeBox(
  boxKey: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
): Uint8Array {
  return xsalsa20poly1305(boxKey, nonce).encrypt(message);
}

/** The message, or undefined if the box was not made with this key and nonce or was damaged. */
export function openBox(
  boxKey: Uint8Array,
  nonce: Uint8Array,
  box: Uint8Array,
): Uint8Array | undefined {
  if (box.length < BOX_OVERHEAD_BYTES) return undefined;
  try {
    return xsalsa20poly1305(boxKey, nonce).decrypt(box);
  } catch {
    return undefined; // lengths are right, so this is the tag
  }
}

/** The public key of a secret key. */
export function* derivePublicKey(secretKey: Uint8Array): Computation<Uint8Array> {
  const publicKey = yield { secret: secretKey, point: BASE_POINT };
  if (publicKey === undefined) throw new TypeError("Cannot derive a public key: no result");
  return publicKey;
}

/**
 * `ephemeral public key || tag || ciphertext`: whoever holds the recipient's secret key can open
 * it, nobody can tell who made it.
 *
 * @param ephemeralSecret 32 random bytes that serve this one box; wiped.
 * @throws {CofferFault} with `bad-key` when the recipient's key is a point of low order.
 */
export function* sealBox(
  message: Uint8Array,
  recipient: Uint8Array,
  ephemeralSecret: Uint8Array,
): Computation<Uint8Array<ArrayBuffer>> {
  const ephemeral = yield* derivePublicKey(ephemeralSecret);
  const key = yield* agreeBoxKey(ephemeralSecret, recipient);
  wipe(ephemeralSecret);
  if (key === undefined) {
    throw new CofferFault("bad-key", "Cannot seal: the recipient's key is a point of low order");
  }
  const box = closeBox(key, sealNonce(ephemeral, recipient), message);
  wipe(key);
  return concat([ephemeral, box]);
}

/** The message of a sealed box, or undefined if it was not sealed to this pair or was damaged. */
export function* openSealedBox(
  sealed: Uint8Array,
  recipient: KeyPair,
): Computation<Uint8Array | undefined> {
  if (sealed.length < SEAL_OVERHEAD_BYTES) return undefined;
  const ephemeral = sealed.subarray(0, KEY_BYTES);
  const key = yield* agreeBoxKey(recipient.secretKey, ephemeral);
  if (key === undefined) return undefined;
  const nonce = sealNonce(ephemeral, recipient.publicKey);
  const message = openBox(key, nonce, sealed.subarray(KEY_BYTES));
  wipe(key);
  return message;
}

/** BLAKE2b with an output of 24 bytes, which is a hash of its own and no truncation. */
export function hashNonce(...parts: readonly Uint8Array[]): Uint8Array {
  return blake2b(concat(parts), { dkLen: NONCE_BYTES });
}

function sealNonce(ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return hashNonce(ephemeral, recipient);
}

/** Little-endian words, which is the order of every machine that the runtime exists for. */
function words(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}
