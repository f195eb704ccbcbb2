/**
 * The byte stream that drivers work on, and the faults that any transport can have. Tests pass a
 * pair in memory, programs a TCP or unix connection (deno_stream.ts).
 *
 * @module
 */

/** A connection as drivers see it. */
export interface ByteStream {
  /**
   * Reads what is there, at least one byte, into the buffer; null at the end of the stream.
   *
   * @throws {NetFault} when the connection is lost or was closed on this side.
   */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Writes all of the bytes.
   *
   * @throws {NetFault} when the connection is lost or was closed on this side.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the writing half; reading goes on. */
  closeWrite(): Promise<void>;
  /** Closes both halves at once; pending calls fail with code `closed`. Harmless if repeated. */
  close(): void;
}

/** What can go wrong with a transport. */
export type NetFaultCode =
  | "unresolved" // a host name has no address
  | "refused" // nobody listens there
  | "unreachable" // no way to the host
  | "timeout" // no answer in time
  | "lost" // reset, broken pipe, aborted
  | "closed" // closed on this side
  | "in-use" // the address has a listener already
  | "unavailable" // the address is not one of this machine
  | "untrusted" // its certificate is not accepted, or it does not speak TLS
  | "denied" // the system or the sandbox forbids it
  | "exhausted"; // out of descriptors or memory

/** A fault of the transport, with the address it happened at. */
export class NetFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "NetFault";
  /** Which kind of fault. */
  readonly code: NetFaultCode;

  /** The message says what was tried, with what, and what came of it. */
  constructor(code: NetFaultCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
