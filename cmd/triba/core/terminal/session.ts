/**
 * A user at the terminal: carries out commands, shows what happens.
 *
 * @module
 */

import { CallFault } from "../../../../lib/triba/call_fault.ts";
import type { Content, Message } from "../../../../lib/triba/bodies/chat.ts";
import type { BackendEvent } from "../../../../lib/triba/bodies/backend.ts";
import type { DoneNotice, Hub, SharedNotice } from "../../../../lib/triba/hub/mod.ts";
import { matchRoom } from "../../../../lib/triba/match_room.ts";
import type { Answer, CoreCall } from "../../../../lib/triba/mod.ts";
import { describeLog, describeReport } from "../../ctl/describe.ts";
import { type Command, CommandFault, helpLines, parseCommandLine } from "./commands.ts";
import { describeChange, describeEvent, roomOf } from "./events.ts";
import { Login } from "./login.ts";
import { Numbers } from "./numbers.ts";
import { oneLine, renderMessage, renderRoom } from "./render.ts";
import { findRoom, type RoomPlace } from "./room_name.ts";

/** Where a user sees lines and types answers. */
export interface Screen {
  /** Shows a line. */
  print(line: string): void;
  /** Asks; undefined if the user leaves instead. */
  ask(question: string, secret: boolean): Promise<string | undefined>;
  /** Shows the prompt as it is now. */
  refresh(): void;
}

/** What a session needs. */
export interface SessionOptions {
  /** The core's side for user interfaces. */
  readonly hub: Hub;
  /** Where the user is. */
  readonly screen: Screen;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A text that no other message has. */
  readonly makeTxn: () => string;
  /** The zone in which times are shown, if not the system's. */
  readonly zone?: string | undefined;
}

/** Who asks, as others see it. */
export const TERMINAL_PARTY = "terminal";

interface Shown extends RoomPlace {
  readonly message: string;
}

