/**
 * What the parts of a client share: who we are, what the server supports, what is to be sent and
 * reported.
 *
 * @module
 */

import type { LogLevel } from "../../log/mod.ts";
import { IDLE, type Step } from "../../net/mod.ts";
import { foldCase } from "../codec/casemapping.ts";
import { Isupport } from "../codec/isupport.ts";
import { encodeMessage, type OutgoingMessage } from "../codec/message.ts";
import type { Source } from "../codec/source.ts";
import { byteLength } from "../codec/text.ts";
import { type IrcTimes, LONGEST_USER_BYTES, MAX_MESSAGE_BYTES } from "../constants.ts";
import type { IrcFault } from "../fault.ts";
import type { ClientEvent } from "./events.ts";
import { SendQueue } from "./send_queue.ts";

/**
 * What a line of the registration counts as: some servers count them, but after full counting the
 * first channel would be joined only seconds later.
 */
const REGISTRATION_COST = 0.4;

/** The common state of one connection. */
export class ClientContext {
  /** How long things may take. */
  readonly times: IrcTimes;
  /** What the server supports. */
  readonly isupport = new Isupport();
  /** What waits to be sent. */
  readonly queue: SendQueue;
  /** The time of the call that is being handled. */
  now: number;
  /** Our nickname. */
  nick: string;
  /** Whether the server has taken us in. */
  welcomed = false;
  /** Whether we said good-bye. */
  quitting = false;
  /** Our user name and host as others see them, once known. */
  self: Pick<Source, "user" | "host"> = {};
  #send: Uint8Array[] = [];
  #events: ClientEvent[] = [];
  #done = false;

  /** Nothing has happened yet. */
  constructor(nick: string, times: IrcTimes, now: number) {
    this.nick = nick;
    this.times = times;
    this.now = now;
    this.queue = new SendQueue(times, now);
  }

  /** Whether the connection is over. */
  get done(): boolean {
    return this.#done;
  }

  /** Sends a message before all that waits; it counts against the flood control all the same. */
  sendNow(command: string, ...params: readonly string[]): void {
    this.writeNow(encodeMessage({ command, params }));
  }

  /** Writes a line at once that has been counted, or does not count. */
  write(bytes: Uint8Array): void {
    this.#send.push(bytes);
  }

  /** Writes a line at once; `cost` is how many lines it counts as. */
  writeNow(bytes: Uint8Array, cost = 1): void {
    this.queue.spend(this.welcomed ? cost : cost * REGISTRATION_COST, this.now);
    this.write(bytes);
  }

  /** Puts a message into a lane of the queue. @throws {IrcFault} `full`, or what is wrong with it. */
  enqueue(lane: string, message: OutgoingMessage): void {
    this.queue.push(lane, [{ bytes: encodeMessage(message) }]);
  }

  /** Reports something. */
  emit(event: ClientEvent): void {
    this.#events.push(event);
  }

  /** Reports something for the log. */
  log(level: LogLevel, text: string): void {
    this.emit({ type: "log", level, text });
  }

  /** Ends the connection. */
  finish(fault?: IrcFault): void {
    if (this.#done) return;
    this.emit(fault === undefined ? { type: "end" } : { type: "fault", fault });
    this.#done = true;
  }

  /** Everything since the last call. */
  takeStep(): Step<ClientEvent> {
    if (this.#send.length === 0 && this.#events.length === 0 && !this.#done) return IDLE;
    const step = { send: this.#send, events: this.#events, done: this.#done };
    this.#send = [];
    this.#events = [];
    return step;
  }

  /** The form of a name by which it is compared. */
  fold(name: string): string {
    return foldCase(name, this.isupport.casemapping);
  }

  /** Whether a name is ours. */
  isMe(name: string | undefined): boolean {
    return name !== undefined && this.fold(name) === this.fold(this.nick);
  }

  /** Bytes that a text can have in a message to this target, as the server passes it on. */
  textBytes(command: string, target: string): number {
    const { user, host } = this.self;
    const prefix = 1 + byteLength(this.nick) + 1 +
      (user === undefined ? LONGEST_USER_BYTES : byteLength(user)) + 1 +
      (host === undefined ? this.isupport.hostLength : byteLength(host)) + 1;
    return MAX_MESSAGE_BYTES - prefix - byteLength(`${command} ${target} :\r\n`);
  }
}
