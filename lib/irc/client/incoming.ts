/**
 * What the server sends, brought to whom it concerns.
 *
 * @module
 */

import { plainText } from "../codec/formatting.ts";
import { type IrcMessage, parseMessage } from "../codec/message.ts";
import { cutText } from "../codec/text.ts";
import { IrcFault } from "../fault.ts";
import { Batches } from "./batches.ts";
import type { Capabilities } from "./capabilities.ts";
import type { Channels } from "./channels.ts";
import { Chat } from "./chat.ts";
import type { ClientContext } from "./context.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Regain } from "./regain.ts";
import type { Registration } from "./registration.ts";

/** Bytes of a ping's token that are given back: what a line has room for. */
const MOST_TOKEN_BYTES = 480;

/** The parts of a client that messages of the server concern. */
export interface ClientParts {
  readonly context: ClientContext;
  readonly capabilities: Capabilities;
  readonly registration: Registration;
  readonly channels: Channels;
  readonly deliveries: Deliveries;
  readonly regain: Regain;
}

/** The messages of the server on one connection. */
export class Incoming {
  readonly #context: ClientContext;
  readonly #registration: Registration;
  readonly #channels: Channels;
  readonly #deliveries: Deliveries;
  readonly #regain: Regain;
  readonly #batches = new Batches();
  /** The conversations. */
  readonly chat: Chat;
  #registered = false;

  /** Nothing has come yet. */
  constructor({ context, capabilities, registration, channels, deliveries, regain }: ClientParts) {
    this.#context = context;
    this.#registration = registration;
    this.#channels = channels;
    this.#deliveries = deliveries;
    this.#regain = regain;
    this.chat = new Chat(context, capabilities, this.#batches, deliveries);
  }

  /** Whether the server has said all that it says at the beginning. */
  get registered(): boolean {
    return this.#registered;
  }

  /**
   * Takes one line. One that makes no sense is left out; others may.
   *
   * @throws {IrcFault} when the connection cannot go on.
   */
  take(line: Uint8Array): void {
    let message: IrcMessage;
    try {
      message = parseMessage(line);
    } catch (error) {
      if (!(error instanceof IrcFault)) throw error;
      return this.#context.log("warn", error.message);
    }
    this.#handle(message);
  }

  #handle(message: IrcMessage): void {
    const { command, params } = message;
    switch (command) {
      case "PING":
        return this.#context.sendNow("PONG", cutText(params.at(-1) ?? "", MOST_TOKEN_BYTES));
      case "PONG":
        return void this.#deliveries.pong(params.at(-1) ?? "");
      case "ERROR":
        return this.#endByServer(plainText(params.at(-1) ?? ""));
      case "PRIVMSG":
      case "NOTICE":
        return this.chat.receive(message);
      case "TAGMSG":
        return this.chat.receiveTags(message);
      case "BATCH":
        return this.#batches.receive(message);
      case "ACK":
        return this.#deliveries.acknowledged(this.#batches.labelOf(message));
      case "CAP":
      case "AUTHENTICATE":
        return this.#registration.receive(message);
      case "FAIL":
        return this.#takeError(message, params[1] ?? "", params[2] ?? "");
      default:
        return /^[0-9]/.test(command) ? this.#handleNumeric(message) : this.#handlePeople(message);
    }
  }

  /** Messages about people, of whom we may be one. */
  #handlePeople(message: IrcMessage): void {
    const { command, params, source } = message;
    const isMe = this.#context.isMe(source?.name);
    if (isMe && source?.host !== undefined) {
      this.#context.self = { user: source.user, host: source.host };
    }
    if (command === "CHGHOST" && isMe) this.#context.self = { user: params[0], host: params[1] };
    this.#channels.receive(message);
    if (command === "NICK" && isMe) this.#takeNick(params[0] ?? "");
    if (command === "QUIT" || command === "NICK") this.#regain.freed(source?.name);
    if (command === "INVITE") {
      const [, channel = ""] = params;
      this.#context.log("info", `${source?.name ?? "Somebody"} invites to "${channel}"`);
    }
  }

  #handleNumeric(message: IrcMessage): void {
    const { command, params } = message;
    switch (command) {
      case "001":
        this.#registration.receive(message);
        return this.#regain.begin();
      case "005":
        this.#context.isupport.update(params.slice(1, -1));
        return this.#channels.remap();
      case "376": // the end of what a server says by itself
      case "422":
        return this.#reportRegistered();
      case "396":
        this.#context.self = { ...this.#context.self, host: params[1] };
        return;
      case "433":
      case "436":
      case "432":
        return this.#registration.refuseNick(command);
      case "437": // a nickname or a channel, for the moment
        if (!this.#context.welcomed) return this.#registration.refuseNick(command);
        return this.#takeError(message, command, params[1] ?? "");
      case "331":
      case "332":
      case "353":
        return this.#channels.receive(message);
    }
    this.#registration.receive(message);
    const code = Number(command);
    if ((code >= 400 && code < 600) || code === 716 || code === 936) {
      this.#takeError(message, command, params[1] ?? "");
    }
  }

  /** An error of the server: about a message, about a channel, or for the log. */
  #takeError(message: IrcMessage, code: string, about: string): void {
    const text = plainText(message.params.at(-1) ?? "");
    const label = this.#batches.labelOf(message);
    if (this.#channels.refuse(code, message.params)) return;
    if (this.#deliveries.refused(label, code, about, text)) return;
    this.#context.log("info", `The server says "${text}" (${code})`);
  }

  #reportRegistered(): void {
    if (this.#registered || !this.#context.welcomed) return;
    this.#registered = true;
    const { isupport, nick } = this.#context;
    this.#context.emit({ type: "registered", nick, network: isupport.network });
  }

  #endByServer(text: string): void {
    if (this.#context.quitting) return this.#context.finish();
    const early = !this.#context.welcomed;
    const password = early && /password|access denied/i.test(text);
    const code = password
      ? "unauthenticated"
      : early && /\bban|-line/i.test(text)
      ? "banned"
      : "closed";
    throw new IrcFault(code, `Lost the server: it says "${text}"`);
  }

  #takeNick(nick: string): void {
    if (nick === "") return;
    this.#context.nick = nick;
    this.#regain.end();
    this.#context.emit({ type: "nick", nick });
  }
}
