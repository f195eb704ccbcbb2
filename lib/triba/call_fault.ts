/**
 * A request that failed without ending the connection.
 *
 * @module
 */

import type { ErrorCode } from "./bodies/response.ts";

/**
 * What a caller gets for a request that failed, and what a handler throws to answer `Error`. The
 * message is one line for people, without secrets: it travels to the peer.
 */
export class CallFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "CallFault";
  /** Why it failed, for programs (section 7.1). */
  readonly code: ErrorCode;

  /** The message says what was tried, with what, and what came of it. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