/** One user. */
export class TerminalSession {
  readonly #options: SessionOptions;
  readonly #login: Login;
  readonly #messages = new Numbers<Shown>(({ backend, room, message }) =>
    JSON.stringify([backend, room, message])
  );
  readonly #rooms = new Numbers<RoomPlace>(({ backend, room }) => JSON.stringify([backend, room]));
  readonly #older = new Map<string, string | null>();
  readonly #lastOf = new Map<string, string>();
  readonly #told = new Map<string, string>();
  #current: RoomPlace | undefined;

  /** Give it notices and lines. */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.#login = new Login(options.screen, (backend, call) => this.#request(backend, call));
  }

  /** What stands in front of what is typed. */
  get prompt(): string {
    return this.#current === undefined ? "triba> " : `${oneLine(placeOf(this.#current))}> `;
  }

  /** Shows what happened. */
  take(notice: SharedNotice): void {
    switch (notice.type) {
      case "backend": {
        const line = describeChange(notice.status, this.#told.get(notice.status.name));
        if (line === undefined) return;
        this.#told.set(notice.status.name, line);
        this.#print(line);
        return;
      }
      case "removed":
        this.#told.delete(notice.backend);
        this.#print(`-- ${notice.backend} is no longer configured`);
        return;
      case "login":
        this.#login.offer(notice.backend, notice.step);
        return;
      case "event":
        this.#takeEvent(notice.backend, notice.event);
        return;
      case "done":
        this.#takeDone(notice);
        return;
      case "log": // shown by the log
    }
  }

  /** Carries out what was typed; true at the end of the session. Faults are shown. */
  async execute(line: string): Promise<boolean> {
    try {
      const command = parseCommandLine(line);
      if (command?.type === "quit") return true;
      if (command !== undefined) await this.#carryOut(command);
    } catch (error) {
      if (error instanceof CallFault) this.#print(`! ${oneLine(error.message)} (${error.code})`);
      else if (error instanceof CommandFault) this.#print(`! ${oneLine(error.message)}`);
      else throw error;
    }
    return false;
  }

  async #carryOut(command: Exclude<Command, { readonly type: "quit" }>): Promise<void> {
    const { hub } = this.#options;
    switch (command.type) {
      case "help":
        return helpLines().forEach((line) => this.#print(line));
      case "status":
        return hub.reports().forEach((report) => this.#print(oneLine(describeReport(report))));
      case "logs":
        return this.#logs(command.backend, command.count);
      case "restart":
        return await hub.core.restart(command.backend);
      case "stop":
        return await hub.core.stop(command.backend);
      case "login":
        return await this.#login.begin(command.backend, command.account);
      case "answer":
        return await this.#login.goOn(command.backend);
      case "rooms":
        return await this.#listRooms(command.backend);
      case "join":
        return await this.#join(findRoom(command.room, this.#context()));
      case "room":
        return this.#enter(findRoom(command.room, this.#context()));
      case "direct":
        return await this.#direct(command.user);
      case "say":
        return await this.#send({ type: "Text", text: command.text });
      case "me":
        return await this.#send({ type: "Emote", text: command.text });
      case "notice":
        return await this.#send({ type: "Notice", text: command.text });
      case "history":
        return await this.#history(command.count);
      case "members":
        return await this.#members();
      default:
        return await this.#change(command);
    }
  }

  /** What is done in the current room or to a message, and answered with nothing to show. */
  async #change(
    command: Extract<
      Command,
      { type: "leave" | "typing" | "read" | "reply" | "edit" | "remove" | "react" | "unreact" }
    >,
  ): Promise<void> {
    if (command.type === "leave" || command.type === "typing") {
      const { backend, room } = this.#here();
      await this.#request(
        backend,
        command.type === "leave"
          ? { type: "LeaveRoom", room }
          : { type: "SetTyping", room, typing: command.typing },
      );
      if (command.type === "leave") this.#enter(undefined);
      return;
    }
    const { backend, room, message } = this.#find(command.message);
    switch (command.type) {
      case "read":
        await this.#request(backend, { type: "MarkRead", room, message });
        return;
      case "reply": {
        const content = { type: "Text", text: command.text } as const;
        await this.#sendTo({ backend, room }, { type: "Reply", to: message, content });
        return;
      }
      case "edit": {
        const content = { type: "Text", text: command.text } as const;
        await this.#request(backend, { type: "EditMessage", room, message, content });
        return;
      }
      case "remove":
        await this.#request(backend, { type: "RemoveMessage", room, message });
        return;
      default: {
        const add = command.type === "react";
        await this.#request(backend, { type: "React", room, message, key: command.key, add });
      }
    }
  }

  #logs(backend: string, count: number): void {
    for (const line of this.#options.hub.logs(backend, count)) {
      this.#print(oneLine(describeLog(line)));
    }
  }

  async #listRooms(backend: string | undefined): Promise<void> {
    const names = backend === undefined ? this.#openBackends() : [backend];
    if (names.length === 0) this.#print("! no backend is open; /status says why");
    for (const name of names) {
      const answer = await this.#request(name, { type: "ListRooms" });
      if (answer.type !== "Rooms") continue;
      for (const room of answer.rooms) {
        const number = this.#rooms.of({ backend: name, room: room.id });
        this.#print(renderRoom(number, name, room));
      }
    }
  }

  async #join(place: RoomPlace): Promise<void> {
    await this.#request(place.backend, { type: "JoinRoom", room: place.room });
    const answer = await this.#request(place.backend, { type: "ListRooms" });
    const rooms = answer.type === "Rooms" ? answer.rooms : [];
    const room = matchRoom(rooms, place.room)?.id ?? place.room;
    this.#enter({ backend: place.backend, room });
  }

  #enter(place: RoomPlace | undefined): void {
    this.#current = place;
    if (place !== undefined) this.#rooms.of(place);
    this.#options.screen.refresh();
  }

  async #direct(user: string): Promise<void> {
    const backend = this.#current?.backend ?? this.#openBackends()[0];
    if (backend === undefined) throw new CommandFault("No backend is open; /status says why");
    const answer = await this.#request(backend, { type: "StartDirect", user });
    if (answer.type === "Room") this.#enter({ backend, room: answer.room.id });
  }

  async #send(content: Content): Promise<void> {
    await this.#sendTo(this.#here(), content);
  }

  async #sendTo({ backend, room }: RoomPlace, content: Content): Promise<void> {
    const txn = this.#options.makeTxn();
    await this.#request(backend, { type: "SendMessage", room, txn, content });
  }

  async #history(limit: number): Promise<void> {
    const place = this.#here();
    const key = placeOf(place);
    const before = this.#older.get(key);
    if (before === null) return this.#print("-- there is nothing older");
    const answer = await this.#request(place.backend, {
      type: "FetchMessages",
      room: place.room,
      before: before ?? null,
      limit,
    });
    if (answer.type !== "Messages") return;
    this.#older.set(key, answer.next);
    for (const message of answer.messages.toReversed()) this.#showMessage(place.backend, message);
    if (answer.next === null) this.#print("-- that is all there is");
  }

  async #members(): Promise<void> {
    const { backend, room } = this.#here();
    const answer = await this.#request(backend, { type: "ListMembers", room });
    if (answer.type !== "Members") return;
    for (const { id, name } of answer.members) {
      this.#print(oneLine(name === id || name === "" ? `  ${id}` : `  ${id} "${name}"`));
    }
  }

  #takeEvent(backend: string, event: BackendEvent): void {
    if (event.type === "MessageReceived") return this.#showMessage(backend, event.message);
    if (event.type === "MessageEdited") {
      return this.#showMessage(backend, event.message, "edited");
    }
    const room = roomOf(event) ?? "";
    const place = { backend, room };
    const isQuiet = event.type === "Typing" || event.type === "Read";
    if (isQuiet && !this.#isHere(place)) return;
    const line = describeEvent(
      event,
      placeOf(place),
      (message) => this.#messages.of({ ...place, message }),
    );
    if (line !== undefined) this.#print(line);
  }

  /** What was sent from here is no event of its backend. */
  #takeDone({ backend, by, call, answer }: DoneNotice): void {
    if (call.type !== "SendMessage" || answer.type !== "Sent") return;
    const sender = by === TERMINAL_PARTY ? "me" : `me, by ${by}`;
    const { room, content } = call;
    const message = { id: answer.message, room, sender, sent_ms: this.#options.clock(), content };
    this.#showMessage(backend, message);
  }

  #showMessage(backend: string, message: Message, remark?: string): void {
    const { id, room, sender, sent_ms: at, content } = message;
    const place = { backend, room };
    const number = this.#messages.of({ ...place, message: id });
    if (remark === undefined) this.#lastOf.set(placeOf(place), id);
    const shown = {
      number,
      at,
      place: this.#isHere(place) ? undefined : placeOf(place),
      sender,
      content,
      remark,
    };
    this.#print(renderMessage(shown, this.#options.zone));
  }

  #find(number: number | undefined): Shown {
    if (number === undefined) {
      const place = this.#here();
      const message = this.#lastOf.get(placeOf(place));
      if (message === undefined) throw new CommandFault("No message was seen in this room yet");
      return { ...place, message };
    }
    const shown = this.#messages.get(number);
    if (shown === undefined) throw new CommandFault(`There is no message [${number}]`);
    return shown;
  }

  #here(): RoomPlace {
    if (this.#current !== undefined) return this.#current;
    throw new CommandFault("Nobody would hear you: choose a room with /rooms and /join");
  }

  #isHere({ backend, room }: RoomPlace): boolean {
    return this.#current?.backend === backend && this.#current.room === room;
  }

  #context(): Parameters<typeof findRoom>[1] {
    const backends = this.#options.hub.core.backends().map(({ name }) => name);
    return { numbers: this.#rooms, backends, current: this.#current?.backend };
  }

  #openBackends(): string[] {
    return this.#options.hub.core.backends()
      .filter(({ state }) => state === "open")
      .map(({ name }) => name);
  }

  async #request(backend: string, call: CoreCall): Promise<Answer> {
    return await this.#options.hub.core.request(TERMINAL_PARTY, backend, call);
  }

  #print(line: string): void {
    this.#options.screen.print(line);
  }
}

function placeOf({ backend, room }: RoomPlace): string {
  return `${backend}/${room}`;
}
