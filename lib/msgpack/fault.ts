/**
 * What can be wrong with MessagePack.
 *
 * @module
 */

/** Why an input was refused, or a value could not be written. */
export type MsgpackFaultCode =
  | "truncated" // ends early, or states a length beyond the end
  | "reserved" // the format byte c1
  | "utf8" // a text that is not UTF-8
  | "depth" // more containers inside one another than allowed
  | "trailing" // bytes after the value
  | "type" // well-formed, but not the type asked for
  | "range"; // the right type, but outside the range asked for

/** A fault of the codec. Codes other than `type` and `range` mean that the bytes are no MessagePack. */
export class MsgpackFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "MsgpackFault";
  /** Which kind of fault. */
  readonly code: MsgpackFaultCode;

  /** The message says what was tried, where, and what was found. */
  constructor(code: MsgpackFaultCode, message: string) {
    super(message);
    this.code = code;
  }
}
