/**
 * The server's side of one connection (spec sections 3, 4 and 14.3), in both framings: what the
 * original and the seed's clients expect, and for everything else an Error instead of a crash.
 *
 * @module
 */

import { IDLE, type Machine, type Step } from "../net/machine.ts";
import {
  BYE,
  DRAIN_BYTES,
  DRAIN_MS,
  type ErrorText,
  GET,
  HELLO,
  KEY_BYTES,
  MAX_BYE_BYTES,
  MAX_GET_BYTES,
  SESSION_TIMEOUT_MS,
} from "./constants.ts";
import { CofferFault } from "./fault.ts";
import { FrameDecoder, type FrameHeader, type Framing, FRAMINGS, type Verdict } from "./frame.ts";
import { describeHeader, encodeServerMessage, readClientFrame } from "./message.ts";

/** A complete Get. */
export interface GetRequest {
  /** Who asks, by its Hello; nothing has proved it. */
  readonly publicKey: Uint8Array;
  /** The framing that the answer will be in. */
  readonly framing: Framing;
  /** The body of the Get: empty, or a request of the authenticated mode (14.4). */
  readonly body: Uint8Array;
}

/** What a Get is answered with. */
export type Answer =
  | { readonly type: "reply"; readonly frame: Uint8Array; readonly authenticated: boolean }
  | { readonly type: "unknown-key" }
  | { readonly type: "refuse"; readonly reason: ErrorText };

/**
 * Whom the machine asks for answers: the keys and shards of the running definition. A program that
 * keeps an audit puts a desk of its own in front, which writes first and refuses if it cannot.
 */
export interface Desk {
  /** Whether a client of this key is known. */
  knows(publicKey: Uint8Array): boolean;
  /** The answer to a Get; at once, since a kept reply takes no computation. */
  answer(request: GetRequest): Answer;
}

/** What happened on a connection. */
export type ServerEvent =
  /** A reply was handed over for writing; nothing confirms that it arrived. */
  | {
    readonly type: "served";
    readonly publicKey: Uint8Array;
    readonly framing: Framing;
    readonly authenticated: boolean;
  }
  /** KeyNotFound was sent. */
  | { readonly type: "unknown-key"; readonly publicKey: Uint8Array; readonly framing: Framing }
  /** An Error was sent, if the framing was known; the fault is for the log. */
  | {
    readonly type: "refused";
    readonly reason: ErrorText;
    readonly fault: CofferFault;
    readonly publicKey: Uint8Array | undefined;
  }
  /** Once everything has been written, end the writing half and go on reading. */
  | { readonly type: "half-close" }
  /** The peer takes nothing or does not end: close at once, without writing what waits. */
  | { readonly type: "stalled" };

/** Settings of a server's connections. */
export interface ServerMachineOptions {
  /** Framings that are served; both unless given. */
  readonly framings?: readonly Framing[] | undefined;
  /** From the connection to a complete Get, and later without progress; 10,000 ms unless given. */
  readonly timeoutMs?: number | undefined;
}

type State =
  | "start" // nothing yet: Hello, or Bye
  | "linked" // Hello was read: Get, or Bye
  | "served" // the reply is out: everything but Bye is ignored
  | "draining" // the writing half is ended: everything is ignored
  | "done";

/** One connection of a server. */
export class ServerMachine implements Machine<ServerEvent> {
  readonly #desk: Desk;
  readonly #timeoutMs: number;
  readonly #decoder: FrameDecoder;
  #state: State = "start";
  #publicKey: Uint8Array | undefined;
  #wakeAt: number | undefined;
  #drained = 0;
  /** Why the header just judged is refused. */
  #refusal: { readonly reason: ErrorText; readonly header: FrameHeader } | undefined;

  /** The desk may change between connections, not within one. */
  constructor(desk: Desk, options: ServerMachineOptions = {}) {
    this.#desk = desk;
    this.#timeoutMs = options.timeoutMs ?? SESSION_TIMEOUT_MS;
    this.#decoder = new FrameDecoder(options.framings ?? FRAMINGS);
  }

  /** When to call {@linkcode ServerMachine.tick}. */
  get wakeAt(): number | undefined {
    return this.#wakeAt;
  }

  /** The time to a complete Get begins. */
  start(now: number): Step<ServerEvent> {
    this.#wakeAt = now + this.#timeoutMs;
    return IDLE;
  }

