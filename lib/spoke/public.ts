/**
 * The public element: what a server announces and a client obeys (bob-relay, section 4.1).
 *
 * @module
 */

import { ByteReader, ByteWriter } from "../bytes/mod.ts";
import { requireBytes, requireCount } from "./arguments.ts";
import {
  ALGORITHM_PBKDF2,
  HASH_SHA256,
  MAX_ROUNDS,
  PUBLIC_BYTES,
  SALT_BYTES,
} from "./constants.ts";
import { SpokeFault } from "./fault.ts";

/** A cipher for the records that follow; each takes a key of 32 bytes and adds a tag of 16. */
export type Cipher = "aes-256-gcm" | "aes-256-ccm" | "chacha20-poly1305";

/** The position is the number in the element. */
const CIPHERS: readonly Cipher[] = ["aes-256-gcm", "aes-256-ccm", "chacha20-poly1305"];

/** The parameters that the server dictates; none of them is secret. */
export interface PublicElement {
  /** 16 bits; 1 in all known programs and checked by none. */
  readonly version: number;
  /** PBKDF2 rounds, at least 1. */
  readonly rounds: number;
  /** Protects what the server sends. */
  readonly cipher0: Cipher;
  /** Protects what the client sends. */
  readonly cipher1: Cipher;
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

/**
 * The element as 34 bytes.
 *
 * @throws {RangeError} for a field outside its range.
 * @throws {TypeError} for a salt that is not a byte array or an unknown cipher.
 */
export function encodePublic(element: PublicElement): Uint8Array<ArrayBuffer> {
  const { version, rounds, cipher0, cipher1, salt } = element;
  requireBytes("the salt", salt, SALT_BYTES);
  requireCount("the rounds", rounds, Number.MAX_SAFE_INTEGER);
  return new ByteWriter(PUBLIC_BYTES)
    .u16(version)
    .u16(ALGORITHM_PBKDF2)
    .u64(BigInt(rounds))
    .u16(encodeCipher(cipher0))
    .u16(encodeCipher(cipher1))
    .u16(HASH_SHA256)
    .bytes(salt)
    .finish();
}

/**
 * Reads an element that a server announced.
 *
 * @param bytes The salt is copied out of it.
 * @param maxRounds Most rounds that the caller is ready to compute, 1 to 2^53 - 1.
 * @throws {SpokeFault} with code `invalid-public` for any other length, algorithm, cipher or hash
 * than the registered ones, for 0 rounds and for more than `maxRounds`.
 */
export function decodePublic(bytes: Uint8Array, maxRounds: number = MAX_ROUNDS): PublicElement {
  requireBytes("the public element", bytes);
  requireCount("the bound on rounds", maxRounds, Number.MAX_SAFE_INTEGER);
  if (bytes.length !== PUBLIC_BYTES) {
    throw invalid(`${bytes.length} bytes instead of ${PUBLIC_BYTES}`);
  }
  const reader = new ByteReader(bytes, invalid);
  const version = reader.u16();
  const algorithm = reader.u16();
  if (algorithm !== ALGORITHM_PBKDF2) throw invalid(`unknown algorithm ${algorithm}`);
  const rounds = reader.u64();
  if (rounds < 1n) throw invalid("0 rounds");
  if (rounds > BigInt(maxRounds)) throw invalid(`${rounds} rounds, more than ${maxRounds}`);
  const cipher0 = decodeCipher(reader.u16());
  const cipher1 = decodeCipher(reader.u16());
  const hash = reader.u16();
  if (hash !== HASH_SHA256) throw invalid(`unknown hash ${hash}`);
  return {
    version,
    rounds: Number(rounds),
    cipher0,
    cipher1,
    salt: reader.take(SALT_BYTES).slice(),
  };
}

function encodeCipher(cipher: Cipher): number {
  const number = CIPHERS.indexOf(cipher);
  if (number < 0) throw new TypeError(`Cannot use a cipher: "${cipher}" is unknown`);
  return number;
}

function decodeCipher(number: number): Cipher {
  const cipher = CIPHERS[number];
  if (cipher === undefined) throw invalid(`unknown cipher ${number}`);
  return cipher;
}

function invalid(detail: string): SpokeFault {
  return new SpokeFault("invalid-public", detail);
}
