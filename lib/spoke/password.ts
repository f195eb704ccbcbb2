/**
 * From a password to the secrets that both sides share before the exchange (bob-relay, section
 * 4.2).
 *
 * @module
 */

import { wipe } from "../bytes/mod.ts";
import type { Point } from "./group.ts";
import { derivePbkdf2 } from "./kdf.ts";
import { mapToCurve } from "./map_to_curve.ts";

/** Bytes of each of the four parts that the derivation gives. */
const PART_BYTES = 32;

/** What a password, a salt and a number of rounds give; secret, and costly to guess from. */
export interface PasswordSecrets {
  /** Hides the client's point. */
  readonly M: Point;
  /** Hides the server's point. */
  readonly N: Point;
  /** 32 bytes that enter the transcript. */
  readonly hK: Uint8Array<ArrayBuffer>;
  /** 32 bytes: unclamped scalar of the client; the server keeps only its point L. */
  readonly hL: Uint8Array<ArrayBuffer>;
}

/** Hashes the password; about half a millisecond for 16 rounds, so once per exchange at most. */
export function hashPassword(
  password: Uint8Array,
  salt: Uint8Array,
  rounds: number,
): PasswordSecrets {
  const derived = derivePbkdf2(password, salt, rounds, 4 * PART_BYTES);
  const part = (number: number) => derived.subarray(number * PART_BYTES, (number + 1) * PART_BYTES);
  const secrets = {
    M: mapToCurve(part(0)),
    N: mapToCurve(part(1)),
    hK: part(2).slice(),
    hL: part(3).slice(),
  };
  wipe(derived);
  return secrets;
}
