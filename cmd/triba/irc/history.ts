/**
 * The last messages of a room: IRC keeps none, so we do.
 *
 * @module
 */

import type { Message } from "../../../lib/triba/bodies/chat.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";

/** A message as it is kept. */
export interface Kept {
  /** The message. */
  readonly message: Message;
  /** Whether this user wrote it. */
  readonly own: boolean;
  /** The core's name for it, if it came from the core. */
  readonly txn?: string | undefined;
}

/** Most messages in one answer. */
const MOST_FETCHED = 500;

/** The messages of one room, the oldest first. */
export class History {
  readonly #most: number;
  #kept: Kept[] = [];
  readonly #ids = new Set<string>();
  readonly #sent = new Map<string, string>();

  /** Keeps so many of them, at least one. */
  constructor(most: number) {
    this.#most = Math.max(1, most);
  }

  /** What is kept, the oldest first. */
  get all(): readonly Kept[] {
    return this.#kept;
  }

  /** Whether there is a message of this id. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** The id of the message that the core sent under this name. */
  sentAs(txn: string): string | undefined {
    return this.#sent.get(txn);
  }

  /** Keeps a message; false if it is there already. Ids are the network's, which may repeat one. */
  add(kept: Kept): boolean {
    const { id } = kept.message;
    if (this.#ids.has(id)) return false;
    this.#kept.push(kept);
    this.#ids.add(id);
    if (kept.txn !== undefined) this.#sent.set(kept.txn, id);
    while (this.#kept.length > this.#most) {
      const dropped = this.#kept.shift() as Kept;
      this.#ids.delete(dropped.message.id);
      if (dropped.txn !== undefined) this.#sent.delete(dropped.txn);
    }
    return true;
  }

  /**
   * Messages before one of them, or the last ones, newest first; and where to go on.
   *
   * @throws {CallFault} `not_found` if nothing is known of that message.
   */
  fetch(before: string | null, limit: number): { messages: Message[]; next: string | null } {
    const end = before === null ? this.#kept.length : this.#indexOf(before);
    const start = Math.max(0, end - Math.min(limit, MOST_FETCHED));
    const messages = this.#kept.slice(start, end).map(({ message }) => message).reverse();
    const next = start > 0 ? messages.at(-1)?.id ?? before : null;
    return { messages, next };
  }

  /** Number of messages of others behind this one. @throws {CallFault} `not_found`. */
  unreadAfter(id: string): number {
    return this.#kept.slice(this.#indexOf(id) + 1).filter(({ own }) => !own).length;
  }

  #indexOf(id: string): number {
    const at = this.#kept.findIndex(({ message }) => message.id === id);
    if (at < 0) throw new CallFault("not_found", "No such message is kept here");
    return at;
  }
}
