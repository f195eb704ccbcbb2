/**
 * Sizes and registered numbers of spoke (bob-relay, section 4).
 *
 * @module
 */

/** Bytes of the public element. */
export const PUBLIC_BYTES = 34;
/** Bytes of the salt, the last part of the public element. */
export const SALT_BYTES = 16;
/** Bytes of an encoded point: X, Y, and the points inside the transcript. */
export const POINT_BYTES = 32;
/** Bytes of a scalar. */
export const SCALAR_BYTES = 32;
/** Bytes of either validator. */
export const VALIDATOR_BYTES = 64;
/** Bytes of either shared key: 32 for the cipher, 12 of nonce secret, 20 unused. */
export const KEY_BYTES = 64;

/** Version that we write; any version is read (section 4.1). */
export const VERSION = 1;
/** The only registered way to derive from the password: PBKDF2. */
export const ALGORITHM_PBKDF2 = 2;
/** The only registered hash: SHA-256. */
export const HASH_SHA256 = 4;

/** Rounds that every program of this protocol announces. */
export const DEFAULT_ROUNDS = 16;
/**
 * Most rounds unless the caller sets a bound of its own: about a second of computing. Announcements
 * cost a hostile server nothing, so a program should set a much lower one.
 */
export const MAX_ROUNDS = 65536;
