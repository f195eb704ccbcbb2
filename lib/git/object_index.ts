/**
 * Stores the objects of a directory's pack as they come, applies deltas, and finds objects by
 * name (section 7.2).
 *
 * @module
 */

import { encodeHex } from "@std/encoding/hex";
import { bytesKey } from "./bytes_key.ts";
import { CHUNK_BYTES, MAX_COMMIT_BYTES, MAX_DELTA_DEPTH, MAX_TREE_BYTES } from "./constants.ts";
import { openDelta } from "./delta.ts";
import { GitFault } from "./fault.ts";
import { ObjectHash } from "./hash.ts";
import type { ObjectKind } from "./object_header.ts";
import type { ObjectStore } from "./object_store.ts";
import type { DeltaPackObject, PackObject } from "./pack_reader.ts";
import { readAll, readExactly } from "./random_access.ts";
import type { TreeEntry } from "./tree.ts";

/** An object in the store. */
export interface IndexedObject<Id> {
  /** What the store calls it. */
  readonly id: Id;
  /** As the pack calls it, which may be wrong (section 10.3). */
  readonly kind: ObjectKind;
  /** Size in bytes. */
  readonly size: number;
  /** Number of deltas that it was made by. */
  readonly depth: number;
}

/**
 * The objects of one pack, added in their order. After a fault the index is of no use; what the
 * store holds is for its owner to drop.
 */
export class ObjectIndex<Id> {
  readonly #store: ObjectStore<Id>;
  readonly #maxBytes: number;
  readonly #objects = new Map<number, IndexedObject<Id>>();
  readonly #names = {
    file: new Map<string, IndexedObject<Id>>(),
    directory: new Map<string, IndexedObject<Id>>(),
  };
  #commit: IndexedObject<Id> | undefined;
  #bytes = 0;
  #namedBothWays = false;

  /** At most `maxBytes` are stored, since a few bytes of deltas can stand for a great many. */
  constructor(store: ObjectStore<Id>, maxBytes = Number.MAX_SAFE_INTEGER) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** The only object of that kind, if there was one. */
  get commit(): IndexedObject<Id> | undefined {
    return this.#commit;
  }

  /**
   * Stores the next object; of a delta, what it stands for.
   *
   * @throws {GitFault} and what the store throws.
   */
  async add(object: PackObject): Promise<void> {
    const { kind, offset, size } = object;
    if (kind === "delta") await this.#addDelta(object);
    else if (kind !== "tag") await this.#put(offset, { kind, size, depth: 0 }, object.content);
  }

  /**
   * The blob of a file or the tree of a directory.
   *
   * @throws {GitFault} `missing`; and what the store throws.
   */
  async find(type: TreeEntry["type"], hash: Uint8Array): Promise<IndexedObject<Id>> {
    const name = bytesKey(hash);
    if (!this.#names[type].has(name)) await this.#nameBothWays();
    const found = this.#names[type].get(name);
    if (found !== undefined) return found;
    const text = encodeHex(hash);
    throw new GitFault("missing", `Cannot find an object: the pack holds no ${type} ${text}`);
  }

  /** The whole content of a commit or tree, which must not be larger than `most` bytes. */
  async load(object: IndexedObject<Id>, most: number): Promise<Uint8Array> {
    if (object.size > most) {
      throw new GitFault("limit", `Cannot load an object of ${object.size} bytes: above ${most}`);
    }
    const stored = await this.#store.open(object.id);
    try {
      return await readAll(stored);
    } finally {
      await stored.close();
    }
  }

  async #addDelta(object: DeltaPackObject): Promise<void> {
    const base = this.#objects.get(object.base);
    if (base === undefined || base.depth === MAX_DELTA_DEPTH) {
      const reason = base === undefined ? "its base is no object" : "the chain is too long";
      throw new GitFault("delta", `Cannot use the delta at ${object.offset}: ${reason}`);
    }
    const stored = await this.#store.open(base.id);
    try {
      const { size, content } = await openDelta(stored, object.content);
      await this.#put(object.offset, { kind: base.kind, size, depth: base.depth + 1 }, content);
    } finally {
      await stored.close();
    }
  }

  async #put(
    offset: number,
    about: Omit<IndexedObject<Id>, "id">,
    content: AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const { kind, size } = about;
    this.#checkRoom(kind, size);
    const hash = new ObjectHash(kind, size);
    const object = { id: await this.#write(size, content, hash), ...about };
    this.#objects.set(offset, object);
    if (kind === "commit") this.#commit = object;
    else this.#name(kind === "tree" ? "directory" : "file", hash, object);
  }

  #checkRoom(kind: ObjectKind, size: number): void {
    this.#bytes += size;
    if (this.#bytes > this.#maxBytes || (kind === "commit" && size > MAX_COMMIT_BYTES)) {
      throw new GitFault("limit", `Cannot store a ${kind} of ${size} bytes: above the limit`);
    }
    if (kind === "commit" && this.#commit !== undefined) {
      throw new GitFault("commit", "Cannot accept a pack: it holds two commits");
    }
  }

  async #write(size: number, content: AsyncIterable<Uint8Array>, hash: ObjectHash): Promise<Id> {
    const sink = await this.#store.create(size);
    try {
      for await (const chunk of content) {
        hash.update(chunk);
        const written = sink.write(chunk);
        if (written !== undefined) await written;
      }
    } catch (error) {
      await sink.abort();
      throw error;
    }
    return await sink.finish();
  }

  #name(type: TreeEntry["type"], hash: ObjectHash, object: IndexedObject<Id>): void {
    const name = bytesKey(hash.digest());
    if (!this.#names[type].has(name)) this.#names[type].set(name, object);
  }

  /**
   * Some senders write files as trees and folders as blobs (section 10.3), so a name that is not
   * found is a reason to hash everything as the other kind too. Doing that from the start would
   * cost every good transfer a second hash.
   */
  async #nameBothWays(): Promise<void> {
    if (this.#namedBothWays) return;
    this.#namedBothWays = true;
    for (const object of this.#objects.values()) {
      if (object.kind === "tree") this.#name("file", await this.#hash("blob", object), object);
      else if (object.kind === "blob" && object.size <= MAX_TREE_BYTES) {
        this.#name("directory", await this.#hash("tree", object), object);
      }
    }
  }

  async #hash(kind: ObjectKind, object: IndexedObject<Id>): Promise<ObjectHash> {
    const hash = new ObjectHash(kind, object.size);
    const stored = await this.#store.open(object.id);
    try {
      for (let at = 0; at < object.size; at += CHUNK_BYTES) {
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, object.size - at));
        await readExactly(stored, at, chunk);
        hash.update(chunk);
      }
      return hash;
    } finally {
      await stored.close();
    }
  }
}
