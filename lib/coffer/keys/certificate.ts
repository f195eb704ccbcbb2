/**
 * Key files, which the original calls certificates (spec section 6): 92 bytes of CBOR with both
 * halves of a key pair.
 *
 * @module
 */

import { CborFault, type CborItem, decodeCbor, encodeCbor } from "../../cbor/mod.ts";
import { equalConstantTime } from "../../bytes/mod.ts";
import type { Computation } from "./agreement.ts";
import { KEY_BYTES } from "../constants.ts";
import { CofferFault } from "../fault.ts";
import { derivePublicKey, type KeyPair } from "./seal.ts";

/** Size of a key file as every program writes it. */
export const KEY_FILE_BYTES = 92;

const PUBLIC_KEY = "public_key";
const PRIVATE_KEY = "private_key";

/** The pair of a secret key, such as 32 fresh random bytes; kept, not copied. */
export function* makeKeyPair(secretKey: Uint8Array): Computation<KeyPair> {
  return { publicKey: yield* derivePublicKey(secretKey), secretKey };
}

/** The 92 bytes of a key file. */
export function encodeKeyFile(pair: KeyPair): Uint8Array<ArrayBuffer> {
  return encodeCbor({
    type: "map",
    pairs: [
      [{ type: "text", value: PUBLIC_KEY }, { type: "bytes", value: pair.publicKey }],
      [{ type: "text", value: PRIVATE_KEY }, { type: "bytes", value: pair.secretKey }],
    ],
  });
}

/**
 * Reads a key file: a map with the two keys as byte strings, in either order, definite or not;
 * other pairs are skipped. What the original reads beyond that nobody ever wrote.
 *
 * @throws {CofferFault} with `bad-key-file`, also when the halves do not belong together.
 */
export function* decodeKeyFile(file: Uint8Array): Computation<KeyPair> {
  const item = readItem(file);
  if (item.type !== "map") throw fault("not a map");
  const pair = {
    publicKey: findKey(item.pairs, PUBLIC_KEY),
    secretKey: findKey(item.pairs, PRIVATE_KEY),
  };
  if (!equalConstantTime(yield* derivePublicKey(pair.secretKey), pair.publicKey)) {
    throw fault("public and private key do not belong together");
  }
  return pair;
}

function readItem(file: Uint8Array): CborItem {
  try {
    return decodeCbor(file);
  } catch (error) {
    if (error instanceof CborFault) throw fault(`${file.length} bytes that are not CBOR`);
    throw error;
  }
}

function findKey(pairs: readonly (readonly [CborItem, CborItem])[], name: string): Uint8Array {
  const found = pairs.filter(([key]) => key.type === "text" && key.value === name);
  const value = found[0]?.[1];
  if (value === undefined) throw fault(`no ${name}`);
  if (found.length > 1) throw fault(`more than one ${name}`);
  if (value.type !== "bytes") throw fault(`${name} is not a byte string`);
  if (value.value.length !== KEY_BYTES) {
    throw fault(`${name} has ${value.value.length} bytes instead of ${KEY_BYTES}`);
  }
  return value.value;
}

function fault(state: string): CofferFault {
  return new CofferFault("bad-key-file", `Cannot read the key file: ${state}`);
}
