/**
 * Public keys as names of clients: the id is the key in hexadecimal (spec section 6).
 *
 * @module
 */

import { decodeHex, encodeHex } from "@std/encoding/hex";
import { equalConstantTime } from "../../bytes/mod.ts";
import { KEY_BYTES } from "../constants.ts";
import { CofferFault } from "../fault.ts";

/**
 * The coordinates of all points of order 1, 2, 4 and 8 on the curve and its twist, and their
 * other encodings below 2^255. With one of them every shared secret is zero.
 */
const LOW_ORDER_POINTS: readonly Uint8Array[] = [
  little(0n),
  little(1n),
  little(39382357235489614581723060781553021112529911719440698176882885853963445705823n),
  little(325606250916557431795983626356110631294008115727848805560023387167927233504n),
  little(2n ** 255n - 20n),
  little(2n ** 255n - 19n),
  little(2n ** 255n - 18n),
];

/** Whether X25519 with this point gives zero whatever the secret key is. */
export function isLowOrderPoint(point: Uint8Array): boolean {
  const masked = new Uint8Array(point);
  masked[KEY_BYTES - 1] = (masked[KEY_BYTES - 1] ?? 0) & 0x7f; // RFC 7748 5: the top bit is ignored
  return LOW_ORDER_POINTS.some((low) => equalConstantTime(low, masked));
}

/** The id of a client: its public key, 64 digits in upper case. */
export function formatId(publicKey: Uint8Array): string {
  return encodeHex(publicKey).toUpperCase();
}

/** What an id says: a key, or why it is none. */
export type ReadId = { readonly key: Uint8Array<ArrayBuffer> } | { readonly reason: string };

/**
 * The public key that an id stands for. Hyphens and blanks are skipped, either case is accepted.
 * The reason does not quote the id, since whatever stands in its place may be a secret.
 */
export function readId(text: string): ReadId {
  const digits = text.replace(/[-\s]/g, "");
  if (!/^[0-9a-f]*$/i.test(digits)) return { reason: "id is not hexadecimal" };
  if (digits.length !== 2 * KEY_BYTES) {
    return { reason: `id has ${digits.length} digits instead of ${2 * KEY_BYTES}` };
  }
  const key = decodeHex(digits);
  if (isLowOrderPoint(key)) return { reason: "id is a point of low order, which no key file has" };
  return { key };
}

/**
 * The public key that an id stands for, by the rules of {@linkcode readId}.
 *
 * @throws {CofferFault} with `bad-key` for anything else than a usable key.
 */
export function parseId(text: string): Uint8Array<ArrayBuffer> {
  const read = readId(text);
  if ("key" in read) return read.key;
  throw new CofferFault("bad-key", `Cannot use the key: ${read.reason}`);
}

/** A key with the role that messages name. */
export interface NamedKey {
  /** Such as `the server`. */
  readonly owner: string;
  /** Its public key. */
  readonly publicKey: Uint8Array;
}

/**
 * Refuses keys that serve two roles: what one role sends could be sent back to it as the other's
 * (spec 14.4).
 *
 * @throws {CofferFault} with `bad-key`.
 */
export function requireDistinctKeys(keys: readonly NamedKey[]): void {
  keys.forEach((key, index) => {
    const same = keys.slice(0, index).find(({ publicKey }) =>
      equalConstantTime(publicKey, key.publicKey)
    );
    if (same === undefined) return;
    const what = `Cannot use the keys: ${key.owner} has the same as ${same.owner}`;
    throw new CofferFault("bad-key", what);
  });
}

function little(value: bigint): Uint8Array {
  return Uint8Array.from(
    { length: KEY_BYTES },
    (_, at) => Number((value >> BigInt(8 * at)) & 0xffn),
  );
}
