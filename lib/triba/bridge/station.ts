/**
 * One room of a bridge: joins it whenever its backend comes online, carries out what waits for it,
 * and knows the names of who writes there.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import { CallFault } from "../call_fault.ts";
import type { BridgeEnd } from "../config/mod.ts";
import type { BackendStatus } from "../core/control.ts";
import type { SharedCore } from "../hub/shared_core.ts";
import { matchRoom } from "../match_room.ts";
import type { CoreCall } from "../session/core_machine.ts";
import type { Answer } from "../session/events.ts";
import type { Copies } from "./copies.ts";
import { type Errand, Outgoing } from "./outgoing.ts";
import { textOf } from "./translate.ts";

/** Who changes something on behalf of a bridge, as others see it. */
export const BRIDGE_PARTY = "bridge";

/** What a station needs of its surroundings. */
export interface StationOptions {
  /** The core. */
  readonly core: SharedCore;
  /** The memory of its group. */
  readonly copies: Copies;
  /** Where it tells what it could not do. */
  readonly log: Logger;
  /** Milliseconds. */
  readonly clock: () => number;
  /** Waits for this time, or until the signal is aborted. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** A text that no other message has. */
  readonly makeTxn: () => string;
}

/** Faults after which the same may work a moment later. */
const PASSING: ReadonlySet<CallFault["code"]> = new Set([
  "unavailable",
  "busy",
  "timeout",
  "unauthenticated",
]);
const MOST_TRIES = 5;
const FIRST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 30_000;
/** Names are asked for no more often than this. */
const NAMES_MS = 30_000;

/** One room. */
export class Station {
  /** Number in its group. */
  readonly index: number;
  /** The room as it is configured. */
  readonly end: BridgeEnd;
  readonly #options: StationOptions;
  readonly #outgoing = new Outgoing();
  readonly #closed = new AbortController();
  /** The room's id, known once it was joined in this session of its backend. */
  #room: string | undefined;
  #names = new Map<string, string>();
  #namesAt = -Infinity;
  #changed = Promise.withResolvers<void>();
  #sending: Promise<void> | undefined;

  /** Call {@linkcode Station.run} next. */
  constructor(index: number, end: BridgeEnd, options: StationOptions) {
    this.index = index;
    this.end = end;
    this.#options = options;
  }

  /** The room's id, as far as it is known. */
  get room(): string {
    return this.#room ?? this.end.room;
  }

  /** How many errands wait. */
  get waiting(): number {
    return this.#outgoing.length;
  }

