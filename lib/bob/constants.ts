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

/** Longest line on the secure port with its newline, in bytes (section 5). */
export const MAX_LINE_BYTES = 100;

/** How long a connection may take to say hello, or to send its line, in milliseconds. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;
/** How long a peer may wait, on either port, in milliseconds; the reference's default. */
export const WAIT_TIMEOUT_MS = 3_600_000;
/**
 * How long a pair that nobody opened is remembered, in milliseconds. Peers come back at once; this
 * leaves room for a lost SYN or two on a slow link, and for a relay that was busy.
 */
export const PAIR_TIMEOUT_MS = 30_000;
/**
 * How long a place in a pair that was taken from another address than its peer's is held open for
 * that peer, in milliseconds. Enough for a peer on a slow link; harmless to one that really has
 * two addresses, which only starts later.
 */
export const STRANGER_DELAY_MS = 5_000;

/** Most peers and pairs at once, unless told otherwise. */
export const MAX_ROOMS = 4096;
/** Most peers of one address at once (IPv6: one /64), unless told otherwise. */
export const MAX_WAITING_PER_GROUP = 64;
/**
 * Most hellos on one connection. Honest peers send one; every further one of a server is an
 * announcement to all clients.
 */
export const MAX_HELLOS = 8;
/**
 * Most packets that one peer may send to the same other one. An exchange takes three, eight
 * guesses take sixteen; without a bound anybody could fill the queue of anybody.
 */
export const MAX_PACKETS_PER_PAIR = 32;
/** Announcements that a new client is sent at once; more follow when these have been written. */
export const ANNOUNCEMENT_BATCH = 256;
