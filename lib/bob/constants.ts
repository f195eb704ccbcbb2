/**
 * Numbers of the bob protocol: ports, sizes, time-outs. Sections 0, 1 and 2 of the protocol
 * document.
 *
 * @module
 */

/** Where peers meet, unless told otherwise. */
export const MAIN_PORT = 9000;
/** Where a pair's bytes go through, unless told otherwise. */
export const SECURE_PORT = 9001;

/** The uid of the relay itself; no peer has it. */
export const RELAY_UID = 0;
/** The largest uid, four hexadecimal digits. */
export const MAX_UID = 0xffff;

/** Bytes before the payload: four digits of uid, two of type. */
export const HEADER_BYTES = 6;
/** Longest packet with header and NUL, in bytes: what the reference's buffer holds (section 1.1). */
export const MAX_PACKET_BYTES = 408;
/** Size of the `public` value in packets 00 and 04, in bytes. */
export const PUBLIC_BYTES = 34;
/** Size of X and Y in packets 07 and 06, in bytes. */
export const POINT_BYTES = 32;
/** Size of a validator in packets 05 and 06, in bytes. */
export const VALIDATOR_BYTES = 64;

/**
 * Longest identity that a peer takes, in bytes: with its newline it must fit into the 100-byte
 * line of the secure port (section 5).
 */
export const MAX_IDENTITY_BYTES = 99;
