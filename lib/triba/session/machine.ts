/**
 * The machine of one connection: first the handshake, then the session. The machines of both sides
 * are made of it.
 *
 * @module
 */

import type { Machine, Step } from "../../net/mod.ts";
import type { Response } from "../bodies/response.ts";
import { TIMEOUTS, type Timeouts } from "../constants.ts";
import type { SessionEvent } from "./events.ts";
import { TribaFault } from "../fault.ts";
import { HandshakeIo, type Opened, type Steps } from "./handshake_io.ts";
import type { AnyRequest, Role } from "./role.ts";
import { Session } from "./session.ts";

/** A step that began a call. */
export interface CallStep<Event> extends Step<Event> {
  /** The call's number, under which its answer or failure is reported. */
  readonly call: number;
}

/** How a side begins. */
export interface Beginning {
  /** The side. */
  readonly role: Role;
  /** The first state of its handshake. */
  readonly state: string;
  /** Its handshake. */
  readonly steps: (io: HandshakeIo) => Steps;
  /** What the end of the stream means in its handshake. */
  readonly endFault: (io: HandshakeIo) => TribaFault;
}

/** One connection, on which this side asks for `Sent` and the peer for `Received`. */
export abstract class TribaMachine<Sent extends AnyRequest, Received extends AnyRequest>
  implements Machine<SessionEvent<Received>> {
  readonly #beginning: Beginning;
  readonly #timeouts: Timeouts;
  readonly #io: HandshakeIo;
  readonly #steps: Steps;
  #send: Uint8Array[] = [];
  #events: SessionEvent<Received>[] = [];
  #startedAt = 0;
  #stepAt = 0;
  #session: Session | undefined;
  #calls = 0;
  #done = false;

  /** Use the machines of the two sides. */
  protected constructor(beginning: Beginning, timeouts: Partial<Timeouts> | undefined) {
    this.#beginning = beginning;
    this.#timeouts = { ...TIMEOUTS, ...timeouts };
    this.#io = new HandshakeIo(beginning.state);
    this.#steps = beginning.steps(this.#io);
  }

  /** Where it stands, in the words of section 8. */
  get state(): string {
    if (this.#done) return "closed";
    return this.#session === undefined || this.#session.shutdown === "none"
      ? this.#io.state
      : "closing";
  }

  /** When {@linkcode TribaMachine.tick} is due. */
  get wakeAt(): number | undefined {
    if (this.#done) return undefined;
    return this.#session === undefined ? this.#handshakeDeadline : this.#session.wakeAt;
  }

  /** Begins: a backend shows its id, a core waits for it. */
  start(now: number): Step<SessionEvent<Received>> {
    this.#startedAt = this.#stepAt = now;
    return this.run(() => this.#goOn(now));
  }

  /** Takes bytes that arrived, cut anywhere. */
  receive(bytes: Uint8Array, now: number): Step<SessionEvent<Received>> {
    return this.run((session) => {
      if (session === undefined) {
        this.#io.buffer.push(bytes);
        return this.#goOn(now);
      }
      session.push(bytes);
      session.receive(now);
    });
  }

  /** The stream ended or was reset. */
  end(_now: number): Step<SessionEvent<Received>> {
    return this.run((session) => {
      if (session?.shutdown === "agreed") return this.finish();
      throw session?.endFault() ?? this.#beginning.endFault(this.#io);
    });
  }

  /** A time that {@linkcode TribaMachine.wakeAt} named has come. */
  tick(now: number): Step<SessionEvent<Received>> {
    return this.run((session) => {
      if (session !== undefined) return session.tick(now);
      if (now < this.#handshakeDeadline) return;
      const after = Math.round(now - this.#startedAt);
      throw new TribaFault(
        "timeout",
        `Handshake took too long: ${after} ms, last in state "${this.#io.state}"`,
      );
    });
  }

  /**
   * Sends a request. It takes its turn if 64 are on their way, and what becomes of it is reported as
   * `answer` or `failure` under the number of this step, in this step or a later one.
   */
  request(body: Sent, now: number): CallStep<SessionEvent<Received>> {
    const call = ++this.#calls;
    if (this.#session !== undefined && !this.#done) {
      return { ...this.run((session) => session?.request(call, body, now)), call };
    }
    const message = this.#done ? "The connection has ended" : "The session is not open yet";
    this.emit({ type: "failure", call, code: "unavailable", message, answered: false });
    return { ...this.#take(), call };
  }

  /** Answers request `id` of the peer; harmless if it has its answer or was cancelled. */
  respond(id: number, response: Response): Step<SessionEvent<Received>> {
    return this.run((session) => session?.respond(id, response));
  }

  /** Answers request `id` after its handler failed: the peer learns nothing, the log all. */
  respondToThrow(id: number, error: unknown): Step<SessionEvent<Received>> {
    return this.run((session) => {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.emit({ type: "log", level: "error", message: `Request ${id} failed: ${reason}` });
      session?.respond(id, { type: "Error", code: "internal", message: "Internal error" });
    });
  }

  /**
   * Derives ahead what the next packet of each direction needs. Changes nothing that can be seen: a
   * driver may call it when it has written all and waits: under sealed-1 that is about half of what
   * a small packet costs.
   */
  prepare(): void {
    if (!this.#done) this.#session?.prepare();
  }

  /** Ends the connection with a fault that was found elsewhere. */
  abort(fault: TribaFault): Step<SessionEvent<Received>> {
    return this.run(() => {
      throw fault;
    });
  }

  /** Does something that may end the connection; nothing if it has ended. */
  protected run(action: (session: Session | undefined) => void): Step<SessionEvent<Received>> {
    try {
      if (!this.#done) action(this.#session);
    } catch (error) {
      if (!(error instanceof TribaFault)) throw error;
      this.#close({ type: "fault", fault: error });
    }
    return this.#take();
  }

  /** Ends the connection as agreed. */
  protected finish(): void {
    this.#close({ type: "end" });
  }

  /** Reports what happened. */
  protected emit(event: SessionEvent<Received>): void {
    this.#events.push(event);
  }

  get #handshakeDeadline(): number {
    const { handshakeMs, handshakeReadMs } = this.#timeouts;
    return Math.min(this.#startedAt + handshakeMs, this.#stepAt + handshakeReadMs);
  }

  #goOn(now: number): void {
    const before = this.#io.state;
    let opened: Opened | undefined;
    try {
      const result = this.#steps.next();
      if (result.done) opened = result.value;
    } finally {
      this.#send.push(...this.#io.drain());
    }
    if (this.#io.state !== before) this.#stepAt = now;
    if (opened !== undefined) this.#open(opened, now);
  }

  #open(opened: Opened, now: number): void {
    this.#io.wipe();
    const context = {
      ...opened,
      role: this.#beginning.role,
      send: (bytes: Uint8Array) => void this.#send.push(bytes),
      // The role's enumerations let nothing through that is not of these types.
      emit: (event: SessionEvent<AnyRequest>) => this.emit(event as SessionEvent<Received>),
    };
    this.#session = new Session(context, this.#timeouts, now);
    this.emit({ type: "open", agreement: opened.agreement });
    this.#session.receive(now);
  }

  #close(event: SessionEvent<Received>): void {
    this.#done = true;
    this.#io.wipe();
    this.#session?.close();
    this.emit(event);
  }

  #take(): Step<SessionEvent<Received>> {
    const step = { send: this.#send, events: this.#events, done: this.#done };
    this.#send = [];
    this.#events = [];
    return step;
  }
}
