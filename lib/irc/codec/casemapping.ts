/**
 * Names that differ only in case are the same; which letters have a case is the network's choice
 * (`CASEMAPPING` of `ISUPPORT`).
 *
 * @module
 */

/** Rules that networks use. */
export const CASEMAPPINGS = ["rfc1459", "rfc1459-strict", "ascii"] as const;
/** Rules that networks use. `rfc1459` takes `{}|^` as the small letters of `[]\~`. */
export type Casemapping = (typeof CASEMAPPINGS)[number];

const SMALL: Readonly<Record<string, string>> = { "[": "{", "]": "}", "\\": "|", "~": "^" };
const CAPITALS: Readonly<Record<Casemapping, RegExp>> = {
  ascii: /[A-Z]/g,
  "rfc1459-strict": /[A-Z[\]\\]/g,
  rfc1459: /[A-Z[\]\\~]/g,
};

/** The form of a name by which it is compared. */
export function foldCase(name: string, mapping: Casemapping): string {
  return name.replace(CAPITALS[mapping], (letter) => SMALL[letter] ?? letter.toLowerCase());
}

/** A map whose keys are names. */
export class NameMap<T> {
  #mapping: Casemapping;
  #entries = new Map<string, T>();

  /** Compares names by this mapping. */
  constructor(mapping: Casemapping = "rfc1459") {
    this.#mapping = mapping;
  }

  /** Number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a name. */
  get(name: string): T | undefined {
    return this.#entries.get(this.#fold(name));
  }

  /** Whether there is such a name. */
  has(name: string): boolean {
    return this.#entries.has(this.#fold(name));
  }

  /** Sets the value of a name. */
  set(name: string, value: T): void {
    this.#entries.set(this.#fold(name), value);
  }

  /** Takes a name out; whether it was there. */
  delete(name: string): boolean {
    return this.#entries.delete(this.#fold(name));
  }

  /** Takes everything out. */
  clear(): void {
    this.#entries.clear();
  }

  /** All values, in the order in which their names were first set. */
  values(): IterableIterator<T> {
    return this.#entries.values();
  }

  /** Goes on with another mapping; of names that are now the same the last one stays. */
  remap(mapping: Casemapping, nameOf: (value: T) => string): void {
    if (mapping === this.#mapping) return;
    this.#mapping = mapping;
    this.#entries = new Map([...this.values()].map((value) => [this.#fold(nameOf(value)), value]));
  }

  #fold(name: string): string {
    return foldCase(name, this.#mapping);
  }
}
