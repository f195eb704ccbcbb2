/**
 * The IRC backend: what the core asks for, and what it is told.
 *
 * @module
 */

import type { ClientEvent, Outgoing } from "../../../lib/irc/mod.ts";
import {
  type ChannelAddress,
  type ChatMessage,
  isNick,
  parseChannelAddress,
} from "../../../lib/irc/mod.ts";
import type { Logger } from "../../../lib/log/mod.ts";
import type { ByteStream } from "../../../lib/net/mod.ts";
import type { Answer, Backend, CoreLink, ServedRequest } from "../../../lib/triba/backend/mod.ts";
import type { Content, Message } from "../../../lib/triba/bodies/chat.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";
import type { IrcConnection } from "./connection.ts";
import { mayPass, offline, toCallFault } from "./faults.ts";
import { Network, type NetworkOptions } from "./network.ts";
import type { Rooms, RoomState } from "./rooms.ts";
import { RoomBook } from "./room_book.ts";
import type { Store } from "./store.ts";
import { Told } from "./told.ts";
import { Typing } from "./typing.ts";

const SUCCESS: Answer = { type: "Success" };

/** What the backend needs. */
export interface IrcBackendOptions extends Omit<NetworkOptions, "onStatus" | "onEvent"> {
  /** Channels to be in from the start. */
  readonly join: readonly ChannelAddress[];
  /** Messages of a room that are kept, at least 1. */
  readonly mostMessages: number;
  /** Where things are kept beyond the end; undefined keeps nothing. */
  readonly store: Store | undefined;
  /** What others see when it ends. */
  readonly quitText: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** An id that was never used before. */
  readonly newId: () => string;
}

/** The backend of one server. */
export class IrcBackend implements Backend {
  /** Typing reaches others where the server carries it. */
  readonly features = ["direct", "members", "typing"];

  readonly #options: IrcBackendOptions;
  readonly #log: Logger;
  readonly #book: RoomBook;
  readonly #rooms: Rooms;
  readonly #network: Network;
  readonly #told: Told;
  readonly #typing: Typing;

