/**
 * Channels and conversations, as the core sees them. A room's id is its name in the form by which
 * the network compares names; channels have a mark in front that no nickname has.
 *
 * @module
 */

import { type Casemapping, foldCase } from "../../../lib/irc/mod.ts";
import type { Room } from "../../../lib/triba/bodies/chat.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";
import { History } from "./history.ts";

/** Conversations that are kept: strangers can open them by writing. */
const MOST_DIRECT = 200;

/** A channel or a conversation. */
export interface RoomState {
  /** Its name, as the network writes it. */
  readonly name: string;
  /** Whether it is a conversation. */
  readonly direct: boolean;
  /** What opens the channel, if it needs that. */
  key?: string | undefined;
  topic: string | null;
  unread: number;
  /** Its last messages. */
  readonly history: History;
}

/** The rooms that the user is in, or wants to be in when there is a connection. */
export class Rooms {
  readonly #mostMessages: number;
  #casemapping: Casemapping;
  #rooms = new Map<string, RoomState>();

  /** None yet. */
  constructor(casemapping: Casemapping, mostMessages: number) {
    this.#casemapping = casemapping;
    this.#mostMessages = mostMessages;
  }

  /** How the network compares names. */
  get casemapping(): Casemapping {
    return this.#casemapping;
  }

  /** All rooms. */
  get all(): readonly RoomState[] {
    return [...this.#rooms.values()];
  }

  /** The id of a room of this name. */
  idOf(name: string): string {
    return foldCase(name, this.#casemapping);
  }

  /** The room of an id or name. */
  find(name: string): RoomState | undefined {
    return this.#rooms.get(this.idOf(name));
  }

  /** The room of an id. @throws {CallFault} `not_found`. */
  get(id: string): RoomState {
    const room = this.find(id);
    if (room === undefined) throw new CallFault("not_found", "No such room");
    return room;
  }

  /** The room of a name, made if there is none. */
  open(name: string, direct: boolean): RoomState {
    const known = this.find(name);
    if (known !== undefined) return known;
    const history = new History(this.#mostMessages);
    const room: RoomState = { name, direct, topic: null, unread: 0, history };
    this.#rooms.set(this.idOf(name), room);
    return room;
  }

  /** Takes a room out. */
  remove(room: RoomState): void {
    this.#rooms.delete(this.idOf(room.name));
  }

  /** The conversation that has been silent for longest, if there is no room for one more. */
  surplus(): RoomState | undefined {
    const direct = this.all.filter((room) => room.direct);
    if (direct.length < MOST_DIRECT) return undefined;
    const last = ({ history }: RoomState) => history.all.at(-1)?.message.sent_ms ?? 0;
    return direct.reduce((a, b) => last(b) < last(a) ? b : a);
  }

  /** The network compares names otherwise; the ids that are no more are returned. */
  remap(casemapping: Casemapping): string[] {
    if (casemapping === this.#casemapping) return [];
    const before = [...this.#rooms.keys()];
    this.#casemapping = casemapping;
    this.#rooms = new Map(this.all.map((room) => [this.idOf(room.name), room]));
    return before.filter((id) => !this.#rooms.has(id));
  }

  /** A room as the core gets it. */
  describe({ name, direct, topic, unread }: RoomState): Room {
    return { id: this.idOf(name), name, topic, unread, direct };
  }
}
