/**
 * The echo backend: no network, one other user, who says what you say. It does all that the document
 * has, in as few lines as that takes, and is meant to be read by authors of backends. The driver
 * around it (lib/triba/backend) does the rest: handshake, encryption, ids, pings, order of requests,
 * back-pressure, the answer to `Shutdown`, the exit code.
 *
 * @module
 */

import type { OptionValues } from "../../../lib/cli/mod.ts";
import type { Answer, Backend, CoreLink, ServedRequest } from "../../../lib/triba/backend/mod.ts";
import type { BackendEvent } from "../../../lib/triba/bodies/backend.ts";
import type { Content, Message } from "../../../lib/triba/bodies/chat.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";
import type { ECHO } from "../args/echo.ts";
import type { BackendParts } from "../backend_command.ts";
import { EchoRoom } from "./room.ts";

/** The other user. */
const ECHO_USER = "echo";
const SUCCESS: Answer = { type: "Success" };

/** What the command line decides. */
export type EchoOptions = OptionValues<typeof ECHO.options>;
/** How the core must log in. */
type LoginKind = EchoOptions["login"];

/** Makes the backend from its command line. */
export function createEcho(options: EchoOptions): BackendParts {
  const { byteOrder, form } = options;
  return { backend: new EchoBackend(options), wire: { byteOrder, form } };
}

/** The backend. */
export class EchoBackend implements Backend {
  /** What it can do. The core says which of these it wants; the others must not be used. */
  readonly features = ["edit", "remove", "react", "typing", "read", "file", "direct", "members"];

  readonly #delayMs: number;
  readonly #rooms = new Map<string, EchoRoom>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #core: CoreLink | undefined;
  #me = "you";
  #login: LoginKind;
  #asked = false;
  #messages = 0;

  /** Begins with a lobby. */
  constructor({ room, delay, login }: Pick<EchoOptions, "room" | "delay" | "login">) {
    this.#delayMs = delay;
    this.#login = login;
    this.#addRoom("Lobby", "What you say here comes back");
    for (const name of room) this.#addRoom(name);
  }

  /** The session is open: from here on the core can be told things. */
  open(core: CoreLink): void {
    this.#core = core;
    // Whoever watches the core sees how the network stands. A real backend begins to connect here.
    core.status({ type: "Connecting" });
    core.status({ type: this.#login === "none" ? "Online" : "AuthRequired" });
  }

  /** One request. What is thrown as a CallFault is what the core gets as `Error`. */
  // deno-lint-ignore require-await -- here nothing takes time; in a real network all does
  async handle(request: ServedRequest, _signal: AbortSignal): Promise<Answer> {
    if (request.type === "Login") return this.#logIn(request);
    if (request.type === "LoginAnswer") return this.#continueLogin(request.answers);
    if (this.#login !== "none") throw new CallFault("unauthenticated", "Log in first");
    switch (request.type) {
      case "ListRooms":
        // More rooms than fit into one packet are no worry: the driver tells of the others.
        return { type: "Rooms", rooms: [...this.#rooms.values()].map((room) => room.describe()) };
      case "JoinRoom":
        return this.#join(request.room);
      case "LeaveRoom":
        this.#rooms.delete(this.#room(request.room).id);
        this.#tell({ type: "RoomRemoved", room: request.room });
        return SUCCESS;
      case "FetchMessages":
        return {
          type: "Messages",
          ...this.#room(request.room).fetch(request.before, request.limit),
        };
      case "SendMessage":
        return this.#send(this.#room(request.room), request.txn, request.content);
      case "MarkRead":
        return this.#markRead(this.#room(request.room), request.message);
      case "SetTyping":
        this.#tellTyping(this.#room(request.room), request.typing);
        return SUCCESS;
      case "EditMessage":
        return this.#edit(this.#room(request.room), request.message, request.content);
      case "RemoveMessage":
        return this.#remove(this.#room(request.room), request.message);
      case "React":
        return this.#react(request);
      case "ListMembers":
        return {
          type: "Members",
          members: this.#room(request.room).members(this.#me, ECHO_USER),
        };
      case "StartDirect":
        return this.#startDirect(request.user);
    }
  }

  /** The core is gone or wants an end: nothing may be left that keeps the process busy. */
  close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    return Promise.resolve();
  }

  #logIn({ account, secret }: { readonly account: string; readonly secret: string }): Answer {
    if (account === "" || secret === "") {
      throw new CallFault("unauthenticated", "Account and secret must not be empty");
    }
    this.#me = account;
    // The answers of a login in steps exist from API 1.1 on: never send what was not agreed.
    if (this.#login === "steps" && (this.#core?.agreement.minor ?? 0) >= 1) {
      this.#asked = true;
      return { type: "LoginStep", kind: "fields", text: "Two and two?", fields: ["Sum"] };
    }
    return this.#loggedIn();
  }

  #continueLogin(answers: readonly string[]): Answer {
    if (!this.#asked) throw new CallFault("invalid_argument", "No login is under way");
    this.#asked = false;
    if (answers[0] !== "4") throw new CallFault("unauthenticated", "That is not the sum");
    return this.#loggedIn();
  }

  #loggedIn(): Answer {
    this.#login = "none";
    this.#core?.status({ type: "Online" });
    return SUCCESS;
  }

  #join(name: string): Answer {
    const room = this.#rooms.get(name) ?? this.#addRoom(name);
    // Its id may differ from what the user typed: only this event tells the core.
    this.#tell({ type: "RoomUpdated", room: room.describe() });
    return SUCCESS;
  }

  #startDirect(user: string): Answer {
    if (user !== ECHO_USER) throw new CallFault("not_found", "No such user");
    const id = `@${user}`;
    const room = this.#rooms.get(id) ?? new EchoRoom({ id, name: user, direct: true });
    this.#rooms.set(id, room);
    return { type: "Room", room: room.describe() };
  }