  private constructor(options: IrcBackendOptions, told: Told, book: RoomBook) {
    this.#options = options;
    this.#log = options.log;
    this.#told = told;
    this.#book = book;
    this.#rooms = book.rooms;
    this.#typing = new Typing((room, users) => told.event({ type: "Typing", room, users }));
    this.#network = new Network({
      ...options,
      connect: async (signal): Promise<ByteStream> => told.slowDown(await options.connect(signal)),
      onStatus: (status) => told.status(status),
      onEvent: (event, connection) => this.#take(event, connection),
    });
  }

  /** Makes the backend, with the rooms of the last run. */
  static async create(options: IrcBackendOptions): Promise<IrcBackend> {
    const { client, mostMessages, store, join } = options;
    const told = new Told();
    const book = await RoomBook.open(client.nick, mostMessages, told, store);
    for (const { name, key } of join) {
      const room = book.rooms.open(name, false);
      room.key = key ?? room.key;
    }
    return new IrcBackend(options, told, book);
  }

  /** Begins to connect. */
  open(core: CoreLink): void {
    this.#told.begin(core);
    this.#network.start();
  }

  /** Says good-bye to the network and stores what is to be kept. */
  async close(): Promise<void> {
    this.#typing.clear();
    await this.#network.stop(this.#options.quitText);
    await this.#book.flush();
  }

  /** Carries out a request. */
  async handle(request: ServedRequest, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.#handle(request, signal);
    } catch (error) {
      throw toCallFault(error);
    }
  }

  async #handle(request: ServedRequest, signal: AbortSignal): Promise<Answer> {
    switch (request.type) {
      case "Login":
        await this.#network.logIn({ account: request.account, secret: request.secret }, signal);
        return SUCCESS;
      case "ListRooms":
        return { type: "Rooms", rooms: this.#rooms.all.map((room) => this.#rooms.describe(room)) };
      case "JoinRoom":
        return await this.#join(request.room, signal);
      case "LeaveRoom":
        return await this.#leave(this.#rooms.get(request.room), signal);
      case "FetchMessages":
        return {
          type: "Messages",
          ...this.#rooms.get(request.room).history.fetch(request.before, request.limit),
        };
      case "SendMessage":
        return await this.#send(this.#rooms.get(request.room), request, signal);
      case "MarkRead":
        return this.#markRead(this.#rooms.get(request.room), request.message);
      case "SetTyping":
        return this.#setTyping(this.#rooms.get(request.room), request.typing);
      case "ListMembers":
        return { type: "Members", members: this.#members(this.#rooms.get(request.room)) };
      case "StartDirect":
        return this.#startDirect(request.user);
      case "EditMessage":
      case "RemoveMessage":
      case "React":
        throw new CallFault("denied", "IRC has no way to change a message or to react to it");
      case "LoginAnswer":
        throw new CallFault("invalid_argument", "No login is under way");
    }
  }

  async #join(text: string, signal: AbortSignal): Promise<Answer> {
    const address = parseChannelAddress(text);
    const connection = this.#connected();
    if (!connection.machine.isChannel(address.name)) {
      throw new CallFault("invalid_argument", `"${address.name}" is no name of a channel here`);
    }
    const isIn = connection.machine.members(address.name) !== undefined;
    const name = isIn ? address.name : await connection.join(address, signal);
    const room = this.#rooms.find(name);
    if (room === undefined) throw new CallFault("unavailable", "Left again at once");
    room.key = address.key ?? room.key;
    this.#book.save();
    // Its id may differ from what the user typed: only this event tells the core.
    if (isIn) this.#book.update(room);
    return SUCCESS;
  }

  async #leave(room: RoomState, signal: AbortSignal): Promise<Answer> {
    const connection = this.#network.connection;
    const isIn = connection?.machine.members(room.name) !== undefined;
    if (!room.direct && connection !== undefined && isIn) await connection.part(room.name, signal);
    else this.#book.remove(room);
    return SUCCESS;
  }

  async #send(
    room: RoomState,
    { txn, content }: { readonly txn: string; readonly content: Content },
    signal: AbortSignal,
  ): Promise<Answer> {
    // The core may not have got the first answer. Requests of one room come one after the other.
    const known = room.history.sentAs(txn);
    if (known !== undefined) return { type: "Sent", message: known };
    const connection = this.#connected();
    const outgoing = this.#outgoing(room, content, connection);
    if (!room.direct && connection.machine.members(room.name) === undefined) {
      throw new CallFault("unavailable", `Not in ${room.name} at the moment`);
    }
    const { id = this.#options.newId(), time = this.#options.clock() } = await connection.say(
      outgoing,
      signal,
    );
    const message: Message = {
      id,
      room: this.#rooms.idOf(room.name),
      sender: connection.machine.nick,
      sent_ms: time,
      content,
    };
    this.#book.keep(room, message, true, txn);
    return { type: "Sent", message: id };
  }

  /** What a content is on IRC. */
  #outgoing(room: RoomState, content: Content, connection: IrcConnection): Outgoing {
    const target = room.name;
    switch (content.type) {
      case "Text":
        return { target, kind: "text", text: content.text };
      case "Notice":
        return { target, kind: "notice", text: content.text };
      case "Emote":
        return { target, kind: "emote", text: content.text };
      case "Reply": {
        if (content.content.type === "Reply" || !connection.machine.carriesReplies) {
          throw new CallFault("denied", "This server does not know answers to messages");
        }
        return { ...this.#outgoing(room, content.content, connection), reply: content.to };
      }
      case "File":
        throw new CallFault("denied", "IRC carries no files: send a link");
    }
  }

  #markRead(room: RoomState, message: string): Answer {
    const unread = room.history.unreadAfter(message);
    if (unread === room.unread) return SUCCESS;
    room.unread = unread;
    this.#book.save();
    this.#book.update(room);
    return SUCCESS;
  }

  #setTyping(room: RoomState, active: boolean): Answer {
    const connection = this.#connected();
    if (!connection.machine.carriesTyping) {
      throw new CallFault("denied", "This server does not carry that somebody writes");
    }
    connection.tellTyping(room.name, active);
    return SUCCESS;
  }

  #members(room: RoomState) {
    const member = (nick: string) => ({ id: nick, name: nick });
    if (room.direct) return [member(this.#book.nick), member(room.name)];
    const nicks = this.#connected().machine.members(room.name);
    if (nicks === undefined) {
      throw new CallFault("unavailable", `Not in ${room.name} at the moment`);
    }
    return nicks.map(member);
  }

  #startDirect(user: string): Answer {
    if (!isNick(user)) throw new CallFault("invalid_argument", "That is no nickname");
    const room = this.#book.openDirect(user);
    return { type: "Room", room: this.#rooms.describe(room) };
  }

  #connected(): IrcConnection {
    const { connection } = this.#network;
    if (connection === undefined) throw offline();
    return connection;
  }

  /** Something happened on the network. */
  #take(event: ClientEvent, connection: IrcConnection): void {
    switch (event.type) {
      case "registered":
        this.#book.rename(event.nick);
        this.#book.remap(connection.machine.casemapping);
        return this.#rejoin(connection);
      case "nick":
        return this.#book.rename(event.nick);
      case "authenticated":
        return this.#log.info(`Logged in as ${event.account}`);
      case "joined": {
        const room = this.#rooms.open(event.channel, false);
        if (event.asked !== undefined) this.#forgetForwarded(event.asked);
        this.#book.update(room);
        return this.#book.save();
      }
      case "not-joined":
        return this.#notRejoined(event.channel, event.numeric, event.text);
      case "left": {
        const why = event.by === undefined ? "Left" : `Thrown out by ${event.by} of`;
        this.#log.info(`${why} ${event.channel}: "${event.text}"`);
        const room = this.#rooms.find(event.channel);
        return room === undefined ? undefined : this.#book.remove(room);
      }
      case "topic": {
        const room = this.#rooms.find(event.channel);
        if (room === undefined || room.topic === event.topic) return;
        room.topic = event.topic;
        this.#book.update(room);
        return this.#book.save();
      }
      case "message":
        return this.#receive(event.message);
      case "typing": {
        const room = this.#rooms.find(event.room);
        if (room === undefined) return; // strangers open no conversation by this
        return this.#typing.set(this.#rooms.idOf(room.name), event.nick, event.state === "active");
      }
      case "sent": // these are answers, or of no concern here
      case "unsent":
      case "log":
      case "end":
      case "fault":
    }
  }

  #receive(chat: ChatMessage): void {
    const room = chat.direct ? this.#book.openDirect(chat.room) : this.#rooms.find(chat.room);
    if (room === undefined) return; // of a channel that we have just left
    const id = this.#rooms.idOf(room.name);
    this.#typing.set(id, chat.from, false);
    const message: Message = {
      id: chat.id ?? this.#options.newId(),
      room: id,
      sender: chat.from,
      sent_ms: chat.time ?? this.#options.clock(),
      content: this.#content(chat),
    };
    if (!this.#book.keep(room, message, chat.own, undefined)) return; // played back: known already
    if (!chat.own) room.unread++;
    this.#told.event({ type: "MessageReceived", message });
    this.#book.save();
  }

  #content({ kind, text, reply }: ChatMessage): Content {
    const types = { text: "Text", notice: "Notice", emote: "Emote" } as const;
    const content: Content = { type: types[kind], text };
    return reply !== undefined && this.#told.knowsReplies
      ? { type: "Reply", to: reply, content }
      : content;
  }

  #rejoin(connection: IrcConnection): void {
    const wanted = this.#rooms.all.filter(({ direct }) => !direct);
    connection.rejoin(wanted.map(({ name, key }) => ({ name, key })));
  }

  /** A channel of before does not take us any more. */
  #notRejoined(channel: string, numeric: string, text: string): void {
    this.#log.warn(`Cannot join ${channel} again: the server says "${text}" (${numeric})`);
    const room = this.#rooms.find(channel);
    if (room !== undefined && !mayPass(numeric)) this.#book.remove(room);
  }

  /** The server sent us elsewhere: the room that was asked for is another now. */
  #forgetForwarded(asked: string): void {
    const room = this.#rooms.find(asked);
    if (room !== undefined && !room.direct) this.#book.remove(room);
  }
}
