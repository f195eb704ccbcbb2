/**
 * A client of one connection to a server. Bytes and the time go in; bytes to send and events come
 * out.
 *
 * @module
 */

import type { Machine, Step } from "../../net/mod.ts";
import type { Casemapping } from "../codec/casemapping.ts";
import { plainText } from "../codec/formatting.ts";
import { LineDecoder } from "../codec/line_decoder.ts";
import type { ChannelAddress } from "../codec/names.ts";
import { cutText } from "../codec/text.ts";
import { IRC_TIMES } from "../constants.ts";
import { IrcFault } from "../fault.ts";
import { Capabilities } from "./capabilities.ts";
import { Channels } from "./channels.ts";
import { ClientContext } from "./context.ts";
import { Deliveries, type Outgoing } from "./deliveries.ts";
import type { ClientEvent } from "./events.ts";
import { Incoming } from "./incoming.ts";
import { Liveness } from "./liveness.ts";
import { NickChoice } from "./nick_choice.ts";
import type { ClientOptions } from "./options.ts";
import { Regain } from "./regain.ts";
import { Registration } from "./registration.ts";

/** A step, and under which number its message is reported later. */
export interface SayStep {
  /** The number in the events `sent` and `unsent`. */
  readonly send: number;
  /** What to do now. */
  readonly step: Step<ClientEvent>;
}

/** The client's side of one connection. */
export class ClientMachine implements Machine<ClientEvent> {
  readonly #lines = new LineDecoder();
  readonly #context: ClientContext;
  readonly #capabilities: Capabilities;
  readonly #registration: Registration;
  readonly #channels: Channels;
  readonly #deliveries: Deliveries;
  readonly #regain: Regain;
  readonly #incoming: Incoming;
  readonly #liveness: Liveness;
  readonly #registerBy: number;
  #quitBy: number | undefined;
  #sends = 0;

