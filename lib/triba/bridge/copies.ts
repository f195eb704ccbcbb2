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
/**
 * What the bridge said in a room is known by its text too, for this time in milliseconds: where the
 * sending was not answered, and where a program in the room repeats what it hears.
 */
export const KNOWN_TEXT_MS = 60_000;

interface Said {
  readonly room: number;
  readonly text: string;
  readonly until: number;
}

/** The memory of one group of rooms. */
export class Copies {
  readonly #copies = new Map<string, Place[]>();
  readonly #own = new Set<string>();
  #said: Said[] = [];

  /** Remembers a message that the bridge sent, and what it is a copy of if of anything. */
  add(copy: Place, original: Place | undefined): void {
    this.#own.add(keyOf(copy));
    forgetOldest(this.#own);
    if (original === undefined) return;
    const key = keyOf(original);
    this.#copies.set(key, [...this.#copies.get(key) ?? [], copy]);
    forgetOldest(this.#copies);
  }

  /** Remembers what the bridge is about to say. */
  addText(room: number, text: string, now: number): void {
    this.#said = this.#said.filter(({ until }) => until > now).slice(-MAX_REMEMBERED);
    this.#said.push({ room, text, until: now + KNOWN_TEXT_MS });
  }

  /** Whether the bridge sent it, or somebody repeats word for word what the bridge said there. */
  isOwn(place: Place, text: string | undefined, now: number): boolean {
    return this.#own.has(keyOf(place)) ||
      this.#said.some((said) => said.room === place.room && said.text === text && said.until > now);
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
