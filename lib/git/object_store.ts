/**
 * Where the objects of a received directory are kept until it is complete. The driver that has
 * files implements it; tests keep them in memory.
 *
 * @module
 */

import type { RandomAccess } from "./random_access.ts";

/** Takes the content of one object. One of `finish` and `abort` is called, once. */
export interface ObjectSink<Id> {
  /** The next bytes; the chunk is not used after the call has ended. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** All has been written: the object can be opened by what this returns. */
  finish(): Id | Promise<Id>;
  /** The content is not worth keeping. */
  abort(): void | Promise<void>;
}

/** Content of an object that was stored. */
export interface StoredObject extends RandomAccess {
  /** Called when no more is going to be read. */
  close(): void | Promise<void>;
}

/** Keeps contents under ids of its own. What it throws is passed on. */
export interface ObjectStore<Id> {
  /** Begins a content that will have this size in bytes: the place to refuse for want of room. */
  create(size: number): ObjectSink<Id> | Promise<ObjectSink<Id>>;
  /** Opens a finished content. */
  open(id: Id): StoredObject | Promise<StoredObject>;
}
