/**
 * The client's side of one connection (spec sections 3 and 14.1). It fetches the sealed reply;
 * opening it is a matter of reply.ts, after the server has been told Bye.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { IDLE, type Machine, type Step } from "../net/machine.ts";
import {
  DRAIN_BYTES,
  DRAIN_MS,
  ERROR,
  FETCH_TIMEOUT_MS,
  KEY_NOT_FOUND,
  LINK,
  MAX_BYE_BYTES,
  MAX_ERROR_BYTES,
  MAX_REPLY_BYTES,
  OK_GET_NARROW,
  OK_GET_WIDE,
} from "./constants.ts";
import { CofferFault, type CofferFaultCode, quote } from "./fault.ts";
import { FrameDecoder, type FrameHeader, type Framing, type Verdict } from "./frame.ts";
import { describeHeader, encodeClientMessage, readServerFrame } from "./message.ts";

/** What a connection came to. After any of them the machine says Bye, then waits for the end. */
export type ClientEvent =
  /** The sealed shard. */
  | { readonly type: "reply"; readonly sealed: Uint8Array }
  /** A ping was answered as far as servers answer one. */
  | { readonly type: "alive" }
  /** The server does not speak the wide framing: try again, once, in the narrow one. */
  | { readonly type: "other-framing" }
  /** No reply will come. */
  | { readonly type: "fault"; readonly fault: CofferFault }
  /** Once everything has been written, end the writing half and go on reading. */
  | { readonly type: "half-close" };

/** What a client wants. */
export interface ClientMachineOptions {
  /** The framing to speak; never narrow unless told to, since it kills an original server. */
  readonly framing: Framing;
  /** Whether an answer in the narrow framing is an event and not a fault. */
  readonly detect?: boolean | undefined;
  /** The client's public key. */
  readonly publicKey: Uint8Array;
  /** The body of Get: empty, or a request of the authenticated mode (14.4). */
  readonly request?: Uint8Array | undefined;
  /** `ping` says Hello and Bye and fetches nothing. */
  readonly purpose?: "fetch" | "ping" | undefined;
  /** From the connection to the reply, in milliseconds; 30,000 unless given. */
  readonly timeoutMs?: number | undefined;
  /** Largest reply, in bytes; 16 MiB unless given. */
  readonly maxReplyBytes?: number | undefined;
}

type State =
  | "linking" // narrow: Hello is out, Link is awaited
  | "waiting" // Get is out, or a ping's Bye
  | "draining" // Bye is out and the writing half is ended
  | "done";

/** One connection of a client. */
export class ClientMachine implements Machine<ClientEvent> {
  readonly #options: ClientMachineOptions;
  readonly #decoder: FrameDecoder;
  #state: State;
  #wakeAt: number | undefined;
  #linked = false;
  #received = 0;
  /** Why the header just judged is refused. */
  #refusal: CofferFault | undefined;

  /** The options' arrays are kept, not copied. */
  constructor(options: ClientMachineOptions) {
    this.#options = options;
    this.#decoder = new FrameDecoder(options.framing === "narrow" ? ["narrow"] : undefined);
    this.#state = options.framing === "narrow" ? "linking" : "waiting";
  }

  /** When to call {@linkcode ClientMachine.tick}. */
  get wakeAt(): number | undefined {
    return this.#wakeAt;
  }

