/**
 * Numbers of the coffer protocol (the seed's message table, and the original's where it differs)
 * and the limits that we add.
 *
 * @module
 */

/** Size of a public or secret X25519 key, in bytes. */
export const KEY_BYTES = 32;

/** Client to server, 32 bytes of public key: opens the session. */
export const HELLO = 0x00;
/** Server to client, empty, narrow framing only: the key is known. */
export const LINK = 0x01;
/** Client to server: asks for the shard. */
export const GET = 0x02;
/** Server to client, the sealed shard, in the narrow framing. */
export const OK_GET_NARROW = 0x03;
/** Server to client, the sealed shard, in the wide framing: the number of the original programs. */
export const OK_GET_WIDE = 0x05;
/** Client to server: ends the session. */
export const BYE = 0x99;
/** Server to client: no shard belongs to the key. */
export const KEY_NOT_FOUND = 0xaa;
/** Server to client: a reason as UTF-8. */
export const ERROR = 0xff;

/** Largest body of a Get: a request of the authenticated mode takes about 150 bytes. */
export const MAX_GET_BYTES = 4096;
/** Largest body of a Bye: the narrow framing sends a public key. */
export const MAX_BYE_BYTES = 64;
/** Largest body that the narrow framing can carry. */
export const MAX_NARROW_BYTES = 0xffff;
/** Largest reply that a client takes unless told otherwise: 16 MiB. */
export const MAX_REPLY_BYTES = 16 * 1024 * 1024;
/** Longest text of an Error that a client takes; the narrow framing could not carry more. */
export const MAX_ERROR_BYTES: number = MAX_NARROW_BYTES;

/** From the connection to a complete Get; afterwards without progress in writing. */
export const SESSION_TIMEOUT_MS = 10_000;
/** How long a client waits for a connection. */
export const CONNECT_TIMEOUT_MS = 5_000;
/** A client's whole attempt, from the connection on. */
export const FETCH_TIMEOUT_MS = 30_000;
/** How long the other side's last bytes are awaited before closing. */
export const DRAIN_MS = 1_000;
/** How many of them are read: enough for what was under way, too little to keep anybody busy. */
export const DRAIN_BYTES = 256 * 1024;

/** Where servers listen by default. */
export const DEFAULT_PORT = 9187;

/** Every reason that a server sends in an Error; nothing else ever goes into one. */
export type ErrorText =
  | "bad key"
  | "unexpected message"
  | "message too long"
  | "timeout"
  | "shard too large for this framing"
  | "authentication required"
  | "bad request";