  /** For a connection that is made at `now`. */
  constructor(options: ClientOptions, now: number) {
    const context = new ClientContext(options.nick, { ...IRC_TIMES, ...options.times }, now);
    const capabilities = new Capabilities(options.login?.by === "sasl");
    const nicks = new NickChoice(options.nick, options.random);
    this.#context = context;
    this.#capabilities = capabilities;
    this.#registerBy = now + context.times.registrationMs;
    this.#registration = new Registration(context, capabilities, nicks, options);
    this.#channels = new Channels(context);
    this.#deliveries = new Deliveries(context, capabilities);
    this.#regain = new Regain(context, options.nick);
    this.#liveness = new Liveness(context);
    this.#incoming = new Incoming({
      context,
      capabilities,
      registration: this.#registration,
      channels: this.#channels,
      deliveries: this.#deliveries,
      regain: this.#regain,
    });
  }

  /** Our nickname. */
  get nick(): string {
    return this.#context.nick;
  }

  /** How this network compares names. */
  get casemapping(): Casemapping {
    return this.#context.isupport.casemapping;
  }

  /** Names of the channels that we are in. */
  get channels(): readonly string[] {
    return this.#channels.names;
  }

  /** Whether the server passes on that users write. */
  get carriesTyping(): boolean {
    return this.#incoming.chat.carriesTyping;
  }

  /** Whether the server gives messages ids that others can refer to. */
  get carriesReplies(): boolean {
    return this.#capabilities.has("message-tags");
  }

  /** Nicknames in a channel; undefined if we are not in it. */
  members(channel: string): readonly string[] | undefined {
    return this.#channels.members(channel);
  }

  /** The form of a name by which this network compares it. */
  fold(name: string): string {
    return this.#context.fold(name);
  }

  /** Whether a name is one of a channel on this network. */
  isChannel(name: string): boolean {
    return this.#context.isupport.isChannel(name);
  }

  /** Milliseconds that a message waits at most before it goes out. */
  waitMs(now: number): number {
    return this.#context.queue.waitMs(now);
  }

  /** Begins the registration. */
  start(now: number): Step<ClientEvent> {
    return this.#run(now, () => this.#registration.start());
  }

  /** Takes bytes of the server. */
  receive(bytes: Uint8Array, now: number): Step<ClientEvent> {
    return this.#run(now, () => {
      this.#liveness.heard();
      for (const line of this.#lines.push(bytes)) {
        if (this.#context.done) return;
        this.#incoming.take(line);
      }
    });
  }

  /** The server ended the stream. */
  end(now: number): Step<ClientEvent> {
    return this.#run(now, () => {
      if (this.#quitBy !== undefined) return this.#context.finish();
      throw new IrcFault("lost", "Lost the server: it closed the connection");
    });
  }

  /** Does what is due. */
  tick(now: number): Step<ClientEvent> {
    return this.#run(now, () => {
      if (this.#quitBy !== undefined && now >= this.#quitBy) return this.#context.finish();
      if (!this.#incoming.registered && now >= this.#registerBy) {
        const seconds = this.#context.times.registrationMs / 1000;
        throw new IrcFault("timeout", `Cannot connect: not taken in within ${seconds} s`);
      }
      this.#liveness.tick();
      this.#deliveries.tick();
      this.#regain.tick();
    });
  }

  /** When something is due. */
  get wakeAt(): number | undefined {
    if (this.#context.done) return undefined;
    const { now, queue, welcomed } = this.#context;
    return Math.min(
      ...[
        this.#liveness.wakeAt,
        this.#incoming.registered ? undefined : this.#registerBy,
        welcomed ? queue.wakeAt(now) : undefined,
        this.#deliveries.wakeAt,
        this.#regain.wakeAt,
        this.#quitBy,
      ].filter((at) => at !== undefined),
    );
  }

  /**
   * Joins channels; each is reported as `joined` or `not-joined`.
   *
   * @throws {IrcFault} for what cannot be sent; nothing has changed then.
   */
  join(addresses: readonly ChannelAddress[], now: number): Step<ClientEvent> {
    return this.#call(now, () => this.#channels.join(addresses));
  }

  /** Leaves a channel, reported as `left`. @throws {IrcFault} for what cannot be sent. */
  part(channel: string, now: number): Step<ClientEvent> {
    return this.#call(now, () => this.#channels.part(channel));
  }

  /** Sends a message, reported as `sent` or `unsent`. @throws {IrcFault} for what cannot be sent. */
  say(message: Outgoing, now: number): SayStep {
    const send = ++this.#sends;
    return { send, step: this.#call(now, () => this.#deliveries.say(send, message)) };
  }

  /** Takes back what has not gone out of a message; whether that was all of it. */
  cancel(send: number): boolean {
    return this.#deliveries.cancel(send);
  }

  /** Tells that the user writes, or stopped, if this can be told now. */
  tellTyping(target: string, active: boolean, now: number): Step<ClientEvent> {
    return this.#call(now, () => this.#incoming.chat.tellTyping(target, active));
  }

  /** Says good-bye; the end of the stream is then `end`. */
  quit(text: string, now: number): Step<ClientEvent> {
    return this.#call(now, () => {
      this.#context.sendNow("QUIT", cutText(plainText(text), 300));
      this.#context.quitting = true;
      this.#quitBy = now + this.#context.times.quitMs;
    });
  }

  /** What comes from outside: what is wrong with it is thrown and ends nothing. */
  #call(now: number, work: () => void): Step<ClientEvent> {
    if (this.#context.done) return this.#context.takeStep();
    this.#context.now = now;
    work();
    return this.#run(now, () => {});
  }

  /** What comes from the server: what is wrong with it ends the connection. */
  #run(now: number, work: () => void): Step<ClientEvent> {
    if (this.#context.done) return { send: [], events: [], done: true };
    this.#context.now = now;
    try {
      work();
      if (this.#context.welcomed && !this.#context.done) this.#sendQueued();
    } catch (error) {
      if (!(error instanceof IrcFault)) throw error;
      this.#context.finish(error);
    }
    return this.#context.takeStep();
  }

  #sendQueued(): void {
    const { queue, now } = this.#context;
    for (let line = queue.take(now); line !== undefined; line = queue.take(now)) {
      this.#context.write(line.bytes);
      this.#deliveries.written(line);
    }
  }
}
