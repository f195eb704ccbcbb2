/**
 * Being connected: attempts with growing pauses, and logging in. One connection after the other.
 *
 * @module
 */

import { type Backoff, type ByteStream, NetFault } from "../../../lib/net/mod.ts";
import {
  byteLength,
  type ClientEvent,
  type ClientOptions,
  type Credentials,
  IrcFault,
} from "../../../lib/irc/mod.ts";
import type { Logger } from "../../../lib/log/mod.ts";
import type { Status } from "../../../lib/triba/bodies/backend.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";
import { IrcConnection } from "./connection.ts";
import { toCallFault } from "./faults.ts";

/** A connection that lived this long was a good one: the next attempt comes at once again. */
const STABLE_MS = 30_000;
/** Least pause after a server has sent us away, which it would only do again. */
const BANNED_MS = 300_000;
/** Longest account or password: what one line has room for. */
const MOST_LOGIN_BYTES = 400;

/** What a network needs. */
export interface NetworkOptions {
  /** Connects to the server. @throws {NetFault} */
  readonly connect: (signal: AbortSignal) => Promise<ByteStream>;
  /** How we present ourselves, without the login. */
  readonly client: Omit<ClientOptions, "login">;
  /** How accounts and passwords are told to the server. */
  readonly loginBy: "sasl" | "pass";
  /** Whether a password may travel on this connection. */
  readonly mayLogIn: boolean;
  /** Whether there is to be no connection without a login. */
  readonly needsLogin: boolean;
  /** How long the first attempt waits for a login, in milliseconds. */
  readonly loginGraceMs: number;
  /** Pauses between attempts. */
  readonly backoff: Backoff;
  /** How the network stands. */
  readonly onStatus: (status: Status) => void;
  /** What happened on a connection; also when it has just been taken in. */
  readonly onEvent: (event: ClientEvent, connection: IrcConnection) => void;
  /** What people may want to know. */
  readonly log: Logger;
}

interface LoginCall {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Whether a part of a login fits into the lines that carry it. */
function isSendable(text: string): boolean {
  return text !== "" && byteLength(text) <= MOST_LOGIN_BYTES && !/[\0\r\n]/.test(text);
}

/** Why an attempt or a connection was given up by us. */
class Superseded extends Error {
  override readonly name = "Superseded";
}

/** The connections to one server. */
export class Network {
  readonly #options: NetworkOptions;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #connection: IrcConnection | undefined;
  #attempt: AbortController | undefined;
  #credentials: Credentials | undefined;
  #needsLogin: boolean;
  #logins: LoginCall[] = [];
  /** Ends a pause. */
  #wake: (() => void) | undefined;

  /** Does nothing before {@linkcode Network.start}. */
  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#needsLogin = options.needsLogin;
  }

  /** The connection, while the server has taken us in. */
  get connection(): IrcConnection | undefined {
    return this.#connection?.registered ? this.#connection : undefined;
  }

  /** Begins to connect. */
  start(): void {
    this.#running = this.#run();
  }

