/**
 * The feature sealed-1: keys for each direction, bound to a secret that only the spawned child was
 * given (section 10).
 *
 * @module
 */

import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { concat } from "@std/bytes/concat";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { wipe } from "../../bytes/mod.ts";
import { ID_BYTES, KEY_BYTES, NONCE_BYTES, SPAWN_SECRET_BYTES } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import { createSealed1Cipher, type PacketCipher } from "./seal.ts";

const LABEL = new TextEncoder().encode("triba sealed-1");
const SPAWN_LINE = /^[A-Za-z0-9+/]{43}=\n$/;

/** Bytes of the line on the child's standard input: 44 characters of base64 and a line feed. */
export const SPAWN_LINE_BYTES = 45;

/** What both sides saw of the handshake, and the secrets that they share. */
export interface Sealed1Input {
  /** Result of X25519, 32 bytes. */
  readonly packetKey: Uint8Array;
  /** The secret of this spawn, 32 bytes. */
  readonly spawnSecret: Uint8Array;
  /** The id, 16 bytes. */
  readonly id: Uint8Array;
  /** The nonce of step 5, 12 bytes. */
  readonly nonce: Uint8Array;
  /** The core's key as seen on the wire, top bit included. */
  readonly coreKey: Uint8Array;
  /** The backend's key as seen on the wire, top bit included. */
  readonly backendKey: Uint8Array;
}

/** One key of 32 bytes for each direction. */
export interface Sealed1Keys {
  /** For packets of the core. */
  readonly coreToBackend: Uint8Array;
  /** For packets of the backend. */
  readonly backendToCore: Uint8Array;
}

/** Derives the keys of both directions with HKDF-SHA-256. */
export function deriveSealed1Keys(input: Sealed1Input): Sealed1Keys {
  const lengths: readonly (readonly [Uint8Array, number])[] = [
    [input.packetKey, KEY_BYTES],
    [input.spawnSecret, SPAWN_SECRET_BYTES],
    [input.id, ID_BYTES],
    [input.nonce, NONCE_BYTES],
    [input.coreKey, KEY_BYTES],
    [input.backendKey, KEY_BYTES],
  ];
  for (const [bytes, length] of lengths) {
    if (bytes.length !== length) {
      throw new RangeError(`Cannot derive keys: ${bytes.length} bytes instead of ${length}`);
    }
  }
  const info = concat([LABEL, input.id, input.nonce, input.coreKey, input.backendKey]);
  const output = hkdf(sha256, input.packetKey, input.spawnSecret, info, 2 * KEY_BYTES);
  const keys = {
    coreToBackend: output.slice(0, KEY_BYTES),
    backendToCore: output.slice(KEY_BYTES),
  };
  wipe(output);
  return keys;
}

/** The ciphers of both directions; the keys they are made of are overwritten. */
export function createSealed1Ciphers(
  input: Sealed1Input,
): { readonly coreToBackend: PacketCipher; readonly backendToCore: PacketCipher } {
  const keys = deriveSealed1Keys(input);
  const ciphers = {
    coreToBackend: createSealed1Cipher(keys.coreToBackend),
    backendToCore: createSealed1Cipher(keys.backendToCore),
  };
  wipe(keys.coreToBackend, keys.backendToCore);
  return ciphers;
}

/** The line that carries the secret to the child's standard input. */
export function formatSpawnLine(secret: Uint8Array): string {
  if (secret.length !== SPAWN_SECRET_BYTES) {
    throw new RangeError(
      `Cannot use a spawn secret of ${secret.length} bytes: it must have ${SPAWN_SECRET_BYTES}`,
    );
  }
  return `${encodeBase64(secret)}\n`;
}

/**
 * Reads the 45 bytes of the line.
 *
 * @throws {TribaFault} `spawn-secret`; the message does not repeat the line.
 */
export function parseSpawnLine(line: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = new TextDecoder("latin1").decode(line);
  if (SPAWN_LINE.test(text)) {
    const secret = decodeBase64(text.trimEnd());
    if (formatSpawnLine(secret) === text) return secret;
  }
  throw new TribaFault(
    "spawn-secret",
    `Cannot read the spawn secret on standard input: not base64 of ${SPAWN_SECRET_BYTES} bytes and a line feed`,
  );
}
