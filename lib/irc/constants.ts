/**
 * Sizes, limits and times of IRC (RFC 1459, RFC 2812, IRCv3).
 *
 * @module
 */

/** Bytes of a message without its tags, CR and LF included (RFC 2812 section 2.3). */
export const MAX_MESSAGE_BYTES: number = 512;
/** Bytes of the tags of a message that a client sends, `@` and the space behind included. */
export const MAX_CLIENT_TAGS_BYTES: number = 4096;
/** Bytes of the tags of a message that a server sends, `@` and the space behind included. */
export const MAX_SERVER_TAGS_BYTES: number = 8191;
/**
 * Bytes of a received message without its tags. Servers exist that send more than the document
 * allows, such as those with long host names; the limit only bounds memory.
 */
export const MAX_RECEIVED_MESSAGE_BYTES: number = 8192;
/** Bytes of base64 in one `AUTHENTICATE` (IRCv3 SASL). */
export const SASL_CHUNK_BYTES: number = 400;

/** Characters of a nickname that every server takes (RFC 2812 section 1.2.1). */
export const LEAST_NICK_LENGTH: number = 9;
/** Bytes that a user name can have in a prefix, `~` included, where nobody says otherwise. */
export const LONGEST_USER_BYTES: number = 11;
/** Bytes that a host can have in a prefix (RFC 2812 section 2.3.1). */
export const LONGEST_HOST_BYTES: number = 63;

/** Channels that are kept track of; more come only from a server that makes them up. */
export const MAX_CHANNELS: number = 500;
/** Members of one channel that are kept track of. */
export const MAX_MEMBERS: number = 50_000;
/** Batches that may be open at once. */
export const MAX_BATCHES: number = 64;
/** Capabilities, and tokens of `ISUPPORT`, that are remembered. */
export const MAX_TOKENS: number = 500;
/** Lines that may wait to be sent. */
export const MAX_QUEUED_LINES: number = 500;

/** How long things may take, and how fast lines go out. Times are milliseconds. */
export interface IrcTimes {
  /** From the connection to the end of the registration. */
  readonly registrationMs: number;
  /** Silence of the server before it is asked for a sign of life. */
  readonly pingMs: number;
  /** From the ping to the end, if nothing comes. */
  readonly pongMs: number;
  /** For a sent message to be confirmed by the server. */
  readonly confirmMs: number;
  /** Between attempts to get the wanted nickname. */
  readonly regainMs: number;
  /** From `QUIT` to the end of the stream. */
  readonly quitMs: number;
  /** Lines that may go out at once. */
  readonly burst: number;
  /** From one line to the next, when the burst is used up. */
  readonly lineMs: number;
}

/** What suits the servers of the large networks. */
export const IRC_TIMES: IrcTimes = {
  registrationMs: 45_000,
  pingMs: 60_000,
  pongMs: 30_000,
  confirmMs: 15_000,
  regainMs: 60_000,
  quitMs: 2_000,
  burst: 5,
  lineMs: 2_000,
};
