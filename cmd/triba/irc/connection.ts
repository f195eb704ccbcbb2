/**
 * One connection to the server: its events, and what was asked of it as promises.
 *
 * @module
 */

import type { ByteStream } from "../../../lib/net/mod.ts";
import { Driver } from "../../../lib/net/mod.ts";
import {
  type ChannelAddress,
  type ClientEvent,
  ClientMachine,
  type ClientOptions,
  type IrcFault,
  type Outgoing,
} from "../../../lib/irc/mod.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";
import { offline, refusal, toCallFault } from "./faults.ts";

/** Time for the server to answer, in milliseconds: less than the core waits. */
const ANSWER_MS = 20_000;
/** Bytes that may wait for a server that does not read. */
const OUTBOX_BYTES = 1024 * 1024;

/** What became of a message: its id and time, if the server gave them. */
export type SentEvent = Extract<ClientEvent, { readonly type: "sent" }>;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A connection that lives. */
export class IrcConnection {
  readonly #machine: ClientMachine;
  readonly #driver: Driver<ClientEvent>;
  readonly #listener: (event: ClientEvent) => void;
  readonly #joins = new Map<string, Waiting<string>>();
  readonly #parts = new Map<string, Waiting<void>>();
  readonly #sends = new Map<number, Waiting<SentEvent>>();
  #registered = false;
  #fault: IrcFault | undefined;

  /** Takes the stream over; events come after what they answer has been settled. */
  constructor(
    stream: ByteStream,
    options: ClientOptions,
    listener: (event: ClientEvent) => void,
    signal: AbortSignal,
  ) {
    this.#machine = new ClientMachine(options, performance.now());
    this.#listener = listener;
    this.#driver = new Driver(stream, this.#machine, {
      onEvent: (event) => this.#take(event),
      signal,
      outboxLimit: OUTBOX_BYTES,
    });
  }

  /** Whether the server has taken us in. */
  get registered(): boolean {
    return this.#registered;
  }

  /** What the server and we know. */
  get machine(): Omit<ClientMachine, "join" | "part" | "say" | "quit"> {
    return this.#machine;
  }

  /**
   * Runs until the connection is over; resolves if we ended it.
   *
   * @throws {IrcFault | NetFault} if not, or the signal's reason.
   */
  async run(): Promise<void> {
    try {
      await this.#driver.run();
      if (this.#fault !== undefined) throw this.#fault;
    } finally {
      this.#registered = false;
      const waiting = [...this.#joins.values(), ...this.#parts.values(), ...this.#sends.values()];
      for (const { reject } of waiting) {
        reject(new CallFault("unavailable", "The connection was lost before the server answered"));
      }
    }
  }

  /** Joins channels that are wanted already; what comes of it are events. */
  rejoin(addresses: readonly ChannelAddress[]): void {
    this.#driver.apply(this.#machine.join(addresses, performance.now()));
  }

  /** Joins a channel; its name. @throws {CallFault} if that is not possible. */
  async join(address: ChannelAddress, signal: AbortSignal): Promise<string> {
    const key = this.#machine.fold(address.name);
    return await this.#ask(this.#joins, key, `join ${address.name}`, signal, () => {
      this.#driver.apply(this.#machine.join([address], performance.now()));
    });
  }

  /** Leaves a channel. @throws {CallFault} if that is not possible. */
  async part(channel: string, signal: AbortSignal): Promise<void> {
    const key = this.#machine.fold(channel);
    await this.#ask(this.#parts, key, `leave ${channel}`, signal, () => {
      this.#driver.apply(this.#machine.part(channel, performance.now()));
    });
  }

  /** Sends a message. @throws {CallFault} if it was not passed on. */
  async say(message: Outgoing, signal: AbortSignal): Promise<SentEvent> {
    if (!this.#registered) throw offline();
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<SentEvent>();
    let number = 0;
    try {
      const { send, step } = this.#machine.say(message, performance.now());
      number = send;
      this.#sends.set(send, { resolve, reject });
      this.#driver.apply(step);
    } catch (error) {
      throw toCallFault(error);
    }
    // What has begun to go out cannot be taken back, and is reported as sent.
    const abort = () => {
      if (this.#machine.cancel(number)) reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#sends.delete(number);
    }
  }

  /** Tells that the user writes, or stopped. */
  tellTyping(target: string, active: boolean): void {
    this.#driver.apply(this.#machine.tellTyping(target, active, performance.now()));
  }

  /** Says good-bye. */
  quit(text: string): void {
    this.#driver.apply(this.#machine.quit(text, performance.now()));
  }

  /** Sends something and waits for the event that answers it. */
  async #ask<T>(
    waiting: Map<string, Waiting<T>>,
    key: string,
    action: string,
    signal: AbortSignal,
    send: () => void,
  ): Promise<T> {
    if (!this.#registered) throw offline();
    if (waiting.has(key)) throw new CallFault("busy", `Cannot ${action}: it is under way already`);
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const abort = () => reject(signal.reason);
    const late = () => reject(new CallFault("timeout", `Cannot ${action}: the server is silent`));
    waiting.set(key, { resolve, reject });
    signal.addEventListener("abort", abort, { once: true });
    const timer = setTimeout(late, ANSWER_MS);
    try {
      send();
      return await promise;
    } catch (error) {
      throw toCallFault(error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      waiting.delete(key);
    }
  }

  #take(event: ClientEvent): void {
    const fold = (name: string) => this.#machine.fold(name);
    switch (event.type) {
      case "registered":
        this.#registered = true;
        break;
      case "joined":
        this.#joins.get(fold(event.asked ?? event.channel))?.resolve(event.channel);
        break;
      case "not-joined": {
        const asked = this.#joins.get(fold(event.channel));
        if (asked === undefined) break; // nobody waits: it was joined again by itself
        return asked.reject(refusal(`join ${event.channel}`, event.numeric, event.text));
      }
      case "left":
        this.#parts.get(fold(event.channel))?.resolve();
        break;
      case "sent":
        return this.#sends.get(event.send)?.resolve(event);
      case "unsent":
        return this.#sends.get(event.send)?.reject(refusal("send", event.numeric, event.text));
      case "fault":
        this.#fault = event.fault;
        return;
      case "end":
        return;
      default:
    }
    this.#listener(event);
  }
}
