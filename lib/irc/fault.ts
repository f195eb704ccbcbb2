/**
 * What can be wrong with a message, and what can end a connection.
 *
 * @module
 */

/** Kinds of faults. */
export type IrcFaultCode =
  | "too-long" // more bytes than a message, or its tags, may have
  | "malformed" // no IRC message
  | "argument" // a value that cannot stand in a message, such as one with a line feed
  | "lost" // the stream ended
  | "timeout" // the registration took too long
  | "dead" // the server answers no ping
  | "closed" // the server ended the connection and said why
  | "banned" // the server does not want this user
  | "nick" // every nickname is taken or forbidden
  | "no-login" // the server does not offer the login that was asked for
  | "unauthenticated" // account or password are wrong
  | "full"; // too many lines wait to be sent

/** A fault of the server, or of what was to be sent to it. The message is for the log. */
export class IrcFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "IrcFault";
  /** Which kind of fault. */
  readonly code: IrcFaultCode;

  /** The message says what was tried, with what, and what came of it; never a secret. */
  constructor(code: IrcFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
