// Users of IRC servers: the backend under a core that writes down what it is told, and a plain
// client that shows what others see.

import { IrcBackend, type IrcBackendOptions } from "../../cmd/triba/irc/backend.ts";
import { Store } from "../../cmd/triba/irc/store.ts";
import { createLogger } from "../../lib/log/mod.ts";
import { Backoff, type ByteStream, connectTcp, connectTls } from "../../lib/net/mod.ts";
import type { Answer, CoreLink, ServedRequest } from "../../lib/triba/backend/mod.ts";
import type { BackendEvent, Status } from "../../lib/triba/bodies/backend.ts";
import type { Message } from "../../lib/triba/bodies/chat.ts";
import { comesTrue, until, within } from "./within.ts";

/** Between lines, when the burst is used up: servers think in seconds, tests have not that much time. */
const TEST_LINE_MS = 200;

/** What a user of the backend differs in. */
export type UserOptions =
  & Partial<Omit<IrcBackendOptions, "client" | "join" | "store">>
  & {
    readonly nick: string;
    readonly port: number;
    /** PEM texts of authorities; undefined does not encrypt. */
    readonly authorities?: readonly string[];
    readonly join?: readonly string[];
    /** A folder to keep things in. */
    readonly state?: string;
    readonly times?: IrcBackendOptions["client"]["times"];
  };

/** The backend with a core that takes everything. */
export class BackendUser implements CoreLink, AsyncDisposable {
  readonly agreement = {
    major: 1,
    minor: 1,
    agent: "test",
    features: new Set<string>(),
    sealed: false,
  };
  readonly statuses: Status[] = [];
  readonly events: BackendEvent[] = [];
  readonly log: string[] = [];
  #backend: IrcBackend | undefined;
  #closed = false;

  /** Starts a backend. */
  static async start(options: UserOptions): Promise<BackendUser> {
    const user = new BackendUser();
    const { nick, port, authorities, join = [], state, times, ...rest } = options;
    const log = createLogger({
      format: "text",
      level: "debug",
      write: (line) => user.log.push(line),
    });
    const to = { host: "127.0.0.1", port };
    const connect = async (signal: AbortSignal): Promise<ByteStream> =>
      authorities === undefined
        ? (await connectTcp(to, 5000, signal)).stream
        : await connectTls(to, 5000, { authorities }, signal);
    let ids = 0;
    user.#backend = await IrcBackend.create({
      connect,
      client: {
        nick,
        user: nick,
        realname: nick,
        times: { lineMs: TEST_LINE_MS, ...times },
        random: Math.random,
      },
      join: join.map((name) => ({ name })),
      loginBy: "sasl",
      mayLogIn: authorities !== undefined,
      needsLogin: false,
      loginGraceMs: 0,
      backoff: new Backoff(() => 0.9),
      mostMessages: 500,
      store: state === undefined ? undefined : await Store.open(state, "test", 500, log),
      quitText: "Good-bye",
      log,
      clock: Date.now,
      newId: () => `local-${++ids}`,
      ...rest,
    });
    user.#backend.open(user);
    return user;
  }

  get backend(): IrcBackend {
    if (this.#backend === undefined) throw new Error("The backend is not made yet");
    return this.#backend;
  }

  status(status: Status): Promise<void> {
    this.statuses.push(status);
    return Promise.resolve();
  }

  event(event: BackendEvent): Promise<void> {
    this.events.push(event);
    return Promise.resolve();
  }

  /** Carries out a request. */
  async ask(request: ServedRequest): Promise<Answer> {
    return await within(
      this.backend.handle(request, new AbortController().signal),
      `an answer to ${request.type}; log: ${this.log.join(" | ")}`,
    );
  }

  /** Sends a text; the id of the message. */
  async say(room: string, text: string, txn: string = crypto.randomUUID()): Promise<string> {
    const request = { type: "SendMessage", room, txn, content: { type: "Text", text } } as const;
    const answer = await this.ask(request);
    if (answer.type !== "Sent") throw new Error(`Not sent: ${answer.type}`);
    return answer.message;
  }

  /** Messages that were told, the oldest first. */
  get messages(): Message[] {
    return this.events.flatMap((event) => event.type === "MessageReceived" ? [event.message] : []);
  }

  /** Waits until a status of this type was told, the last of `count`. */
  async waitForStatus(type: Status["type"], count = 1): Promise<void> {
    const seen = () => this.statuses.filter((status) => status.type === type).length;
    await until(() => seen() >= count, `status ${type}; log: ${this.log.join(" | ")}`);
  }

  /** Waits for an event. */
  async waitForEvent(matches: (event: BackendEvent) => boolean, what: string): Promise<void> {
    await until(() => this.events.some(matches), `${what}; log: ${this.log.join(" | ")}`);
  }

  /** Waits for a message with this text in a room. */
  async waitForMessage(room: string, text: string): Promise<Message> {
    const find = () =>
      this.messages.find(({ room: to, content }) =>
        to === room && "text" in content && content.text === text
      );
    await until(() => find() !== undefined, `"${text}" in ${room}; log: ${this.log.join(" | ")}`);
    return find() as Message;
  }

  /** Ends the backend as a core does. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await within(this.backend.close(), "the end of the backend");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A client that sends and shows lines as they are; it answers pings. */
export class RawUser implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #connection: Deno.Conn;
  readonly #nick: string;
  readonly #reading: Promise<void>;

  private constructor(connection: Deno.Conn, nick: string) {
    this.#connection = connection;
    this.#nick = nick;
    this.#reading = this.#read();
  }

  /** Connects and registers. */
  static async connect(port: number, nick: string, caps = ""): Promise<RawUser> {
    const user = new RawUser(await Deno.connect({ hostname: "127.0.0.1", port }), nick);
    if (caps !== "") await user.send(`CAP REQ :${caps}`);
    await user.send(`NICK ${nick}`);
    await user.send(`USER ${nick} 0 * :${nick}`);
    if (caps !== "") await user.send("CAP END");
    await user.waitFor(/ (?:376|422) /);
    return user;
  }

  /** Sends a line. */
  async send(line: string): Promise<void> {
    const bytes = new TextEncoder().encode(`${line}\r\n`);
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Joins a channel; asks again if there is no answer: under load ngircd once never gave one. */
  async join(channel: string): Promise<void> {
    const names = ` 366 ${this.#nick} ${channel} `.toLowerCase();
    const isIn = () => this.lines.some((line) => line.toLowerCase().includes(names));
    for (let tries = 0; tries < 3; tries++) {
      await this.send(`JOIN ${channel}`);
      if (await comesTrue(isIn, 8_000)) return;
    }
    throw new Error(`No answer to JOIN ${channel} in:\n${this.lines.join("\n")}`);
  }

  /** Waits for a line. */
  async waitFor(pattern: RegExp): Promise<string> {
    const find = () => this.lines.find((line) => pattern.test(line));
    await until(() => find() !== undefined, `${pattern} in:\n${this.lines.join("\n")}`);
    return find() as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(4096);
    let rest = "";
    try {
      while (true) {
        const count = await this.#connection.read(buffer);
        if (count === null) return;
        const text = decoder.decode(buffer.subarray(0, count), { stream: true });
        const parts = (rest + text).split("\r\n");
        rest = parts.pop() ?? "";
        this.lines.push(...parts);
        for (const line of parts) {
          if (line.startsWith("PING ")) await this.send(`PONG ${line.slice(5)}`);
        }
      }
    } catch {
      return; // closed by us, or by the server
    }
  }
}
