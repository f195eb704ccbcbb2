/**
 * Reads what a backend writes to its standard streams, line by line, and no faster than a log can
 * use (section 9.3).
 *
 * @module
 */

import { type LogLine, LogLines } from "./log_lines.ts";

/** Bytes a second that are read of one backend; more wait in its pipe, and so does the backend. */
export const MAX_OUTPUT_BYTES_PER_SECOND = 2 * 1024 * 1024;
const SECOND_MS = 1000;
const CONCEALED = "[concealed]";

type Stream = "stdout" | "stderr";

/** The output of one backend. */
export class ChildOutput {
  /** Resolves when both streams are over, or reading them was given up. */
  readonly ended: Promise<void>;

  readonly #lines = new LogLines();
  readonly #onLine: (line: LogLine) => void;
  readonly #now: () => number;
  readonly #conceal: readonly string[];
  readonly #readers: readonly ReadableStreamDefaultReader<Uint8Array>[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #resume: PromiseWithResolvers<void> | undefined;
  #windowStart = 0;
  #bytes = 0;
  #over = false;

  /**
   * Begins to read; `now` is in milliseconds. Texts to conceal are replaced: a backend may print
   * its own command line, but no log may hold an id or a secret.
   */
  constructor(
    streams: Readonly<Record<Stream, ReadableStream<Uint8Array>>>,
    onLine: (line: LogLine) => void,
    now: () => number,
    conceal: readonly string[] = [],
  ) {
    this.#conceal = conceal;
    this.#onLine = onLine;
    this.#now = now;
    const stdout = streams.stdout.getReader();
    const stderr = streams.stderr.getReader();
    this.#readers = [stdout, stderr];
    this.ended = Promise.all([this.#read("stdout", stdout), this.#read("stderr", stderr)])
      .then(() => this.#end());
  }

  /** The last lines, the oldest first. */
  get last(): readonly string[] {
    return this.#lines.last.map((text) => this.#clean(text));
  }

  /** Reads no further: somebody else holds the streams open. */
  giveUp(): void {
    this.#over = true;
    this.#resume?.resolve();
    // What a stream that has ended or broken says to that is of no use to anybody.
    for (const reader of this.#readers) reader.cancel().catch(() => {});
  }

  async #read(stream: Stream, reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    while (!this.#over) {
      const bytes = await nextOf(reader);
      if (bytes === undefined) return;
      this.#tell(this.#lines.push(stream, bytes, this.#now()));
      this.#armTimer();
      await this.#pace(bytes.length);
    }
  }

  /** Waits for the next second if this one's share is used up. */
  async #pace(bytes: number): Promise<void> {
    const now = this.#now();
    if (now - this.#windowStart >= SECOND_MS) {
      this.#windowStart = now;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    if (this.#bytes < MAX_OUTPUT_BYTES_PER_SECOND || this.#over) return;
    if (this.#resume === undefined) {
      const resume = this.#resume = Promise.withResolvers<void>();
      const timer = setTimeout(resume.resolve, this.#windowStart + SECOND_MS - now);
      resume.promise.then(() => {
        clearTimeout(timer);
        this.#resume = undefined;
      });
    }
    await this.#resume.promise;
  }

  /** The number of lines left out is told when their second is over, even if no more come. */
  #armTimer(): void {
    const at = this.#lines.wakeAt;
    if (at === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tell(this.#lines.tick(this.#now()));
      this.#armTimer();
    }, Math.max(0, at - this.#now()));
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#tell(this.#lines.end(this.#now()));
  }

  #tell(lines: readonly LogLine[]): void {
    for (const { level, text } of lines) this.#onLine({ level, text: this.#clean(text) });
  }

  #clean(text: string): string {
    return this.#conceal.reduce((rest, secret) => rest.replaceAll(secret, CONCEALED), text);
  }
}

/** The next bytes; undefined at the end, which a broken pipe is too. */
async function nextOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch {
    return undefined;
  }
}
