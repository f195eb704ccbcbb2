/**
 * What a backend writes to its standard streams, as lines of the core's log (section 9.3).
 *
 * @module
 */

import { describeLeftOut } from "./line_budget.ts";
import { escapeControls } from "../../log/mod.ts";

/** Bytes of a line; what is longer is cut. */
export const MAX_LINE_BYTES = 8 * 1024;
/** Lines a second that are logged; of those beyond only the number is. */
export const MAX_LINES_PER_SECOND = 200;
/** Lines that are kept to be shown with a crash. */
export const LAST_LINES = 20;

const LINE_FEED = 0x0a;
const WINDOW_MS = 1000;

/** A line for the log, safe to show. */
export interface LogLine {
  /** Standard error at `info`, standard output at `debug`; `warn` for the number of lines left out. */
  readonly level: "info" | "debug" | "warn";
  /** The line without its end. */
  readonly text: string;
}

/** Cuts a stream of bytes into lines; holds at most one line's limit of bytes. */
export class LineDecoder {
  #line = new Uint8Array(MAX_LINE_BYTES);
  #length = 0;
  #cut = false;

  /** The lines that are complete. Bytes that are not UTF-8 are replaced. */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    for (let start = 0; start < bytes.length;) {
      const found = bytes.indexOf(LINE_FEED, start);
      const end = found < 0 ? bytes.length : found;
      this.#append(bytes.subarray(start, end));
      if (found >= 0) lines.push(this.#take());
      start = end + 1;
    }
    return lines;
  }

  /** What came after the last line's end. */
  end(): string[] {
    return this.#length > 0 || this.#cut ? [this.#take()] : [];
  }

  /** Forgets the line that has begun. */
  drop(): void {
    this.#length = 0;
    this.#cut = false;
  }

  #append(part: Uint8Array): void {
    const fits = part.subarray(0, MAX_LINE_BYTES - this.#length);
    this.#line.set(fits, this.#length);
    this.#length += fits.length;
    if (fits.length < part.length) this.#cut = true;
  }

  #take(): string {
    const text = new TextDecoder().decode(this.#line.subarray(0, this.#length));
    const line = escapeControls(text.replace(/\r$/, "")) + (this.#cut ? " [cut]" : "");
    this.drop();
    return line;
  }
}

/** The lines of both streams of one backend. */
export class LogLines {
  readonly #decoders = { stdout: new LineDecoder(), stderr: new LineDecoder() };
  #last: string[] = [];
  #windowStart = 0;
  #count = 0;

  /** The last lines, the oldest first, those left out included. */
  get last(): readonly string[] {
    return this.#last;
  }

  /** When to call {@linkcode LogLines.tick}, so that the number of lines left out is told. */
  get wakeAt(): number | undefined {
    return this.#count > MAX_LINES_PER_SECOND ? this.#windowStart + WINDOW_MS : undefined;
  }

  /** Takes bytes of a stream; times in milliseconds. */
  push(stream: "stdout" | "stderr", bytes: Uint8Array, now: number): LogLine[] {
    const rolled = this.tick(now);
    const decoder = this.#decoders[stream];
    const shown = Math.max(0, MAX_LINES_PER_SECOND - this.#count);
    const ends = findLineFeeds(bytes);
    const skipped = ends.length - shown - LAST_LINES;
    if (skipped <= 0) return [...rolled, ...this.#admit(stream, decoder.push(bytes), now)];
    // Of a flood only what is shown or kept is decoded: the rest would cost all of the core's time.
    const head = bytes.subarray(0, startOf(ends, shown));
    const admitted = this.#admit(stream, decoder.push(head), now);
    decoder.drop();
    this.#count += skipped;
    const tail = bytes.subarray(startOf(ends, shown + skipped));
    return [...rolled, ...admitted, ...this.#admit(stream, decoder.push(tail), now)];
  }

  /** Tells how many lines were left out, once their second is over. */
  tick(now: number): LogLine[] {
    return now - this.#windowStart >= WINDOW_MS ? this.#roll(now) : [];
  }

  /** Both streams are over. */
  end(now: number): LogLine[] {
    return [
      ...this.#admit("stdout", this.#decoders.stdout.end(), now),
      ...this.#admit("stderr", this.#decoders.stderr.end(), now),
      ...this.#roll(now),
    ];
  }

  #admit(stream: "stdout" | "stderr", lines: readonly string[], now: number): LogLine[] {
    const admitted = this.tick(now);
    for (const text of lines) {
      this.#last.push(text);
      if (this.#last.length > LAST_LINES) this.#last.shift();
      if (++this.#count > MAX_LINES_PER_SECOND) continue;
      admitted.push({ level: stream === "stderr" ? "info" : "debug", text });
    }
    return admitted;
  }

  #roll(now: number): LogLine[] {
    const dropped = this.#count - MAX_LINES_PER_SECOND;
    this.#windowStart = now;
    this.#count = 0;
    return dropped > 0 ? [{ level: "warn", text: describeLeftOut(dropped) }] : [];
  }
}

function findLineFeeds(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    found.push(at);
  }
  return found;
}

/** Where line number `line` begins. */
function startOf(ends: readonly number[], line: number): number {
  return line === 0 ? 0 : (ends[line - 1] ?? 0) + 1;
}
