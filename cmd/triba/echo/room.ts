/**
 * A room of the echo backend: who is in it and what was said, kept in memory.
 *
 * @module
 */

import type { Content, Member, Message, Room } from "../../../lib/triba/bodies/chat.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";

/** Messages of a room that are kept; older ones are forgotten. */
const MOST_MESSAGES = 1000;
/** Most messages in one answer, whatever the core asks for. */
const MOST_FETCHED = 500;

/** What a room begins with. */
export interface RoomOptions {
  /** Its id. */
  readonly id: string;
  /** Its name. */
  readonly name: string;
  /** What it is about. */
  readonly topic?: string;
  /** Whether it is with one person only. */
  readonly direct?: boolean;
}

/** One room. */
export class EchoRoom {
  /** The room's id. */
  readonly id: string;
  readonly #options: RoomOptions;
  /** In the order in which they were sent. A map keeps it, and finds a message by its id. */
  readonly #messages = new Map<string, Message>();
  /** What each txn became. A core repeats a request when it does not know whether it came through. */
  readonly #sent = new Map<string, string>();
  /** Which message answers which. */
  readonly #answers = new Map<string, string>();
  #unread = 0;

  /** Begins without messages. */
  constructor(options: RoomOptions) {
    this.id = options.id;
    this.#options = options;
  }

  /** As cores see it. */
  describe(): Room {
    const { id, name, topic = null, direct = false } = this.#options;
    return { id, name, topic, unread: this.#unread, direct };
  }

  /** Keeps a message of the user. */
  add(message: Message): void {
    keep(this.#messages, message.id, message);
  }

  /** Keeps a message of the other user that answers one of the user. */
  addAnswer(to: Message, answer: Message): void {
    keep(this.#messages, answer.id, answer);
    keep(this.#answers, to.id, answer.id);
    this.#unread++;
  }

  /** The message that answers this one, if it is still there. */
  answerTo(id: string): Message | undefined {
    return this.#messages.get(this.#answers.get(id) ?? "");
  }

  /** The message that was sent under this txn, if it was. */
  sentAs(txn: string): string | undefined {
    return this.#sent.get(txn);
  }

  /** Remembers what became of a txn. */
  remember(txn: string, message: string): void {
    keep(this.#sent, txn, message);
  }

  /** A message that must be there. @throws {CallFault} `not_found`. */
  find(id: string): Message {
    const message = this.#messages.get(id);
    if (message === undefined) throw new CallFault("not_found", "No such message in this room");
    return message;
  }

  /** Replaces what a message says. */
  edit(message: Message, content: Content): Message {
    const edited = { ...message, content };
    this.#messages.set(message.id, edited); // keeps its place
    return edited;
  }

  /** Removes a message. */
  remove(id: string): void {
    this.#messages.delete(id);
  }

  /** Everything up to this message is read; returns whether that changed anything. */
  markRead(id: string, me: string): boolean {
    this.find(id);
    const all = [...this.#messages.values()];
    const behind = all.slice(all.findIndex((message) => message.id === id) + 1);
    const before = this.#unread;
    this.#unread = Math.min(before, behind.filter(({ sender }) => sender !== me).length);
    return this.#unread !== before;
  }

  /**
   * Messages before another one, the newest first, and where to go on. The id of the last message
   * serves as `next`: `before` takes both alike.
   */
  fetch(before: string | null, limit: number): { messages: Message[]; next: string | null } {
    if (before !== null) this.find(before);
    const all = [...this.#messages.values()];
    const end = before === null ? all.length : all.findIndex(({ id }) => id === before);
    const start = Math.max(0, end - Math.min(limit, MOST_FETCHED));
    const messages = all.slice(start, end).reverse();
    return { messages, next: start === 0 ? null : messages.at(-1)?.id ?? before };
  }

  /** Who is in it. */
  members(me: string, other: string): Member[] {
    return [{ id: me, name: me }, { id: other, name: other }];
  }
}

/** Adds to a map of what is kept, and forgets its first entry if there are too many. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  if (map.size <= MOST_MESSAGES) return;
  for (const first of map.keys()) {
    map.delete(first);
    return;
  }
}
