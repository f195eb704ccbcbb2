/**
 * The fault of this folder.
 *
 * @module
 */

/**
 * What is wrong with a pack, or with what should become one:
 *
 * - `truncated`: the input ends before the pack does
 * - `signature`: not a pack of version 2
 * - `count`: no object, or more than the limit
 * - `kind`: an object of a kind that bob does not use
 * - `size`: a size that cannot be, or content that differs from its announced size
 * - `compression`: not a zlib stream, or its Adler-32 is wrong
 * - `checksum`: the SHA-1 at the end does not fit
 * - `delta`: a delta whose base, sizes or ranges are wrong
 * - `tree`, `commit`: content that is not one
 * - `missing`: an object is named that the pack does not hold
 * - `limit`: the receiver's limit is passed
 * - `changed`: what is being sent is no longer what was announced
 */
export type GitFaultCode =
  | "truncated"
  | "signature"
  | "count"
  | "kind"
  | "size"
  | "compression"
  | "checksum"
  | "delta"
  | "tree"
  | "commit"
  | "missing"
  | "limit"
  | "changed";

/** A pack that cannot be read or written; the message is for the log. */
export class GitFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "GitFault";
  /** What kind of fault; programs decide by it, never by the message. */
  readonly code: GitFaultCode;

  /** The message says action and state; `cause` is what a library reported. */
  constructor(code: GitFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
