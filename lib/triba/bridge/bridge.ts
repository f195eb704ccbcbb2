/**
 * Forwards messages between rooms. What a bridge sent itself is never forwarded, and each message
 * goes to every other room of its group once: there are no loops.
 *
 * @module
 */

import type { Content } from "../bodies/chat.ts";
import type { BackendEvent } from "../bodies/backend.ts";
import type { DoneNotice, SharedNotice } from "../hub/shared_core.ts";
import { Copies, MAX_REMEMBERED, type Place } from "./copies.ts";
import type { BridgeGroup } from "./groups.ts";
import { BRIDGE_PARTY, Station, type StationOptions } from "./station.ts";
import { forwardContent, goesRound, textOf } from "./translate.ts";

/** What a bridge needs. */
export interface BridgeOptions extends Omit<StationOptions, "copies"> {
  /** What the user of this core is called at a backend, for messages sent from here. */
  readonly selfName: (backend: string) => string;
}

/** Events of one room that wait while another one is looked at. */
export const MAX_INCOMING = 500;

/** Something that happened in a room. */
type Incoming =
  | {
    readonly type: "message";
    readonly message: string;
    readonly sender: string | undefined;
    readonly content: Content;
  }
  | { readonly type: "edited"; readonly message: string; readonly content: Content }
  | { readonly type: "removed"; readonly message: string };

interface Inbox {
  readonly station: Station;
  readonly waiting: Incoming[];
  working: boolean;
}

/** The bridge between the rooms of one group. */
export class Bridge {
  readonly #options: BridgeOptions;
  readonly #copies = new Copies();
  readonly #inboxes: readonly Inbox[];
  readonly #unsubscribe: () => void;
  readonly #running: Promise<unknown>;
  /** Of the last messages, who said what. */
  readonly #seen = new Map<string, { readonly name: string; content: string }>();
  #closed = false;

  /** Joins the rooms as soon as their backends are online. */
  constructor(group: BridgeGroup, options: BridgeOptions) {
    this.#options = options;
    this.#inboxes = group.ends.map((end, index) => ({
      station: new Station(index, end, { ...options, copies: this.#copies }),
      waiting: [],
      working: false,
    }));
    this.#unsubscribe = options.core.subscribe((notice) => this.#take(notice));
    this.#running = Promise.all(
      this.#inboxes.map(({ station }) => this.#guard(station, station.run())),
    );
  }

  /** How many errands wait for their backends. */
  get waiting(): number {
    return this.#inboxes.reduce((sum, { station }) => sum + station.waiting, 0);
  }

  /** Stops forwarding; what waits is lost, and said to be. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#unsubscribe();
    for (const { station } of this.#inboxes) station.close();
    await this.#running;
  }

  #take(notice: SharedNotice): void {
    switch (notice.type) {
      case "backend":
        for (const { station } of this.#inboxes) {
          if (station.end.backend === notice.status.name) station.changed(notice.status);
        }
        return;
      case "event":
        this.#takeEvent(notice.backend, notice.event);
        return;
      case "done":
        if (notice.by !== BRIDGE_PARTY) this.#takeDone(notice);
        return;
      case "log":
      case "login":
      case "removed":
    }
  }

  #takeEvent(backend: string, event: BackendEvent): void {
    switch (event.type) {
      case "MessageReceived": {
        const { id, room, sender, content } = event.message;
        this.#put(backend, room, { type: "message", message: id, sender, content });
        return;
      }
      case "MessageEdited": {
        const { id, room, content } = event.message;
        this.#put(backend, room, { type: "edited", message: id, content });
        return;
      }
      case "MessageRemoved":
        this.#put(backend, event.room, { type: "removed", message: event.message });
        return;
      default: // of no use to other rooms
    }
  }

  /** Messages sent from here are no events of their backend. */
  #takeDone({ backend, call, answer }: DoneNotice): void {
    switch (call.type) {
      case "SendMessage":
        if (answer.type !== "Sent") return;
        this.#put(backend, call.room, {
          type: "message",
          message: answer.message,
          sender: undefined,
          content: call.content,
        });
        return;
      case "EditMessage":
        this.#put(backend, call.room, {
          type: "edited",
          message: call.message,
          content: call.content,
        });
        return;
      case "RemoveMessage":
        this.#put(backend, call.room, { type: "removed", message: call.message });
        return;
      default: // nothing that was said
    }
  }

  #put(backend: string, room: string, incoming: Incoming): void {
    const inbox = this.#inboxes.find(({ station }) =>
      station.end.backend === backend && station.room === room
    );
    if (inbox === undefined) return;
    if (inbox.waiting.length >= MAX_INCOMING) {
      this.#options.log.warn("bridge: too many messages at once, one was dropped", {
        backend,
        room,
      });
      return;
    }
    inbox.waiting.push(incoming);
    if (!inbox.working) this.#guard(inbox.station, this.#work(inbox));
  }

  /** What nobody expects ends this room's part, not the core. */
  async #guard({ end }: Station, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      const text = error instanceof Error ? error.stack ?? error.message : String(error);
      this.#options.log.error("bridge: failed unexpectedly", {
        backend: end.backend,
        room: end.room,
        error: text,
      });
    }
  }

  /** One after the other, in the order of their room. */
  async #work(inbox: Inbox): Promise<void> {
    inbox.working = true;
    while (inbox.waiting.length > 0 && !this.#closed) {
      await inbox.station.quiet(); // it may be what is being sent there: its id comes with the answer
      const incoming = inbox.waiting.shift();
      if (incoming !== undefined) await this.#forward(inbox.station, incoming);
    }
    inbox.working = false;
  }

  async #forward(from: Station, incoming: Incoming): Promise<void> {
    const { clock, makeTxn } = this.#options;
    const place: Place = { room: from.index, message: incoming.message };
    const text = incoming.type === "message" ? textOf(incoming.content) : undefined;
    if (this.#copies.isOwn(place, text, clock())) return;
    if (incoming.type !== "removed" && goesRound(incoming.content)) {
      this.#options.log.warn("bridge: left a message out that goes round", { ...from.end });
      return;
    }
    if (incoming.type === "edited" && !this.#isNews(from, incoming)) return;
    const name = await this.#nameFor(from, incoming);
    for (const { station } of this.#inboxes) {
      if (station === from) continue;
      switch (incoming.type) {
        case "message":
          station.add({
            type: "send",
            txn: makeTxn(),
            content: forwardContent(name, incoming.content),
            original: place,
          });
          break;
        case "edited":
          station.add({
            type: "edit",
            content: forwardContent(name, incoming.content),
            original: place,
          });
          break;
        case "removed":
          station.add({ type: "remove", original: place });
      }
    }
  }

  /** An edit from here may be reported by the backend as well. */
  #isNews(from: Station, { message, content }: Extract<Incoming, { type: "edited" }>): boolean {
    const seen = this.#seen.get(`${from.index} ${message}`);
    const said = JSON.stringify(content);
    if (seen?.content === said) return false;
    if (seen !== undefined) seen.content = said;
    return true;
  }

  /** An edited message keeps the name under which it was forwarded. */
  async #nameFor(from: Station, incoming: Incoming): Promise<string> {
    const key = `${from.index} ${incoming.message}`;
    if (incoming.type !== "message") return this.#seen.get(key)?.name ?? "";
    const name = incoming.sender === undefined
      ? this.#options.selfName(from.end.backend)
      : await from.nameOf(incoming.sender);
    this.#seen.set(key, { name, content: JSON.stringify(incoming.content) });
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > MAX_REMEMBERED && oldest !== undefined) this.#seen.delete(oldest);
    return name;
  }
}
