/**
 * Questions at the terminal. Questions go to standard error, so that results can be piped.
 *
 * @module
 */

import type { Console } from "./console.ts";

const LINE_FEED = 0x0a;

/** Lines of standard input. A question that is called off does not lose what is typed next. */
export class LineInput {
  readonly #input: { read(into: Uint8Array): Promise<number | null> };
  #typed: number[] = [];
  #lines: string[] = [];
  #reading: Promise<boolean> | undefined;

  /** Reads standard input unless something else is given. */
  constructor(input: { read(into: Uint8Array): Promise<number | null> } = Deno.stdin) {
    this.#input = input;
  }

  /** The next line without its line feed; undefined at the end of the input or when called off. */
  async next(signal?: AbortSignal): Promise<string | undefined> {
    const calledOff = new Promise<boolean>((resolve) =>
      signal?.addEventListener("abort", () => resolve(false), { once: true })
    );
    while (this.#lines.length === 0) {
      if (signal?.aborted) return undefined;
      this.#reading ??= this.#readMore();
      if (!await Promise.race([this.#reading, calledOff])) return undefined;
    }
    return this.#lines.shift();
  }

  /** Whether there may be more. */
  async #readMore(): Promise<boolean> {
    const buffer = new Uint8Array(4096);
    const count = await this.#input.read(buffer).catch(() => null); // a terminal that hung up
    this.#reading = undefined;
    for (const byte of buffer.subarray(0, count ?? 0)) {
      if (byte === LINE_FEED) this.#endLine();
      else this.#typed.push(byte);
    }
    if (count === null && this.#typed.length > 0) {
      this.#endLine();
      return true;
    }
    return count !== null;
  }

  #endLine(): void {
    this.#lines.push(new TextDecoder().decode(Uint8Array.from(this.#typed)).replace(/\r$/, ""));
    this.#typed = [];
  }
}

/** Asks until the answer is yes or no; an empty line is yes; the end of input and calling off are no. */
export async function confirm(
  console: Console,
  input: LineInput,
  question: string,
  signal?: AbortSignal,
): Promise<boolean> {
  while (true) {
    console.ask(`${question} [Y/n] `);
    const answer = (await input.next(signal))?.trim().toLowerCase();
    if (answer === undefined) {
      if (!signal?.aborted) console.endQuestion(); // whoever calls off has gone on already
      return false;
    }
    if (answer === "" || answer === "y" || answer === "yes") return true;
    if (answer === "n" || answer === "no") return false;
    console.note(`"${answer}" is neither yes nor no`);
  }
}
