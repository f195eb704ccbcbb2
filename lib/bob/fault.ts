/**
 * What can be wrong with the input of a bob connection.
 *
 * @module
 */

/** Which rule of the protocol was broken. */
export type BobFaultCode =
  | "invalid-header" // uid or type is not hexadecimal
  | "invalid-packet" // unknown type, or a payload that its type does not allow
  | "invalid-uid" // the uid inside packet 09 or 0c is not hexadecimal
  | "invalid-new-server" // the uid inside packet 04 is not hexadecimal
  | "oversized-packet" // more bytes than any packet may have
  | "end-of-input" // the stream ended inside a packet
  | "invalid-identity" // the relay gave this peer an identity that no peer would take
  | "too-many-packets" // more packets wait than can be worked off
  | "secure-timeout" // the relay did not get the line of the secure port in time
  | "invalid-peer" // the relay knows no such pair
  | "invalid-answer" // the relay answered something else on the secure port
  | "no-answer" // the other peer did not come to the secure port
  | "oversized-record" // a record's length is one that no peer writes
  | "corrupt-record" // a record does not open
  | "unexpected-record" // a record in the direction that carries none
  | "connection-lost" // the encrypted channel ended before the document did
  | "hostile-name" // a name that must not be created
  | "too-large" // more than the receiver accepts
  | "not-a-file"; // a folder where only a file can be taken

/** A fault of the other side. The message is for the log; the other side is told nothing. */
export class BobFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "BobFault";
  /** Which kind of fault. */
  readonly code: BobFaultCode;

  /** The message says what was tried and what the state was. */
  constructor(code: BobFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
