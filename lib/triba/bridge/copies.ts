/**
 * Which messages a bridge sent, and of which they are copies: without this its own messages would
 * come back, and nobody could edit or remove what was forwarded.
 *
 * @module
 */

/** A message in a room of a group. */
export interface Place {
  /** Number of the room in its group. */
  readonly room: number;
  /** The message's id there. */
  readonly message: string;
}

/** Messages of a group that are remembered. */
export const MAX_REMEMBERED = 2000;
/** A message whose sending was not answered is known by its text for this time, in milliseconds. */
export const LOST_ANSWER_MS = 60_000;

interface Unanswered {
  readonly room: number;
  readonly text: string;
  readonly until: number;
}

/** The memory of one group of rooms. */
export class Copies {
  readonly #copies = new Map<string, Place[]>();
  readonly #own = new Set<string>();
  #unanswered: Unanswered[] = [];

  /** Remembers a message that the bridge sent, and what it is a copy of if of anything. */
  add(copy: Place, original: Place | undefined): void {
    this.#own.add(keyOf(copy));
    forgetOldest(this.#own);
    if (original === undefined) return;
    const key = keyOf(original);
    this.#copies.set(key, [...this.#copies.get(key) ?? [], copy]);
    forgetOldest(this.#copies);
  }

  /** Remembers a message that may have been sent: nobody answered. */
  addUnanswered(room: number, text: string, now: number): void {
    this.#unanswered = this.#unanswered.filter(({ until }) => until > now).slice(-MAX_REMEMBERED);
    this.#unanswered.push({ room, text, until: now + LOST_ANSWER_MS });
  }

  /** Its sending was answered after all. */
  forgetUnanswered(room: number, text: string): void {
    this.#unanswered = this.#unanswered.filter((lost) => lost.room !== room || lost.text !== text);
  }

  /** Whether the bridge sent it. */
  isOwn(place: Place, text: string | undefined, now: number): boolean {
    if (this.#own.has(keyOf(place))) return true;
    const found = this.#unanswered.findIndex((lost) =>
      lost.room === place.room && lost.text === text && lost.until > now
    );
    if (found < 0) return false;
    this.#unanswered.splice(found, 1);
    this.add(place, undefined);
    return true;
  }

  /** The copy of a message in another room. */
  find(original: Place, room: number): string | undefined {
    return this.#copies.get(keyOf(original))?.find((copy) => copy.room === room)?.message;
  }
}

function keyOf({ room, message }: Place): string {
  return `${room} ${message}`;
}

function forgetOldest(remembered: Set<string> | Map<string, unknown>): void {
  if (remembered.size <= MAX_REMEMBERED) return;
  const [oldest] = remembered.keys();
  if (oldest !== undefined) remembered.delete(oldest);
}
