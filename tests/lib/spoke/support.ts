// What the tests of spoke share: the vectors as values, and a generator that gives what it is told.

import { decodeHex } from "@std/encoding/hex";
import { type Cipher, createServer, type SpokeServer } from "../../../lib/spoke/mod.ts";
import errors from "../../vectors/spoke/errors.json" with { type: "json" };
import handshakes from "../../vectors/spoke/handshake.json" with { type: "json" };

const CIPHERS: Readonly<Record<string, Cipher>> = {
  GCM: "aes-256-gcm",
  CCM16: "aes-256-ccm",
  ChaCha20_Poly1305: "chacha20-poly1305",
};

/** A recorded exchange. */
export type Handshake = typeof handshakes[number];

export { handshakes };

/** The first recorded exchange: the values that every known program uses. */
export const sample = handshakes[0] as Handshake;

/** A recorded fault; which fields are there tells its kind. */
export interface FaultVector {
  readonly name: string;
  readonly result: string;
  readonly ours?: string;
  readonly public?: string;
  readonly secret?: string;
  readonly client_password_hex?: string;
  readonly x?: string;
  readonly X?: string;
  readonly Y?: string;
  readonly first_validator?: string;
  readonly client_identity_hex?: string;
  readonly server_identity_hex?: string;
  readonly validator?: string;
}

export const faultVectors: readonly FaultVector[] = errors;

/** The bytes of a vector's field, which must be there. */
export function hex(field: string | undefined): Uint8Array<ArrayBuffer> {
  if (field === undefined) throw new Error("Cannot read a vector: a field is missing");
  return decodeHex(field);
}

/** The cipher that a vector names. */
export function cipher(name: string): Cipher {
  const found = CIPHERS[name];
  if (found === undefined) throw new Error(`Cannot read a vector: unknown cipher "${name}"`);
  return found;
}

/** Gives these byte strings one after the other and fails when asked for more. */
export function given(...values: readonly Uint8Array[]): (length: number) => Uint8Array {
  const rest = [...values];
  return (length) => {
    const value = rest.shift();
    if (value === undefined) throw new Error(`Cannot draw ${length} bytes: none are left`);
    return value;
  };
}

/** The two identities of a recorded exchange, in the order of the arguments. */
export function identities(
  vector: Pick<Handshake, "client_identity_hex" | "server_identity_hex">,
): [Uint8Array, Uint8Array] {
  return [hex(vector.client_identity_hex), hex(vector.server_identity_hex)];
}

/** The server of a recorded exchange; it draws the recorded y, once. */
export function serverOf(vector: Handshake): SpokeServer {
  return createServer({
    password: hex(vector.password_hex),
    salt: hex(vector.salt),
    rounds: vector.iterations,
    cipher0: cipher(vector.cipher0),
    cipher1: cipher(vector.cipher1),
    randomBytes: given(hex(vector.y)),
  });
}
