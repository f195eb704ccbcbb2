/**
 * Cuts a stream of bytes into lines, with a limit.
 *
 * @module
 */

/** Longest line that a core takes, in bytes: more than the largest packet it sends needs. */
export const MAX_LINE_BYTES: number = 2 * 1024 * 1024;

/** A line without its end, or why there is none. */
export type Line =
  | { readonly type: "line"; readonly text: string }
  /** Longer than the limit, or no UTF-8; the lines behind it are not affected. */
  | { readonly type: "bad"; readonly reason: string };

const LINE_FEED = 0x0a;

/** Holds at most one line of the limit. */
export class LineCutter {
  readonly #most: number;
  #kept = new Uint8Array(4096);
  #length = 0;

  /** Lines have at most so many bytes. */
  constructor(most: number = MAX_LINE_BYTES) {
    this.#most = most;
  }

  /** The lines that are complete; empty ones are left out. The bytes are copied where kept. */
  push(bytes: Uint8Array): Line[] {
    const lines: Line[] = [];
    for (let start = 0; start < bytes.length;) {
      const found = bytes.indexOf(LINE_FEED, start);
      this.#keep(bytes.subarray(start, found < 0 ? bytes.length : found));
      if (found < 0) break;
      const line = this.#take();
      if (line !== undefined) lines.push(line);
      start = found + 1;
    }
    return lines;
  }

  /** What came after the last line's end. */
  end(): Line[] {
    const line = this.#take();
    return line === undefined ? [] : [line];
  }

  #keep(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length <= this.#most) {
      if (length > this.#kept.length) this.#grow(length);
      this.#kept.set(part, this.#length);
    }
    this.#length = length;
  }

  #grow(length: number): void {
    const larger = new Uint8Array(Math.min(this.#most, Math.max(length, 2 * this.#kept.length)));
    larger.set(this.#kept.subarray(0, this.#length));
    this.#kept = larger;
  }

  #take(): Line | undefined {
    const length = this.#length;
    this.#length = 0;
    if (length > this.#most) {
      return { type: "bad", reason: `The line has ${length} bytes, at most ${this.#most} fit` };
    }
    try {
      const decoder = new TextDecoder("utf-8", { fatal: true });
      const text = decoder.decode(this.#kept.subarray(0, length)).trim();
      return text === "" ? undefined : { type: "line", text };
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return { type: "bad", reason: "The line is not UTF-8" };
    }
  }
}