  /**
   * Logs in: connects anew with account and password, which are kept in memory for later
   * connections.
   *
   * @throws {CallFault} `unauthenticated` if they are wrong, `denied` if they must not travel.
   */
  async logIn(credentials: Credentials, signal: AbortSignal): Promise<void> {
    if (!this.#options.mayLogIn) {
      throw new CallFault(
        "denied",
        "Cannot log in: the connection is not encrypted; --plain-login permits it all the same",
      );
    }
    const { account, secret } = credentials;
    if (!isSendable(account) || !isSendable(secret) || /\s/.test(account)) {
      throw new CallFault("invalid_argument", "Cannot log in: account or password cannot be sent");
    }
    const isSame = this.#credentials?.account === account && this.#credentials.secret === secret;
    if (isSame && this.connection !== undefined) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const call = { resolve, reject };
    const abort = () => reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener("abort", abort, { once: true });
    this.#logins.push(call);
    this.#credentials = credentials;
    this.#needsLogin = false;
    if (!isSame) this.#supersede();
    this.#wake?.();
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#logins = this.#logins.filter((each) => each !== call);
    }
  }

  /** Says good-bye and ends; resolves when it is done. */
  async stop(text: string): Promise<void> {
    this.#stopped.abort();
    this.#failLogins(new CallFault("unavailable", "The backend is about to end"));
    if (this.connection !== undefined) this.connection.quit(text);
    else this.#attempt?.abort(new Superseded());
    this.#wake?.();
    await this.#running;
  }

  /** Gives up what goes on without the login that is wanted now. */
  #supersede(): void {
    if (this.connection !== undefined) this.connection.quit("Logging in");
    else this.#attempt?.abort(new Superseded());
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  async #run(): Promise<void> {
    if (this.#credentials === undefined && !this.#needsLogin) {
      await this.#pause(this.#options.loginGraceMs);
    }
    while (!this.#isStopped) {
      if (this.#needsLogin && this.#credentials === undefined) {
        this.#options.onStatus({ type: "AuthRequired" });
        await this.#pause(undefined);
        continue;
      }
      const tried = this.#credentials;
      const fault = await this.#connectOnce(tried);
      if (this.#isStopped || fault instanceof Superseded || this.#credentials !== tried) continue;
      await this.#afterFault(fault);
    }
  }

  /** One connection from its beginning to its end; what ended it. */
  async #connectOnce(credentials: Credentials | undefined): Promise<unknown> {
    const { connect, client, loginBy, backoff, onEvent } = this.#options;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#options.onStatus({ type: "Connecting" });
    let since: number | undefined;
    try {
      const stream = await connect(attempt.signal);
      const login = credentials === undefined ? undefined : { by: loginBy, as: credentials };
      const connection = new IrcConnection(stream, { ...client, login }, (event) => {
        if (event.type === "log") return this.#options.log[event.level](this.#redact(event.text));
        if (event.type === "registered") {
          since = performance.now();
          this.#taken(credentials);
        }
        onEvent(event, connection);
      }, attempt.signal);
      this.#connection = connection;
      await connection.run();
      return new Superseded(); // we said good-bye
    } catch (error) {
      return error;
    } finally {
      this.#connection = undefined;
      this.#attempt = undefined;
      if (since !== undefined && performance.now() - since > STABLE_MS) backoff.reset();
    }
  }

  /** The server has taken us in. */
  #taken(credentials: Credentials | undefined): void {
    this.#options.onStatus({ type: "Online" });
    if (credentials !== this.#credentials) return; // the next connection will be the one
    for (const { resolve } of this.#logins) resolve();
  }

  async #afterFault(fault: unknown): Promise<void> {
    const { log, onStatus, backoff } = this.#options;
    const known = fault instanceof IrcFault || fault instanceof NetFault;
    const reason = known ? this.#redact(fault.message) : `Unexpected failure: ${fault}`;
    log.warn(reason);
    if (fault instanceof IrcFault && fault.code === "unauthenticated") {
      this.#credentials = undefined;
      this.#needsLogin = true;
      this.#failLogins(new CallFault("unauthenticated", reason));
      return; // nothing is tried again before somebody gives another password
    }
    this.#failLogins(known ? new CallFault("unavailable", reason) : toCallFault(fault));
    onStatus({ type: "Offline", reason });
    const banned = fault instanceof IrcFault && fault.code === "banned";
    const delay = Math.max(backoff.next(), banned ? BANNED_MS : 0);
    log.info(`Trying again in ${(delay / 1000).toFixed(1)} s`);
    await this.#pause(delay);
  }

  /** A server could repeat what it was sent. */
  #redact(text: string): string {
    const secret = this.#credentials?.secret ?? "";
    return secret.length < 4 ? text : text.replaceAll(secret, "***");
  }

  #failLogins(error: unknown): void {
    for (const { reject } of this.#logins) reject(error);
  }

  /** Waits so long, or until something calls for attention. */
  async #pause(milliseconds: number | undefined): Promise<void> {
    if (this.#isStopped) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
    clearTimeout(timer);
  }
}
