/**
 * From the connection to the server's welcome: capabilities, login, nickname.
 *
 * @module
 */

import type { IrcMessage } from "../codec/message.ts";
import { formatPlain } from "../codec/sasl.ts";
import { IrcFault } from "../fault.ts";
import type { Capabilities } from "./capabilities.ts";
import type { ClientContext } from "./context.ts";
import type { NickChoice } from "./nick_choice.ts";
import type { ClientOptions } from "./options.ts";

/** The registration of one connection. */
export class Registration {
  readonly #context: ClientContext;
  readonly #capabilities: Capabilities;
  readonly #nicks: NickChoice;
  readonly #options: ClientOptions;
  #authenticated = false;
  #authenticating = false;

  /** Nothing is sent yet. */
  constructor(
    context: ClientContext,
    capabilities: Capabilities,
    nicks: NickChoice,
    options: ClientOptions,
  ) {
    this.#context = context;
    this.#capabilities = capabilities;
    this.#nicks = nicks;
    this.#options = options;
  }

  /** The first messages. */
  start(): void {
    const { login, nick, user, realname } = this.#options;
    this.#context.sendNow("CAP", "LS", "302");
    if (login?.by === "pass") this.#context.sendNow("PASS", login.as.secret);
    this.#context.sendNow("NICK", nick);
    const name = login?.by === "pass" ? login.as.account : user;
    this.#context.sendNow("USER", name, "0", "*", realname);
  }

  /**
   * Takes a message that belongs to the registration.
   *
   * @throws {IrcFault} when the registration has failed.
   */
  receive({ command, params }: IrcMessage): void {
    const text = params.at(-1) ?? "";
    switch (command) {
      case "CAP":
        return this.#negotiate(params.slice(1));
      case "AUTHENTICATE":
        return this.#answer(params[0]);
      case "900":
        return this.#context.emit({ type: "authenticated", account: params[2] ?? "" });
      case "903":
        this.#authenticated = true;
        return this.#endLogin();
      case "907": // already
        return this.#endLogin();
      case "902":
      case "904":
      case "905":
      case "906":
        return this.#failLogin(text);
      case "464":
        throw new IrcFault("unauthenticated", `Cannot log in: the server says "${text}"`);
      case "465":
        throw new IrcFault("banned", `Cannot connect: the server says "${text}"`);
      case "001":
        return this.#welcome(params[0]);
    }
  }

  /** Takes a refusal of a nickname. @throws {IrcFault} `nick` when there is none left. */
  refuseNick(numeric: string): void {
    if (this.#context.welcomed) return; // the nickname that we have stays
    this.#context.nick = this.#nicks.next(numeric === "432");
    this.#context.sendNow("NICK", this.#context.nick);
  }

  #negotiate(params: readonly string[]): void {
    const { request, settled } = this.#capabilities.receive(params);
    for (const list of request) this.#context.sendNow("CAP", "REQ", list);
    if (!settled || this.#context.welcomed) return;
    if (this.#options.login?.by !== "sasl") return this.#context.sendNow("CAP", "END");
    const mechanisms = this.#capabilities.offer("sasl") ?? "";
    const plain = mechanisms === "" || mechanisms.toUpperCase().split(",").includes("PLAIN");
    if (!this.#capabilities.has("sasl") || !plain) throw noLogin();
    this.#authenticating = true;
    this.#context.sendNow("AUTHENTICATE", "PLAIN");
  }

  /** The server is ready for account and password: once, and only when we asked for it. */
  #answer(param: string | undefined): void {
    const { login } = this.#options;
    if (!this.#authenticating || login?.by !== "sasl" || param !== "+") return;
    this.#authenticating = false;
    for (const chunk of formatPlain(login.as)) this.#context.sendNow("AUTHENTICATE", chunk);
  }

  #endLogin(): void {
    if (!this.#context.welcomed) this.#context.sendNow("CAP", "END");
  }

  #failLogin(text: string): void {
    if (this.#context.welcomed) return;
    throw new IrcFault("unauthenticated", `Cannot log in: the server says "${text}"`);
  }

  #welcome(nick: string | undefined): void {
    if (this.#context.welcomed) return;
    if (this.#options.login?.by === "sasl" && !this.#authenticated) throw noLogin();
    this.#context.welcomed = true;
    if (nick !== undefined && nick !== "" && nick !== "*") this.#context.nick = nick;
  }
}

function noLogin(): IrcFault {
  return new IrcFault("no-login", "Cannot log in: the server does not offer SASL PLAIN");
}
