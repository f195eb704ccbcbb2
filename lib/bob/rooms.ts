/**
 * Who waits for whom at the secure port (section 5 of the protocol document). A pair has two
 * places; each peer takes its own by naming the other, and when both are taken the pair is joined.
 *
 * Nothing proves that whoever names an identity is the peer that was paired, and every client of
 * the relay knows the identities of all servers. What the relay does know is the address that the
 * peer had on the main port. So a place that is held from there cannot be taken by others, a place
 * that others hold can be taken from there, and holding it from elsewhere counts only after a
 * delay. Between claims of the same worth the later one wins, as in the reference: a peer whose
 * connection broke unnoticed comes back. Honest peers cannot tell, but for that delay if they come
 * from another address than before.
 *
 * @module
 */

import { Deadlines } from "../net/mod.ts";
import { PAIR_TIMEOUT_MS, STRANGER_DELAY_MS } from "./constants.ts";
import { identityText } from "./identity.ts";
import type { ConnectionId, Remote } from "./port.ts";

/** A connection that holds a place. */
interface Holder {
  readonly connection: ConnectionId;
  /** Whether it comes from the address that the peer had on the main port. */
  readonly expected: boolean;
  /** Whether it counts already. */
  settled: boolean;
}

interface Place {
  /** The address group that its peer had on the main port. */
  readonly group: string;
  holder: Holder | undefined;
}

interface Room {
  /** By the text that takes the place: the identity of the other peer. */
  readonly lines: readonly [string, string];
  readonly client: Place;
  readonly server: Place;
}

/** Two connections between which bytes are to pass from now on. */
export interface Joined {
  /** The connection of the peer that wants something. */
  readonly client: ConnectionId;
  /** The connection of the peer that offers something. */
  readonly server: ConnectionId;
}

/** What came of a claim to a place. */
export type Claim =
  | { readonly type: "unknown" } // no pair has such a place
  | { readonly type: "taken" } // somebody with a better claim has it
  | {
    readonly type: "held";
    /** The connection that had the place before. */
    readonly replaced: ConnectionId | undefined;
    /** Both, when the other place is held too; the pair is forgotten then. */
    readonly joined: Joined | undefined;
  };

/** Times of the pairs; the defaults are in constants.ts. */
export interface RoomsTimes {
  /** Milliseconds that a pair is remembered while nobody holds a place of it. */
  readonly pairTimeoutMs?: number | undefined;
  /** Milliseconds until a place counts as held when it is held from an unexpected address. */
  readonly strangerDelayMs?: number | undefined;
}

/** The pairs that were made on the main port and are not joined yet. */
export class Rooms {
  readonly #byLine = new Map<string, { readonly room: Room; readonly place: Place }>();
  readonly #rooms = new Set<Room>();
  readonly #held = new Map<ConnectionId, { readonly room: Room; readonly place: Place }>();
  readonly #unopened: Deadlines<Room>;
  readonly #strangers: Deadlines<ConnectionId>;

  /** Starts without pairs. */
  constructor({ pairTimeoutMs, strangerDelayMs }: RoomsTimes = {}) {
    this.#unopened = new Deadlines(pairTimeoutMs ?? PAIR_TIMEOUT_MS);
    this.#strangers = new Deadlines(strangerDelayMs ?? STRANGER_DELAY_MS);
  }

  /** Number of pairs. */
  get size(): number {
    return this.#rooms.size;
  }

  /** When to call {@linkcode Rooms.expire} next. */
  get nextExpiry(): number | undefined {
    return this.#unopened.next;
  }

  /** When to call {@linkcode Rooms.settle} next. */
  get nextSettling(): number | undefined {
    return this.#strangers.next;
  }

  /**
   * Remembers a pair. An older one with either identity is forgotten: its peer has gone, or it
   * would not have come back to the main port with the same address and port.
   */
  record(client: Remote, server: Remote, now: number): void {
    const lines = [identityText(server.identity), identityText(client.identity)] as const;
    for (const line of lines) {
      const older = this.#byLine.get(line);
      if (older !== undefined) this.#forget(older.room);
    }
    const room: Room = {
      lines,
      client: { group: client.group, holder: undefined },
      server: { group: server.group, holder: undefined },
    };
    this.#rooms.add(room);
    this.#byLine.set(lines[0], { room, place: room.client });
    this.#byLine.set(lines[1], { room, place: room.server });
    this.#unopened.start(room, now);
  }

  /** A connection from this address group names the peer that it wants to be joined with. */
  claim(line: string, connection: ConnectionId, group: string, now: number): Claim {
    this.expire(now);
    const found = this.#byLine.get(line);
    if (found === undefined) return { type: "unknown" };
    const { room, place } = found;
    const expected = place.group === group;
    const replaced = place.holder;
    if (replaced?.expected && !expected) return { type: "taken" };
    if (replaced !== undefined) this.#release(replaced.connection);
    place.holder = { connection, expected, settled: expected };
    this.#held.set(connection, found);
    this.#unopened.cancel(room);
    if (!expected) this.#strangers.start(connection, now);
    return { type: "held", replaced: replaced?.connection, joined: this.#join(room) };
  }

  /** A connection that holds a place is gone; the other peer may still come. */
  leave(connection: ConnectionId, now: number): void {
    const room = this.#release(connection);
    if (room === undefined || !this.#rooms.has(room)) return;
    if (room.client.holder === undefined && room.server.holder === undefined) {
      this.#unopened.start(room, now);
    }
  }

  /**
   * A connection that holds a place has waited for too long: its pair is forgotten.
   *
   * @returns the connection that holds the other place, if there is one.
   */
  abandon(connection: ConnectionId): ConnectionId | undefined {
    const room = this.#release(connection);
    if (room === undefined) return undefined;
    this.#forget(room);
    const other = room.client.holder ?? room.server.holder;
    if (other !== undefined) this.#release(other.connection);
    return other?.connection;
  }

  /** Counts the places that were held from unexpected addresses for long enough. */
  settle(now: number): Joined[] {
    const all: Joined[] = [];
    for (const connection of this.#strangers.due(now)) {
      const held = this.#held.get(connection);
      if (held?.place.holder === undefined) continue;
      held.place.holder.settled = true;
      const joined = this.#join(held.room);
      if (joined !== undefined) all.push(joined);
    }
    return all;
  }

  /** Forgets the pairs that nobody came for. */
  expire(now: number): void {
    for (const room of this.#unopened.due(now)) this.#forget(room);
  }

  /** Forgets everything. */
  clear(): void {
    this.#byLine.clear();
    this.#rooms.clear();
    this.#held.clear();
    this.#unopened.clear();
    this.#strangers.clear();
  }

  #join(room: Room): Joined | undefined {
    const [client, server] = [room.client.holder, room.server.holder];
    if (!client?.settled || !server?.settled) return undefined;
    this.#release(client.connection);
    this.#release(server.connection);
    this.#forget(room);
    return { client: client.connection, server: server.connection };
  }

  /** Frees the place that a connection holds. */
  #release(connection: ConnectionId): Room | undefined {
    const held = this.#held.get(connection);
    if (held === undefined) return undefined;
    this.#held.delete(connection);
    this.#strangers.cancel(connection);
    held.place.holder = undefined;
    return held.room;
  }

  /** No line leads to the pair any more; who holds a place in it keeps waiting. */
  #forget(room: Room): void {
    this.#rooms.delete(room);
    this.#unopened.cancel(room);
    for (const line of room.lines) {
      if (this.#byLine.get(line)?.room === room) this.#byLine.delete(line);
    }
  }
}
