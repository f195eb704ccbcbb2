/**
 * The names of objects: SHA-1 of kind, size and content, as in Git.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { ObjectKind } from "./object_header.ts";

/** Hashes one object while its content passes by. */
export class ObjectHash {
  readonly #hash = createHash("sha1");

  /** The size is that of the whole content, in bytes; it is hashed first. */
  constructor(kind: ObjectKind, size: number) {
    this.#hash.update(`${kind} ${size}\0`);
  }

  /** The next bytes of the content. */
  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    return this;
  }

  /** The object's name, 20 bytes; the hash cannot be used any more. */
  digest(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#hash.digest());
  }
}

/** The name of an object that is in memory, 20 bytes. */
export function hashObject(kind: ObjectKind, content: Uint8Array): Uint8Array<ArrayBuffer> {
  return new ObjectHash(kind, content.length).update(content).digest();
}
