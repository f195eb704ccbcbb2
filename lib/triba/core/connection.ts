/**
 * One connection of a backend: the machine over its stream, calls as promises.
 *
 * @module
 */

import { CallFault } from "../call_fault.ts";
import { KEY_EXCHANGE, type KeyExchange } from "../channel/keys.ts";
import type { BackendRequest } from "../bodies/backend.ts";
import type { Timeouts } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import { type ByteStream, Driver, NetFault, PACE, type Step } from "../../net/mod.ts";
import type { LogLevel } from "../../log/mod.ts";
import type { CoreSettings } from "../session/core_handshake.ts";
import { type CoreCall, type CoreEvent, CoreMachine } from "../session/core_machine.ts";
import type { Answer } from "../session/events.ts";
import type { Agreement } from "../session/settings.ts";

/** What a connection needs of the core. */
export interface ConnectionOptions {
  /** Says whose the id is, and how to talk to it; throws a {@linkcode TribaFault} if nobody's. */
  readonly admit: (id: Uint8Array) => CoreSettings;
  /** Returns that many random bytes. */
  readonly random: (length: number) => Uint8Array;
  /** Time-outs that differ from those of the document. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Told of the packet key. */
  readonly onKey?: ((packetKey: Uint8Array) => void) | undefined;
}

/** What a connection tells; set by whoever it belongs to once its id is known. */
export interface ConnectionListener {
  /** The handshake has come to another state. */
  changed(): void;
  /** The session is open. */
  opened(agreement: Agreement): void;
  /** The backend asks for something; it is acknowledged when this returns. */
  requested(body: BackendRequest): void;
  /** Something for the log. */
  logged(level: LogLevel, message: string): void;
}

interface PendingCall {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (fault: CallFault) => void;
  readonly forget: () => void;
}

/** The machine, and when its state changes in the handshake. */
class ObservedMachine extends CoreMachine {
  onState: () => void = () => {};
  #last = this.state;

  override receive(bytes: Uint8Array, now: number): Step<CoreEvent> {
    const step = super.receive(bytes, now);
    if (this.#last !== "open" && this.state !== this.#last) {
      this.#last = this.state;
      this.onState();
    }
    return step;
  }
}

/** One accepted connection. */
export class BackendConnection {
  /** Whoever it belongs to; nobody as long as its id is not known. */
  listener: ConnectionListener | undefined;

  readonly #machine: ObservedMachine;
  readonly #driver: Driver<CoreEvent>;
  readonly #calls = new Map<number, PendingCall>();
  #agreement: Agreement | undefined;
  #fault: TribaFault | undefined;
  #over = false;

  /** Takes the stream over. */
  constructor(stream: ByteStream, options: ConnectionOptions) {
    const { onKey } = options;
    this.#machine = new ObservedMachine({
      admit: options.admit,
      random: options.random,
      timeouts: options.timeouts,
      exchange: onKey === undefined ? undefined : watchExchange(onKey),
    });
    this.#machine.onState = () => this.listener?.changed();
    this.#driver = new Driver(paced(stream), this.#machine, {
      onEvent: (event) => this.#take(event),
    });
  }

  /** Where it stands, in the words of section 8. */
  get state(): string {
    return this.#over ? "closed" : this.#machine.state;
  }

  /** What both sides agreed on, once the session is open. */
  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  /** Runs it to its end; the fault that ended it, if it did not end as agreed. */
  async run(): Promise<TribaFault | undefined> {
    using _loop = PACE.enter();
    let lost: unknown;
    try {
      await this.#driver.run();
    } catch (error) {
      lost = error;
    }
    // A read or write that failed is the end of the stream (section 8); else nothing happens here.
    for (const event of this.#machine.end(performance.now()).events) this.#take(event);
    this.#over = true;
    for (const call of [...this.#calls.keys()]) {
      this.#settle(call)?.reject(unavailable("The connection ended before the response"));
    }
    if (lost !== undefined && !(lost instanceof NetFault || lost instanceof TribaFault)) throw lost;
    return this.#fault;
  }

  /** Sends a request; an aborted signal asks the backend to give it up. */
  call(request: CoreCall, signal?: AbortSignal): Promise<Answer> {
    if (signal?.aborted) {
      return Promise.reject(new CallFault("cancelled", "Cancelled before it was sent"));
    }
    if (this.#over) return Promise.reject(unavailable("The session has ended"));
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const step = this.#machine.request(request, performance.now());
    const cancel = () => this.#apply(this.#machine.cancel(step.call, performance.now()));
    signal?.addEventListener("abort", cancel, { once: true });
    const forget = () => signal?.removeEventListener("abort", cancel);
    this.#calls.set(step.call, { resolve, reject, forget });
    this.#apply(step);
    return promise;
  }

  /** Asks the backend to end, or closes if it is not known to understand that (section 4.2). */
  shutdown(): void {
    this.#apply(this.#machine.shutdown(performance.now()));
  }

  /** Ends it with a fault that was found elsewhere. */
  abort(fault: TribaFault): void {
    this.#apply(this.#machine.abort(fault));
  }

  /** Carries a step out, and uses the time until the answer to derive what the next packets need. */
  #apply(step: Step<CoreEvent>): void {
    this.#driver.apply(step);
    this.#machine.prepare();
  }

  #take(event: CoreEvent): void {
    switch (event.type) {
      case "open":
        this.#agreement = event.agreement;
        this.listener?.opened(event.agreement);
        break;
      case "request":
        this.listener?.requested(event.body);
        this.#apply(this.#machine.respond(event.id, { type: "Success" }));
        break;
      case "answer":
        this.#settle(event.call)?.resolve(event.response);
        break;
      case "failure":
        this.#settle(event.call)?.reject(new CallFault(event.code, event.message));
        break;
      case "log":
        this.listener?.logged(event.level, event.message);
        break;
      case "fault":
        this.#fault = event.fault;
        break;
      case "cancel": // only a core cancels
      case "shutdown": // only a core asks for it
      case "end":
        break;
      default:
        event satisfies never;
    }
  }

  #settle(number: number): PendingCall | undefined {
    const call = this.#calls.get(number);
    this.#calls.delete(number);
    call?.forget();
    return call;
  }
}

/** A request for which there is no open session. */
export function unavailable(message: string): CallFault {
  return new CallFault("unavailable", message);
}

/**
 * Read at once, though more may wait: a read is handled without a break, and so many bytes can hold
 * a hundred packets, or some 10 ms of work.
 */
const MAX_READ_BYTES = 8 * 1024;

/** A backend that never stops sending must not keep the event loop from everybody else. */
function paced(stream: ByteStream): ByteStream {
  return {
    read: async (into) => {
      while (PACE.isUsedUp()) await PACE.rest();
      return await stream.read(into.subarray(0, MAX_READ_BYTES));
    },
    write: (bytes) => stream.write(bytes),
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
  };
}

function watchExchange(onKey: (packetKey: Uint8Array) => void): KeyExchange {
  return {
    makeKeyPair: KEY_EXCHANGE.makeKeyPair,
    computePacketKey: (secretKey, peerKey) => {
      const key = KEY_EXCHANGE.computePacketKey(secretKey, peerKey);
      onKey(key);
      return key;
    },
  };
}
