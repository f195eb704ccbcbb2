/**
 * Who writes where. A sign of writing holds for a while only: not everybody says when they stop.
 *
 * @module
 */

/** How long it holds (IRCv3 typing), in milliseconds. */
const ACTIVE_MS = 6_000;
/** People of one room that are shown. */
const MOST_WRITERS = 20;

/** The people who write. */
export class Typing {
  readonly #tell: (room: string, users: readonly string[]) => void;
  readonly #rooms = new Map<string, Map<string, ReturnType<typeof setTimeout>>>();

  /** Calls back with all who write in a room whenever that changes. */
  constructor(tell: (room: string, users: readonly string[]) => void) {
    this.#tell = tell;
  }

  /** Somebody writes, or stopped. */
  set(room: string, nick: string, active: boolean): void {
    const writers = this.#rooms.get(room) ?? new Map<string, ReturnType<typeof setTimeout>>();
    const known = writers.get(nick);
    clearTimeout(known);
    if (active && (known !== undefined || writers.size < MOST_WRITERS)) {
      writers.set(nick, setTimeout(() => this.set(room, nick, false), ACTIVE_MS));
      this.#rooms.set(room, writers);
    } else {
      writers.delete(nick);
      if (writers.size === 0) this.#rooms.delete(room);
    }
    if (writers.has(nick) !== (known !== undefined)) this.#tell(room, [...writers.keys()]);
  }

  /** Nobody writes any more. */
  clear(): void {
    for (const [room, writers] of this.#rooms) {
      for (const timer of writers.values()) clearTimeout(timer);
      this.#rooms.delete(room);
      this.#tell(room, []);
    }
  }
}
