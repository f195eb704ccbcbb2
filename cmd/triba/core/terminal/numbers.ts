/**
 * Numbers for what a user saw, so that commands can name it: ids are too long to type.
 *
 * @module
 */

/** Things that have a number. */
const MAX_NUMBERED = 1000;

/** Gives numbers from 1 on; the same thing keeps its number. */
export class Numbers<T> {
  readonly #byNumber = new Map<number, T>();
  readonly #byKey = new Map<string, number>();
  readonly #keyOf: (thing: T) => string;
  #last = 0;

  /** Things of the same key are the same. */
  constructor(keyOf: (thing: T) => string) {
    this.#keyOf = keyOf;
  }

  /** The number of a thing, a new one if need be. */
  of(thing: T): number {
    const key = this.#keyOf(thing);
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const number = ++this.#last;
    this.#byNumber.set(number, thing);
    this.#byKey.set(key, number);
    const oldest = this.#byNumber.get(number - MAX_NUMBERED);
    if (oldest !== undefined) {
      this.#byNumber.delete(number - MAX_NUMBERED);
      this.#byKey.delete(this.#keyOf(oldest));
    }
    return number;
  }

  /** The thing of a number. */
  get(number: number): T | undefined {
    return this.#byNumber.get(number);
  }
}
