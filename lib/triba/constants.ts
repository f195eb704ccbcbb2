/**
 * Sizes, limits, time-outs and names of TriBA, the Trinitrix Backend API.
 *
 * @module
 */

/** Bytes of the id that a backend shows first (section 2). */
export const ID_BYTES: number = 16;
/** Bytes of a public, secret or packet key (section 2). */
export const KEY_BYTES: number = 32;
/** Bytes of the nonce that the core sends in step 5 (section 2). */
export const NONCE_BYTES: number = 12;
/** Bytes of the tag behind each ciphertext (section 5). */
export const TAG_BYTES: number = 16;
/** Bytes of the size in front of each payload (section 5). */
export const SIZE_BYTES: number = 4;
/** Bytes of the spawn secret of sealed-1 (section 10). */
export const SPAWN_SECRET_BYTES: number = 32;

/** Smallest payload: a tag and one byte. */
export const MIN_PAYLOAD_BYTES: number = TAG_BYTES + 1;
/** Largest payload accepted in an open session: bounds the memory that a peer can take. */
export const MAX_PAYLOAD_BYTES: number = 16 * 1024 * 1024;
/** Largest payload accepted up to and including step 11, where a peer is not known yet. */
export const MAX_HANDSHAKE_PAYLOAD_BYTES: number = 65_536;
/** Largest payload sent: the cipher needs about 22 ms for it, and bigger things travel as files. */
export const MAX_SENT_PAYLOAD_BYTES: number = 1024 * 1024;
/** Packets that one side may send on one connection; their ids are below this (section 5). */
export const MAX_PACKETS: number = 2 ** 32;
/** Requests of one side that may wait for their responses (section 6.3). */
export const MAX_OUTSTANDING: number = 64;
/** Bytes of an agent's name, such as `triba-core/1.0` (section 7.1). */
export const MAX_AGENT_BYTES: number = 64;

/** Major version of the API that this library speaks. */
export const API_MAJOR: number = 1;
/** Minor version of the API that this library speaks. */
export const API_MINOR: number = 1;

/** The feature of section 10: keys for each direction, bound to a secret of the spawn. */
export const SEALED_1 = "sealed-1";
/** What a backend can say that it does, from API 1.1 on (section 7.2). */
export const BACKEND_FEATURES: readonly string[] = [
  "edit",
  "remove",
  "react",
  "typing",
  "read",
  "file",
  "direct",
  "members",
];

/** How long things may take, in milliseconds (section 8). */
export interface Timeouts {
  /** From the spawn of a backend to its connection; the id expires with it. */
  readonly connectMs: number;
  /** Each read of the handshake. */
  readonly handshakeReadMs: number;
  /** The whole handshake. */
  readonly handshakeMs: number;
  /** A request, from the call to its response. */
  readonly requestMs: number;
  /** Silence of the peer before the first ping, before the second, and before it counts as dead. */
  readonly pingMs: number;
  /** From `Shutdown` to the end of the stream. */
  readonly shutdownMs: number;
}

/** The time-outs of section 8. */
export const TIMEOUTS: Timeouts = {
  connectMs: 10_000,
  handshakeReadMs: 5_000,
  handshakeMs: 10_000,
  requestMs: 30_000,
  pingMs: 30_000,
  shutdownMs: 5_000,
};

/** Exit codes of a backend (section 8, after sysexits). */
export const EXIT_CODES = {
  /** Asked to stop. */
  stopped: 0,
  /** Wrong arguments. */
  usage: 64,
  /** Core not reachable or gone. */
  unavailable: 69,
  /** The core broke the protocol. */
  protocol: 76,
  /** The core did not know the id. */
  refused: 77,
  /** Wrong configuration. */
  configuration: 78,
} as const;
