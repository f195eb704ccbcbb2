/**
 * The rooms with all that follows from a change: the core is told, and the disk keeps it.
 *
 * @module
 */

import type { Casemapping } from "../../../lib/irc/mod.ts";
import type { Message } from "../../../lib/triba/bodies/chat.ts";
import type { Kept } from "./history.ts";
import { Rooms, type RoomState } from "./rooms.ts";
import type { Store, StoredState } from "./store.ts";
import type { Told } from "./told.ts";

/** Rooms as the core and the disk know them. */
export class RoomBook {
  /** The rooms. */
  readonly rooms: Rooms;
  readonly #told: Told;
  readonly #store: Store | undefined;
  /** The nickname in use, now or last. */
  #nick: string;

  private constructor(rooms: Rooms, nick: string, told: Told, store: Store | undefined) {
    this.rooms = rooms;
    this.#nick = nick;
    this.#told = told;
    this.#store = store;
  }

  /** The rooms of the last run. */
  static async open(
    nick: string,
    mostMessages: number,
    told: Told,
    store: Store | undefined,
  ): Promise<RoomBook> {
    const state = await store?.readState();
    const rooms = new Rooms(state?.casemapping ?? "rfc1459", mostMessages);
    for (const { name, direct, ...rest } of state?.rooms ?? []) {
      const room = rooms.open(name, direct);
      Object.assign(room, rest);
      for (const kept of await store?.readMessages(rooms.idOf(name)) ?? []) room.history.add(kept);
    }
    return new RoomBook(rooms, state?.nick || nick, told, store);
  }

  /** The nickname in use, now or last. */
  get nick(): string {
    return this.#nick;
  }

  /** We have another nickname. */
  rename(nick: string): void {
    this.#nick = nick;
    this.save();
  }

  /** Keeps a message; false if it is there already. */
  keep(room: RoomState, message: Message, own: boolean, txn: string | undefined): boolean {
    const kept: Kept = { message, own, txn };
    if (!room.history.add(kept)) return false;
    const mayStore = (each: Kept) => !(each.own && isService(room));
    if (mayStore(kept)) {
      this.#store?.addMessage(message.room, kept, () => room.history.all.filter(mayStore));
    }
    return true;
  }

  /** The conversation with somebody, made if there is none. */
  openDirect(nick: string): RoomState {
    const known = this.rooms.find(nick);
    if (known !== undefined) return known;
    const surplus = this.rooms.surplus();
    if (surplus !== undefined) this.remove(surplus);
    const room = this.rooms.open(nick, true);
    this.update(room);
    this.save();
    return room;
  }

  /** Takes a room out, and forgets its messages. */
  remove(room: RoomState): void {
    const id = this.rooms.idOf(room.name);
    this.rooms.remove(room);
    this.#store?.removeMessages(id);
    this.#told.event({ type: "RoomRemoved", room: id });
    this.save();
  }

  /** Tells the core how a room is now. */
  update(room: RoomState): void {
    this.#told.event({ type: "RoomUpdated", room: this.rooms.describe(room) });
  }

  /** The network compares names in another way. */
  remap(casemapping: Casemapping): void {
    const gone = this.rooms.remap(casemapping);
    if (gone.length === 0) return;
    for (const id of gone) this.#told.event({ type: "RoomRemoved", room: id });
    for (const room of this.rooms.all) this.update(room);
  }

  /** Stores the rooms soon. */
  save(): void {
    this.#store?.saveState((): StoredState => ({
      casemapping: this.rooms.casemapping,
      nick: this.#nick,
      rooms: this.rooms.all.map(({ name, direct, key, topic, unread }) => ({
        name,
        direct,
        key,
        topic,
        unread,
      })),
    }));
  }

  /** Writes what is to be stored. */
  async flush(): Promise<void> {
    this.save();
    await this.#store?.flush();
  }
}

/** Whether it is a conversation with a service of the network: these are told passwords. */
function isService({ name, direct }: RoomState): boolean {
  return direct && /serv$/i.test(name);
}
