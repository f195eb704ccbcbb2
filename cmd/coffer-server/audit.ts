/**
 * The audit log: who was sent its secrets, as JSON lines. A reply goes out only after its line has
 * been written.
 *
 * @module
 */

import {
  type Answer,
  type Desk,
  formatId,
  type GetRequest,
  type ServerEvent,
} from "../../lib/coffer/mod.ts";
import { SECRET_FILE_MODE, toFileFault } from "../../lib/files/mod.ts";
import type { Logger } from "../../lib/log/mod.ts";
import { formatHostPort, type HostPort } from "../../lib/net/mod.ts";

const utf8 = new TextEncoder();

/** A file that lines are appended to. */
export class AuditLog implements Disposable {
  readonly #path: string;
  readonly #log: Logger;
  #file: Deno.FsFile;

  /**
   * Opens or creates the file, for this user alone.
   *
   * @throws {FileFault} when that is not possible.
   */
  constructor(path: string, log: Logger) {
    this.#path = path;
    this.#log = log;
    this.#file = open(path);
  }

  /** Opens the file anew, such as after it was renamed; if that fails the old one is kept. */
  reopen(): void {
    try {
      const file = open(this.#path);
      this.#file.close();
      this.#file = file;
    } catch (error) {
      this.#log.error("cannot reopen the audit log, keeping the old file", {
        error: toFileFault(error, "open", this.#path).message,
      });
    }
  }

  /** Appends a line; false, and an error in the log, when it could not be written. */
  write(record: Readonly<Record<string, unknown>>): boolean {
    const line = utf8.encode(
      `${JSON.stringify({ time: new Date().toISOString(), ...record })}\n`,
    );
    try {
      for (let done = 0; done < line.length;) done += this.#file.writeSync(line.subarray(done));
      return true;
    } catch (error) {
      this.#log.error(toFileFault(error, "write to the audit log", this.#path).message);
      return false;
    }
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function open(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { append: true, create: true, mode: SECRET_FILE_MODE });
  } catch (error) {
    throw toFileFault(error, "open the audit log", path);
  }
}

/** A desk that hands out only what was written down. */
export class AuditedDesk implements Desk {
  readonly #desk: Desk;
  readonly #audit: AuditLog;
  readonly #peer: HostPort;

  /** For one connection. */
  constructor(desk: Desk, audit: AuditLog, peer: HostPort) {
    this.#desk = desk;
    this.#audit = audit;
    this.#peer = peer;
  }

  /** Whether a client of this key is known. */
  knows(publicKey: Uint8Array): boolean {
    return this.#desk.knows(publicKey);
  }

  /** The answer to a Get, or an Error where its line could not be written. */
  answer(request: GetRequest): Answer {
    const answer = this.#desk.answer(request);
    if (answer.type !== "reply") return answer;
    const written = this.#audit.write({
      event: "sent",
      client: formatId(request.publicKey),
      peer: formatPeer(this.#peer),
      framing: request.framing,
      auth: answer.authenticated ? "box" : "none",
      bytes: answer.frame.length,
    });
    return written ? answer : { type: "refuse", reason: "bad request" };
  }
}

/** Writes down what was not sent. */
export function auditRefusal(audit: AuditLog, event: ServerEvent, peer: HostPort): void {
  switch (event.type) {
    case "unknown-key":
      audit.write({
        event: "unknown-key",
        client: formatId(event.publicKey),
        peer: formatPeer(peer),
        framing: event.framing,
      });
      break;
    case "refused":
      audit.write({
        event: "refused",
        client: event.publicKey && formatId(event.publicKey),
        peer: formatPeer(peer),
        reason: event.reason,
      });
  }
}

/** A peer as log and audit name it. */
export function formatPeer(peer: HostPort): string {
  return peer.host === "" ? "unix" : formatHostPort(peer);
}
