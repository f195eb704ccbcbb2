/**
 * The byte stream over TCP and unix connections. The one place where errors of the platform are
 * translated.
 *
 * @module
 */

import { type ByteStream, NetFault, type NetFaultCode } from "./stream.ts";

const CODES: readonly (readonly [new () => Error, NetFaultCode])[] = [
  [Deno.errors.ConnectionRefused, "refused"],
  [Deno.errors.NotFound, "refused"],
  [Deno.errors.ConnectionReset, "lost"],
  [Deno.errors.ConnectionAborted, "lost"],
  [Deno.errors.BrokenPipe, "lost"],
  [Deno.errors.NotConnected, "lost"],
  [Deno.errors.UnexpectedEof, "lost"],
  [Deno.errors.TimedOut, "timeout"],
  [Deno.errors.AddrInUse, "in-use"],
  [Deno.errors.AddrNotAvailable, "unavailable"],
  [Deno.errors.PermissionDenied, "denied"],
  [Deno.errors.NotCapable, "denied"],
  [Deno.errors.Interrupted, "closed"],
  [Deno.errors.BadResource, "closed"],
];

const EXHAUSTED = /os error (?:12|23|24|105)\b/; // ENOMEM, ENFILE, EMFILE, ENOBUFS
const UNREACHABLE = /os error (?:101|113)\b/; // ENETUNREACH, EHOSTUNREACH

/**
 * Turns an error of the platform into a fault.
 *
 * @param action What was tried, such as `connect to 10.0.0.1:9000`.
 */
export function toNetFault(error: unknown, action: string): NetFault {
  if (error instanceof NetFault) return error;
  const text = error instanceof Error ? error.message : String(error);
  const listed = CODES.find(([type]) => error instanceof type)?.[1];
  const code = EXHAUSTED.test(text)
    ? "exhausted"
    : UNREACHABLE.test(text)
    ? "unreachable"
    : listed ?? "lost";
  return new NetFault(code, `Cannot ${action}: ${describe(code, text)}`, { cause: error });
}

function describe(code: NetFaultCode, text: string): string {
  switch (code) {
    case "refused":
      return "nobody listens there";
    case "unreachable":
      return "no route to this host";
    case "timeout":
      return "no answer in time";
    case "in-use":
      return "another program uses this address";
    case "unavailable":
      return "this machine does not have this address";
    case "denied":
      return "not permitted";
    case "closed":
      return "the connection was closed on this side";
    case "exhausted":
      return "out of file descriptors or memory";
    case "unresolved":
    case "untrusted":
    case "lost":
      return text.replace(/ \(os error \d+\)$/, "");
  }
}

/** A connection of the runtime as a {@linkcode ByteStream}. */
export class DenoStream implements ByteStream {
  readonly #connection: Deno.Conn;
  readonly #peer: string;
  /** Rejects of the writes that are under way. */
  readonly #writes = new Set<(fault: NetFault) => void>();
  #closed = false;

  /** Takes the connection over; `peer` is how messages name the other end. */
  constructor(connection: Deno.Conn, peer: string) {
    this.#connection = connection;
    this.#peer = peer;
  }

  /** Reads what is there. */
  async read(into: Uint8Array): Promise<number | null> {
    try {
      return await this.#connection.read(into);
    } catch (error) {
      throw this.#fault(error, "read from");
    }
  }

  /** Writes all of the bytes. */
  write(bytes: Uint8Array): Promise<void> {
    // Deno 2.6 does not end a write when its connection is closed, only when the peer goes away.
    return new Promise((resolve, reject) => {
      this.#writes.add(reject);
      this.#writeAll(bytes, reject).then(resolve, reject);
    });
  }

  /** Ends the writing half. */
  async closeWrite(): Promise<void> {
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      throw this.#fault(error, "end the stream to");
    }
  }

  /** Closes both halves; harmless if repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
    for (const reject of this.#writes) reject(this.#fault(undefined, "write to"));
  }

  async #writeAll(bytes: Uint8Array, reject: (fault: NetFault) => void): Promise<void> {
    try {
      for (let written = 0; written < bytes.length;) {
        const left = written === 0 ? bytes : bytes.subarray(written);
        written += await this.#connection.write(left);
      }
    } catch (error) {
      throw this.#fault(error, "write to");
    } finally {
      this.#writes.delete(reject);
    }
  }

  #fault(error: unknown, action: string): NetFault {
    if (this.#closed) return new NetFault("closed", `Cannot ${action} ${this.#peer}: closed`);
    return toNetFault(error, `${action} ${this.#peer}`);
  }
}
