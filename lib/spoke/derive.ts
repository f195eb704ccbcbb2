/**
 * Transcript, keys and validators of an exchange (bob-relay, section 4.4, derivation).
 *
 * @module
 */

import { blake2b } from "@noble/hashes/blake2.js";
import { ByteWriter, wipe } from "../bytes/mod.ts";
import { KEY_BYTES } from "./constants.ts";
import type { Cipher, PublicElement } from "./public.ts";

/** The version at the front of the transcript; little-endian here, big-endian elsewhere. */
const TRANSCRIPT_VERSION = 1;
const CONTEXT = "SPOKE";
/** Context and number of a sub-key are each padded with zeros to this size. */
const FIELD_BYTES = 16;

/** Everything that the main key depends on; identities without NUL, the rest 32 bytes each. */
export interface Transcript {
  /** The client's address as the relay gave it. */
  readonly clientIdentity: Uint8Array;
  /** The server's address as the relay gave it. */
  readonly serverIdentity: Uint8Array;
  /** The client's point as it travelled. */
  readonly X: Uint8Array;
  /** The server's point as it travelled. */
  readonly Y: Uint8Array;
  /** The shared point of both random scalars. */
  readonly Z: Uint8Array;
  /** Third quarter of the hashed password. */
  readonly hK: Uint8Array;
  /** The shared point of the server's scalar and the password. */
  readonly V: Uint8Array;
}

/** What both sides hold after a successful exchange. */
export interface SharedKeys {
  /** 64 bytes for what the server sends: cipher key 0-31, nonce secret 32-43. */
  readonly clientKey: Uint8Array<ArrayBuffer>;
  /** 64 bytes for what the client sends: cipher key 0-31, nonce secret 32-43. */
  readonly serverKey: Uint8Array<ArrayBuffer>;
  /** The cipher that takes `clientKey`. */
  readonly cipher0: Cipher;
  /** The cipher that takes `serverKey`. */
  readonly cipher1: Cipher;
}

/** The keys with the proofs that either side knows them. */
export interface Derived {
  /** To be handed out only once the peer's validator is right. */
  readonly keys: SharedKeys;
  /** 64 bytes, sent by the server. */
  readonly firstValidator: Uint8Array<ArrayBuffer>;
  /** 64 bytes, sent by the client. */
  readonly secondValidator: Uint8Array<ArrayBuffer>;
}

/** Keys and validators of an exchange. */
export function deriveAll(
  transcript: Transcript,
  ciphers: Pick<PublicElement, "cipher0" | "cipher1">,
): Derived {
  const main = deriveMainKey(transcript);
  const derived = {
    keys: {
      clientKey: deriveSubKey(main, 0),
      serverKey: deriveSubKey(main, 1),
      cipher0: ciphers.cipher0,
      cipher1: ciphers.cipher1,
    },
    firstValidator: deriveSubKey(main, 2),
    secondValidator: deriveSubKey(main, 3),
  };
  wipe(main);
  return derived;
}

/** BLAKE2b-512 of the transcript, fields one after the other without lengths. */
export function deriveMainKey(transcript: Transcript): Uint8Array<ArrayBuffer> {
  const { clientIdentity, serverIdentity, X, Y, Z, hK, V } = transcript;
  const message = new ByteWriter(256)
    .u16(TRANSCRIPT_VERSION, true)
    .bytes(clientIdentity)
    .bytes(serverIdentity)
    .bytes(X)
    .bytes(Y)
    .bytes(Z)
    .bytes(hK)
    .bytes(V)
    .finish();
  return blake2b(message, { dkLen: KEY_BYTES });
}

/**
 * Sub-key `number` of a main key of 64 bytes. It is a keyed hash of a message that holds context
 * and number; libsodium's function of similar purpose puts them elsewhere and gives other bytes.
 */
export function deriveSubKey(main: Uint8Array, number: number): Uint8Array<ArrayBuffer> {
  const context = new TextEncoder().encode(CONTEXT);
  const message = new ByteWriter(2 * FIELD_BYTES)
    .bytes(context)
    .bytes(new Uint8Array(FIELD_BYTES - context.length))
    .u64(BigInt(number), true)
    .u64(0n)
    .finish();
  return blake2b(message, { key: main, dkLen: KEY_BYTES });
}

/** Overwrites keys that nobody is to have. */
export function wipeKeys(keys: SharedKeys): void {
  wipe(keys.clientKey, keys.serverKey);
}
