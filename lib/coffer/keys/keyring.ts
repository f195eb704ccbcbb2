/**
 * What belongs to public keys, looked up by their bytes (spec 14.3): the spelling of an id in the
 * definition does not matter.
 *
 * @module
 */

/** A map from public keys to values, in the order of insertion. */
export class Keyring<Value> {
  readonly #values = new Map<string, { readonly publicKey: Uint8Array; readonly value: Value }>();

  /** Number of keys. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether the key is there. */
  has(publicKey: Uint8Array): boolean {
    return this.#values.has(nameOf(publicKey));
  }

  /** What belongs to the key. */
  get(publicKey: Uint8Array): Value | undefined {
    return this.#values.get(nameOf(publicKey))?.value;
  }

  /** Adds or replaces; the key is copied. */
  set(publicKey: Uint8Array, value: Value): void {
    this.#values.set(nameOf(publicKey), { publicKey: publicKey.slice(), value });
  }

  /** All keys with their values. */
  *entries(): Generator<readonly [Uint8Array, Value]> {
    for (const { publicKey, value } of this.#values.values()) yield [publicKey, value];
  }
}

/** Strings are what the language compares and hashes by content; the native method is the fastest. */
function nameOf(publicKey: Uint8Array): string {
  return publicKey.toHex();
}