  /** Hello and, in the wide framing, what follows it in the same write. */
  start(now: number): Step<ClientEvent> {
    this.#wakeAt = now + (this.#options.timeoutMs ?? FETCH_TIMEOUT_MS);
    const hello = this.#encode("Hello");
    if (this.#state === "linking") return { send: [hello], events: [], done: false };
    const next = this.#options.purpose === "ping" ? this.#encode("Bye") : this.#encode("Get");
    return { send: [concat([hello, next])], events: [], done: false };
  }

  /** Reads up to the reply; what follows it is dropped. */
  receive(bytes: Uint8Array, now: number): Step<ClientEvent> {
    if (this.#state === "done") return IDLE;
    this.#received += bytes.length;
    if (this.#state === "draining") {
      return this.#received > DRAIN_BYTES ? this.#finish() : IDLE;
    }
    this.#decoder.push(bytes);
    const frame = this.#decoder.next(this.#judge);
    if (this.#decoder.framing !== undefined && this.#decoder.framing !== this.#options.framing) {
      return this.#otherFraming(now);
    }
    if (this.#refusal !== undefined) return this.#leave(now, this.#fail(this.#refusal));
    if (frame === undefined) return IDLE;
    const message = readServerFrame(frame);
    switch (message?.type) {
      case "Link":
        return this.#link(now);
      case "OkGet":
        return this.#leave(now, { type: "reply", sealed: message.sealed.slice() });
      case "KeyNotFound":
        return this.#leave(now, this.#fault("unknown-key", "the server does not know this key"));
      default: {
        const reason = message?.type === "Error" ? quote(message.reason) : "no reason";
        return this.#leave(now, this.#fault("refused", `the server refused: ${reason}`));
      }
    }
  }

  /**
   * The server's end of stream: the end of the session, or of the hope for a reply. A connection
   * that was reset ends in the same way.
   */
  end(_now: number): Step<ClientEvent> {
    if (this.#state === "draining" || this.#state === "done") return this.#finish();
    if (this.#options.purpose === "ping" && this.#received === 0 && this.#state === "waiting") {
      return this.#finish({ type: "alive" });
    }
    const state = "the server closed the connection " +
      (this.#received === 0 ? `without an answer${this.#hint()}` : "in the middle of its answer");
    return this.#finish(this.#fault("closed", state));
  }

  /** The time for an answer, or for the server's end, is over. */
  tick(now: number): Step<ClientEvent> {
    if (this.#wakeAt === undefined || now < this.#wakeAt) return IDLE;
    if (this.#state === "draining") return this.#finish();
    const state = this.#received === 0
      ? `no answer in time${this.#hint()}`
      : "no complete answer in time";
    return this.#leave(now, this.#fault("timeout", state));
  }

  /** Leaves early, such as after a signal: an original server dies of a client without Bye. */
  abandon(now: number): Step<ClientEvent> {
    if (this.#state === "draining" || this.#state === "done") return IDLE;
    return this.#leave(now);
  }

  readonly #judge = (header: FrameHeader): Verdict => {
    if (this.#allows(header)) return "take";
    const what = `Cannot fetch: ${describeHeader(header)} is no answer in this state`;
    this.#refusal = new CofferFault("bad-message", what);
    return "refuse";
  };

  #allows({ type, length }: FrameHeader): boolean {
    switch (type) {
      case LINK:
        return !this.#linked && length === 0;
      case OK_GET_NARROW:
      case OK_GET_WIDE:
        return this.#state === "waiting" && this.#options.purpose !== "ping" &&
          length <= (this.#options.maxReplyBytes ?? MAX_REPLY_BYTES);
      case KEY_NOT_FOUND:
        return length <= MAX_BYE_BYTES;
      case ERROR:
        return length <= MAX_ERROR_BYTES;
      default:
        return false;
    }
  }

  /** The narrow framing's permission to go on; a needless word in the wide one. */
  #link(now: number): Step<ClientEvent> {
    this.#linked = true;
    if (this.#state === "waiting") return this.receive(new Uint8Array(), now);
    if (this.#options.purpose === "ping") return this.#leave(now, { type: "alive" });
    this.#state = "waiting";
    const step = { send: [this.#encode("Get")], events: [], done: false };
    const rest = this.receive(new Uint8Array(), now);
    return rest === IDLE ? step : { ...rest, send: [...step.send, ...rest.send] };
  }

  #otherFraming(now: number): Step<ClientEvent> {
    if (this.#options.detect === true) return this.#leave(now, { type: "other-framing" });
    const state = "the server does not answer in the wide framing; try --protocol narrow";
    return this.#leave(now, this.#fault("bad-frame", state));
  }

  /** Bye, then the end of our half; the server's is awaited for a moment (14.1). */
  #leave(now: number, ...events: ClientEvent[]): Step<ClientEvent> {
    const saidBye = this.#options.purpose === "ping" && this.#options.framing === "wide";
    this.#state = "draining";
    this.#received = 0;
    this.#wakeAt = now + DRAIN_MS;
    const send = saidBye ? [] : [this.#encode("Bye")];
    return { send, events: [...events, { type: "half-close" }], done: false };
  }

  #finish(...events: ClientEvent[]): Step<ClientEvent> {
    this.#state = "done";
    this.#wakeAt = undefined;
    return { send: [], events, done: true };
  }

  #encode(type: "Hello" | "Get" | "Bye"): Uint8Array<ArrayBuffer> {
    const { framing, publicKey, request = new Uint8Array() } = this.#options;
    return encodeClientMessage(framing, { type, publicKey, request });
  }

  #fault(code: CofferFaultCode, state: string): ClientEvent {
    return this.#fail(new CofferFault(code, `Cannot fetch: ${state}`));
  }

  #fail(fault: CofferFault): ClientEvent {
    return { type: "fault", fault };
  }

  /** An original server that does not know the key closes, and so may one of the seed's framing. */
  #hint(): string {
    if (this.#options.framing === "narrow") return "";
    return " (it may not know this key, or want --protocol narrow)";
  }
}