  /** Resolves when no message is on its way into this room, so that its id is known. */
  async quiet(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  /** Puts something on the list. */
  add(errand: Errand): void {
    const gone = this.#outgoing.add(errand);
    if (gone > 0) {
      this.#options.log.warn("bridge: dropped the oldest messages that waited", {
        ...this.#place(),
        dropped: gone,
      });
    }
    this.#wake();
  }

  /** The backend has changed. */
  changed(status: BackendStatus): void {
    if (status.state !== "open") this.#room = undefined;
    this.#wake();
  }

  /** The name of a user; their id where the backend does not tell. */
  async nameOf(user: string): Promise<string> {
    const { clock } = this.#options;
    const known = this.#names.get(user);
    if (known !== undefined) return known;
    const status = this.#status();
    if (!status?.features.includes("members") || clock() < this.#namesAt + NAMES_MS) return user;
    this.#namesAt = clock();
    try {
      const answer = await this.#request({ type: "ListMembers", room: this.room });
      if (answer.type === "Members") {
        this.#names = new Map(answer.members.map(({ id, name }) => [id, name]));
      }
    } catch (error) {
      this.#tell("bridge: cannot ask for names", error, "debug");
    }
    return this.#names.get(user) ?? user;
  }

  /** Does what is to be done until it is closed. */
  async run(): Promise<void> {
    const { signal } = this.#closed;
    let tries = 0;
    while (!signal.aborted) {
      const changed = this.#changed.promise;
      if (!this.#isReady()) {
        tries = 0;
        await changed;
        continue;
      }
      const again = await this.#step();
      if (again === "done") {
        tries = 0;
        continue;
      }
      if (again === "idle") {
        await changed;
        continue;
      }
      if (++tries >= MOST_TRIES) {
        tries = 0;
        this.#giveUp();
        continue;
      }
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** (tries - 1), MOST_PAUSE_MS);
      await this.#options.pause(pause, signal);
    }
  }

  /** Ends {@linkcode Station.run}. */
  close(): void {
    this.#closed.abort();
    this.#wake();
    if (this.waiting === 0) return;
    this.#options.log.warn("bridge: ended with messages that were not forwarded", {
      ...this.#place(),
      dropped: this.waiting,
    });
  }

  async #step(): Promise<"done" | "idle" | "again"> {
    if (this.#room === undefined) return await this.#join();
    const errand = this.#outgoing.first;
    if (errand === undefined) return "idle";
    const { dropped } = this.#outgoing;
    if (dropped > 0 && !await this.#watched(() => this.#confess(dropped))) return "again";
    this.#outgoing.confessed(dropped);
    if (!await this.#watched(() => this.#carryOut(errand))) return "again";
    this.#outgoing.shift(errand);
    return "done";
  }

  /** Lets {@linkcode Station.quiet} wait for it, from before it begins. */
  async #watched(send: () => Promise<boolean>): Promise<boolean> {
    const sending = Promise.withResolvers<void>();
    this.#sending = sending.promise;
    try {
      return await send();
    } finally {
      this.#sending = undefined;
      sending.resolve();
    }
  }

  /** Whether it was carried out, or never will be. */
  async #carryOut(errand: Errand): Promise<boolean> {
    const call = this.#toCall(errand);
    if (call === undefined) return true;
    const { copies, clock } = this.#options;
    if (errand.type === "send") copies.addText(this.index, textOf(errand.content), clock());
    try {
      const answer = await this.#request(call);
      if (errand.type === "send" && answer.type === "Sent") {
        const copy = { room: this.index, message: answer.message };
        copies.add(copy, errand.original);
      }
      return true;
    } catch (error) {
      if (!(error instanceof CallFault)) throw error;
      if (PASSING.has(error.code)) return false;
      this.#tell("bridge: a message was not taken", error, "warn");
      return true;
    }
  }

  #toCall(errand: Errand): CoreCall | undefined {
    const { room } = this;
    if (errand.type === "send") {
      return { type: "SendMessage", room, txn: errand.txn, content: errand.content };
    }
    const features = this.#status()?.features ?? [];
    const message = this.#options.copies.find(errand.original, this.index);
    if (message === undefined) return undefined;
    if (errand.type === "remove") {
      return features.includes("remove") ? { type: "RemoveMessage", room, message } : undefined;
    }
    return features.includes("edit")
      ? { type: "EditMessage", room, message, content: errand.content }
      : undefined;
  }

  /** Joins the room, which may have been left or never entered, and finds out its id. */
  async #join(): Promise<"done" | "again"> {
    const { room } = this.end;
    try {
      await this.#request({ type: "JoinRoom", room });
    } catch (error) {
      if (error instanceof CallFault && PASSING.has(error.code)) return "again";
      this.#tell("bridge: cannot join", error, "warn"); // perhaps it is in there already
    }
    this.#room = room;
    try {
      const answer = await this.#request({ type: "ListRooms" });
      if (answer.type !== "Rooms") return "done";
      this.#room = matchRoom(answer.rooms, room)?.id ?? room;
    } catch (error) {
      this.#tell("bridge: cannot list rooms", error, "debug");
    }
    return "done";
  }

  /** Tells the room what it will not see. */
  async #confess(dropped: number): Promise<boolean> {
    const messages = dropped === 1 ? "1 message" : `${dropped} messages`;
    const text = `[bridge] ${messages} could not be kept while this room was offline`;
    return await this.#carryOut({
      type: "send",
      txn: this.#options.makeTxn(),
      content: { type: "Notice", text },
      original: undefined,
    });
  }

  #giveUp(): void {
    const errand = this.#outgoing.first;
    if (this.#room === undefined || errand === undefined) return;
    this.#outgoing.shift(errand);
    this.#options.log.warn("bridge: gave a message up", { ...this.#place(), tries: MOST_TRIES });
  }

  #isReady(): boolean {
    const status = this.#status();
    if (status?.state !== "open") return false;
    return status.network === undefined || status.network.type === "Online";
  }

  #status(): BackendStatus | undefined {
    const { backend } = this.end;
    return this.#options.core.backends().find(({ name }) => name === backend);
  }

  async #request(call: CoreCall): Promise<Answer> {
    const { core } = this.#options;
    return await core.request(BRIDGE_PARTY, this.end.backend, call, this.#closed.signal);
  }

  #tell(event: string, error: unknown, level: "warn" | "debug"): void {
    if (!(error instanceof CallFault)) throw error;
    this.#options.log[level](event, {
      ...this.#place(),
      code: error.code,
      reason: error.message,
    });
  }

  #place(): Readonly<Record<string, unknown>> {
    return { backend: this.end.backend, room: this.end.room };
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
