/**
 * The last notices of a core, so that a user interface that comes back misses none.
 *
 * @module
 */

/** Most notices that are kept. */
export const MAX_KEPT_NOTICES = 4096;
/** Most characters of notices that are kept. */
export const MAX_KEPT_CHARACTERS: number = 4 * 1024 * 1024;

/** Numbered lines; the oldest go when there are too many. */
export class History {
  readonly #mostLines: number;
  readonly #mostCharacters: number;
  #lines: string[] = [];
  #characters = 0;
  #sequence = 0;

  /** Starts before number 1. */
  constructor(mostLines: number = MAX_KEPT_NOTICES, mostCharacters: number = MAX_KEPT_CHARACTERS) {
    this.#mostLines = mostLines;
    this.#mostCharacters = mostCharacters;
  }

  /** Number of the last line; 0 before the first. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Adds a line, which is made from its number. */
  add(makeLine: (sequence: number) => string): string {
    const line = makeLine(++this.#sequence);
    this.#lines.push(line);
    this.#characters += line.length;
    this.#trim();
    return line;
  }

  /** The lines behind a number; undefined if not all of them are there any more. */
  after(sequence: number): readonly string[] | undefined {
    const missing = this.#sequence - sequence;
    if (missing > this.#lines.length) return undefined;
    return missing <= 0 ? [] : this.#lines.slice(-missing);
  }

  #trim(): void {
    let gone = 0;
    while (
      this.#lines.length - gone > this.#mostLines || this.#characters > this.#mostCharacters
    ) this.#characters -= this.#lines[gone++]?.length ?? 0;
    if (gone > 0) this.#lines.splice(0, gone);
  }
}
