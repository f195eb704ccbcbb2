/**
 * What can end a connection or make a call fail, and the exit code that a backend gives for it.
 *
 * @module
 */

import { EXIT_CODES } from "./constants.ts";

/** Kinds of faults; in brackets the row of the table in section 8, counted from F01. */
export type TribaFaultCode =
  | "lost" // the stream ended before its time (F01, F05, F19)
  | "refused" // the core closed right after the id (F01)
  | "unknown-id" // nobody was given this id, or it is used or expired (F02)
  | "collision" // a second connection showed the id before the first was open (F03)
  | "second" // a second connection showed the id of an open session (F04)
  | "low-order" // the peer's public key makes the shared secret zero (F06)
  | "size" // the size of a payload is out of its limits (F07)
  | "byte-order" // the first size makes sense only in the other byte order (F07)
  | "cipher" // a tag does not verify (F08)
  | "malformed" // no MessagePack, no packet, or bytes left over (F09)
  | "sequence" // an id out of its order (F10)
  | "unmatched" // a response to no request that waits (F11)
  | "out-of-place" // a packet of the handshake elsewhere, or of the other side (F12)
  | "rejected" // the peer answers a step of the handshake with an error (F13, F15)
  | "response" // a response of the handshake is not what its request asks for (F14)
  | "version" // the sides speak different major versions
  | "policy" // features or sealing other than demanded
  | "timeout" // the peer took too long in the handshake
  | "dead" // the peer answers no ping
  | "exhausted" // all ids of this connection are used
  | "argument" // one value in a body is wrong (F17); ends no connection
  | "too-large" // a packet over the sending limit; ends no connection
  | "id-argument" // argv[1] holds no id
  | "spawn-secret" // standard input holds no spawn secret
  | "usage" // a backend's own arguments are wrong
  | "configuration" // a backend's own configuration is wrong
  | "trace"; // a file of a traced connection is damaged

/** A fault of the protocol. The message is for the log; what the peer gets is decided elsewhere. */
export class TribaFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "TribaFault";
  /** Which kind of fault. */
  readonly code: TribaFaultCode;

  /** The message says what was tried, with what, and what came of it; never a secret. */
  constructor(code: TribaFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The exit code of a backend that ends with this fault (section 8). */
export function exitCodeOf(fault: TribaFault): number {
  switch (fault.code) {
    case "id-argument":
    case "usage":
      return EXIT_CODES.usage;
    case "configuration":
      return EXIT_CODES.configuration;
    case "refused":
      return EXIT_CODES.refused;
    case "lost":
    case "timeout":
    case "dead":
    case "exhausted":
      return EXIT_CODES.unavailable;
    default:
      return EXIT_CODES.protocol;
  }
}