  #send(room: EchoRoom, txn: string, content: Content): Answer {
    // The same txn again is the same message: the core may not have got the first answer.
    const known = room.sentAs(txn);
    if (known !== undefined) return { type: "Sent", message: known };
    const message = this.#newMessage(room, this.#me, content);
    room.add(message);
    room.remember(txn, message.id);
    // The answer reports this message; there is no event for it.
    if (content.type !== "Notice") this.#echo(room, message); // programs do not answer notices
    return { type: "Sent", message: message.id };
  }

  /** Echo reads, writes for a while, and says the same. */
  #echo(room: EchoRoom, heard: Message): void {
    if (this.#can("read")) {
      this.#tell({ type: "Read", room: room.id, user: ECHO_USER, message: heard.id });
    }
    if (this.#delayMs > 0) this.#tellTyping(room, true);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (this.#rooms.get(room.id) !== room) return; // left meanwhile
      if (this.#delayMs > 0) this.#tellTyping(room, false);
      const message = this.#newMessage(room, ECHO_USER, heard.content);
      room.addAnswer(heard, message);
      this.#tell({ type: "MessageReceived", message });
    }, this.#delayMs);
    this.#timers.add(timer);
  }

  #markRead(room: EchoRoom, message: string): Answer {
    // Other user interfaces of the same core learn of it this way.
    if (room.markRead(message, this.#me)) {
      this.#tell({ type: "RoomUpdated", room: room.describe() });
    }
    return SUCCESS;
  }

  #edit(room: EchoRoom, id: string, content: Content): Answer {
    this.#tell({ type: "MessageEdited", message: room.edit(this.#own(room, id), content) });
    const echo = room.answerTo(id);
    if (echo !== undefined) {
      this.#tell({ type: "MessageEdited", message: room.edit(echo, content) });
    }
    return SUCCESS;
  }

  #remove(room: EchoRoom, id: string): Answer {
    this.#own(room, id);
    for (const message of [id, room.answerTo(id)?.id]) {
      if (message === undefined) continue;
      room.remove(message);
      this.#tell({ type: "MessageRemoved", room: room.id, message });
    }
    return SUCCESS;
  }

  #react(request: Extract<ServedRequest, { readonly type: "React" }>): Answer {
    const { message, key, add } = request;
    const room = this.#room(request.room);
    room.find(message);
    for (const user of [this.#me, ECHO_USER]) {
      this.#tell({ type: "Reaction", room: room.id, message, user, key, add });
    }
    return SUCCESS;
  }

  #room(id: string): EchoRoom {
    const room = this.#rooms.get(id);
    if (room === undefined) throw new CallFault("not_found", "No such room");
    return room;
  }

  #own(room: EchoRoom, id: string): Message {
    const message = room.find(id);
    if (message.sender !== this.#me) throw new CallFault("denied", "Not a message of yours");
    return message;
  }

  #addRoom(name: string, topic?: string): EchoRoom {
    const id = name.toLowerCase();
    const room = this.#rooms.get(id) ??
      new EchoRoom({ id, name, ...(topic === undefined ? {} : { topic }) });
    this.#rooms.set(id, room);
    return room;
  }

  #newMessage(room: EchoRoom, sender: string, content: Content): Message {
    return { id: `m${++this.#messages}`, room: room.id, sender, sent_ms: Date.now(), content };
  }

  #tellTyping(room: EchoRoom, typing: boolean): void {
    if (!this.#can("typing")) return;
    this.#tell({ type: "Typing", room: room.id, users: typing ? [ECHO_USER] : [] });
  }

  /** Whether the core wants to hear of this. */
  #can(feature: string): boolean {
    return this.#core?.agreement.features.has(feature) ?? false;
  }

  /** Events keep their order, and none is lost while the core is slow: no need to wait for each. */
  #tell(event: BackendEvent): void {
    this.#core?.event(event);
  }
}