  /** Answers what is complete. */
  receive(bytes: Uint8Array, now: number): Step<ServerEvent> {
    if (this.#state === "draining") return this.#drain(bytes.length);
    if (this.#state === "done") return IDLE;
    this.#decoder.push(bytes);
    let step: Step<ServerEvent> = IDLE;
    for (;;) {
      const frame = this.#decoder.next(this.#judge);
      if (this.#refusal !== undefined) {
        const { reason, header } = this.#refusal;
        const what = `${reason}: ${describeHeader(header)}`;
        return join(step, this.#refuse(reason, what, now));
      }
      if (frame === undefined) return step;
      if (this.#state === "served" && frame.type !== BYE) continue;
      const message = readClientFrame(frame);
      switch (message?.type) {
        case "Hello":
          step = join(step, this.#hello(message.publicKey, now));
          break;
        case "Get":
          step = join(step, this.#get(message.request, now));
          break;
        case "Bye":
          return join(step, this.#finish());
      }
      if (this.#isDraining()) return step;
    }
  }

  /** The peer's end of stream ends the session silently in every state. */
  end(_now: number): Step<ServerEvent> {
    return this.#finish();
  }

  /** A deadline has passed. */
  tick(now: number): Step<ServerEvent> {
    if (this.#wakeAt === undefined || now < this.#wakeAt) return IDLE;
    switch (this.#state) {
      case "start":
      case "linked":
        return this.#refuse("timeout", `no complete Get in ${this.#timeoutMs} ms`, now);
      case "served":
        return this.#finish({ type: "stalled" });
      default:
        return this.#finish();
    }
  }

  /** Some of what was sent has been taken by the peer: the deadline begins anew. */
  progress(now: number): void {
    if (this.#state === "served") this.#wakeAt = now + this.#timeoutMs;
  }

  /** Type first, then length, before any byte of the body (spec 2.3). */
  readonly #judge = (header: FrameHeader): Verdict => {
    const reason = this.#judgeHeader(header);
    if (reason === undefined) return "take";
    if (this.#state === "served") return "skip";
    this.#refusal = { reason, header };
    return "refuse";
  };

  #judgeHeader({ type, length }: FrameHeader): ErrorText | undefined {
    if (type === BYE) return length > MAX_BYE_BYTES ? "message too long" : undefined;
    if (this.#state === "start" && type === HELLO) {
      return length === KEY_BYTES ? undefined : "bad key";
    }
    if (this.#state === "linked" && type === GET) {
      return length > MAX_GET_BYTES ? "message too long" : undefined;
    }
    return "unexpected message";
  }

  /** Only the narrow framing answers a Hello: Link would end an original client. */
  #hello(publicKey: Uint8Array, now: number): Step<ServerEvent> {
    this.#publicKey = publicKey;
    this.#state = "linked";
    if (this.#decoder.framing !== "narrow") return IDLE;
    if (!this.#desk.knows(publicKey)) return this.#unknownKey(publicKey, "narrow", now);
    return { send: [encodeServerMessage("narrow", { type: "Link" })], events: [], done: false };
  }

  #get(body: Uint8Array, now: number): Step<ServerEvent> {
    const [publicKey, framing] = [this.#publicKey, this.#decoder.framing];
    if (publicKey === undefined || framing === undefined) {
      throw new TypeError("Cannot answer a Get: no Hello before it");
    }
    const answer = this.#desk.answer({ publicKey, framing, body });
    switch (answer.type) {
      case "reply": {
        this.#state = "served";
        this.#wakeAt = now + this.#timeoutMs;
        const { frame, authenticated } = answer;
        const event = { type: "served", publicKey, framing, authenticated } as const;
        return { send: [frame], events: [event], done: false };
      }
      case "unknown-key":
        return this.#unknownKey(publicKey, framing, now);
      case "refuse":
        return this.#refuse(answer.reason, answer.reason, now);
    }
  }

  #unknownKey(publicKey: Uint8Array, framing: Framing, now: number): Step<ServerEvent> {
    this.#startDraining(now);
    return {
      send: [encodeServerMessage(framing, { type: "KeyNotFound", publicKey })],
      events: [{ type: "unknown-key", publicKey, framing }, { type: "half-close" }],
      done: false,
    };
  }

  /** An Error, if the framing is known; then the rest of what the peer sent is read away. */
  #refuse(reason: ErrorText, state: string, now: number): Step<ServerEvent> {
    const fault = new CofferFault("bad-message", `Cannot serve: ${state}`);
    const refused = { type: "refused", reason, fault, publicKey: this.#publicKey } as const;
    const framing = this.#decoder.framing;
    if (framing === undefined) return this.#finish(refused);
    this.#startDraining(now);
    return {
      send: [encodeServerMessage(framing, { type: "Error", reason })],
      events: [refused, { type: "half-close" }],
      done: false,
    };
  }

  /** Closing with unread data would reset the connection, and the peer might lose the Error. */
  #startDraining(now: number): void {
    this.#state = "draining";
    this.#wakeAt = now + DRAIN_MS;
  }

  #isDraining(): boolean {
    return this.#state === "draining";
  }

  #drain(length: number): Step<ServerEvent> {
    this.#drained += length;
    return this.#drained > DRAIN_BYTES ? this.#finish() : IDLE;
  }

  #finish(...events: ServerEvent[]): Step<ServerEvent> {
    this.#state = "done";
    this.#wakeAt = undefined;
    return { send: [], events, done: true };
  }
}

function join(first: Step<ServerEvent>, second: Step<ServerEvent>): Step<ServerEvent> {
  if (first === IDLE) return second;
  if (second === IDLE) return first;
  return {
    send: [...first.send, ...second.send],
    events: [...first.events, ...second.events],
    done: second.done,
  };
}
