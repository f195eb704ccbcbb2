/**
 * A stream of bytes as lines. CR LF ends a line; a bare LF is taken too, as many servers do.
 *
 * @module
 */

import { ChunkBuffer } from "../../bytes/mod.ts";
import {
  MAX_MESSAGE_BYTES,
  MAX_RECEIVED_MESSAGE_BYTES,
  MAX_SERVER_TAGS_BYTES,
} from "../constants.ts";
import { IrcFault } from "../fault.ts";

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const AT = 0x40;
const SPACE = 0x20;

/** Collects chunks into lines; memory is bounded by the longest line. */
export class LineDecoder {
  readonly #waiting = new ChunkBuffer();
  /** Bytes of the unfinished line that hold no line feed. */
  #searched = 0;

  /**
   * Takes a chunk and returns the lines that are complete, without their ends; empty ones are left
   * out, as the document demands.
   *
   * @throws {IrcFault} `too-long` when a line, or its tags, exceed the limits.
   */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#waiting.push(chunk);
    const lines: Uint8Array[] = [];
    for (let end = this.#find(); end >= 0; end = this.#find()) {
      const line = this.#waiting.take(end + 1) as Uint8Array;
      this.#searched = 0;
      const length = line.at(-2) === CARRIAGE_RETURN ? end - 1 : end;
      if (length > 0) lines.push(checkLength(line.subarray(0, length)));
    }
    // Of a line that goes on, no more is kept than a whole one could have.
    if (this.#waiting.length > MAX_SERVER_TAGS_BYTES + MAX_RECEIVED_MESSAGE_BYTES) throw tooLong();
    return lines;
  }

  #find(): number {
    const at = this.#waiting.indexOf(LINE_FEED, this.#searched);
    if (at < 0) this.#searched = this.#waiting.length;
    return at;
  }
}

function checkLength(line: Uint8Array): Uint8Array {
  if (line.length <= MAX_MESSAGE_BYTES) return line; // as nearly all
  const space = line[0] === AT ? line.indexOf(SPACE) : -1;
  const tags = line[0] === AT ? (space < 0 ? line.length : space + 1) : 0;
  if (tags > MAX_SERVER_TAGS_BYTES) throw tooLong();
  if (line.length - tags + 2 > MAX_RECEIVED_MESSAGE_BYTES) throw tooLong();
  return line;
}

function tooLong(): IrcFault {
  return new IrcFault("too-long", "Cannot read a line of the server: it is too long");
}
