/**
 * The open session as a backend sees it: what it tells its core, and how a slow core slows it down.
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import type { BackendEvent, BackendRequest, Status } from "../bodies/backend.ts";
import { CallFault } from "../call_fault.ts";
import { MAX_OUTSTANDING } from "../constants.ts";
import type { BackendMachineEvent } from "../session/backend_machine.ts";
import type { Agreement } from "../session/settings.ts";
import type { CoreLink } from "./handler.ts";

/** Something told to the core that it has not acknowledged yet. */
interface Telling {
  readonly body: BackendRequest;
  readonly resolve: () => void;
  readonly reject: (fault: CallFault) => void;
}

/** A request that failed, as the machine reports it. */
export type CallFailure = Extract<BackendMachineEvent, { readonly type: "failure" }>;

/** Carries out {@linkcode CoreLink} over a machine. */
export class OpenLink implements CoreLink {
  readonly agreement: Agreement;
  /** Sends a request and returns its number. */
  readonly #send: (body: BackendRequest) => number;
  readonly #log: Logger;
  readonly #outstanding = new Map<number, Telling>();
  /** What waits for its turn. It is kept here so that its time runs only once it was sent. */
  #waiting: Telling[] = [];
  #ended = false;

  /** Begins with nothing told. */
  constructor(agreement: Agreement, send: (body: BackendRequest) => number, log: Logger) {
    this.agreement = agreement;
    this.#send = send;
    this.#log = log;
  }

  status(status: Status): Promise<void> {
    return this.#tell({ type: "Status", status });
  }

  event(event: BackendEvent): Promise<void> {
    return this.#tell({ type: "Event", event });
  }

  /** The core has acknowledged request `call`. */
  answered(call: number): void {
    this.#take(call)?.resolve();
  }

  /** A request has failed. */
  failed({ call, code, message, answered }: CallFailure): void {
    const telling = this.#take(call);
    if (telling === undefined) return;
    if (answered || code !== "unavailable") { // that the session is over is said elsewhere
      this.#log.warn(`Core does not take ${telling.body.type}: ${code}, ${message}`);
    }
    telling.reject(new CallFault(code, message));
  }

  /** The session is over: what is not acknowledged never will be. */
  end(): void {
    this.#ended = true;
    const left = [...this.#outstanding.values(), ...this.#waiting];
    this.#outstanding.clear();
    this.#waiting = [];
    for (const { reject } of left) reject(sessionOver());
  }

  #tell(body: BackendRequest): Promise<void> {
    if (this.#ended) return quietly(Promise.reject(sessionOver()));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const telling = { body, resolve, reject };
    if (this.#outstanding.size < MAX_OUTSTANDING) this.#start(telling);
    else this.#waiting.push(telling);
    return quietly(promise);
  }

  #start(telling: Telling): void {
    this.#outstanding.set(this.#send(telling.body), telling);
  }

  #take(call: number): Telling | undefined {
    const telling = this.#outstanding.get(call);
    if (telling === undefined) return undefined;
    this.#outstanding.delete(call);
    const next = this.#waiting.shift();
    if (next !== undefined) this.#start(next);
    return telling;
  }
}

function sessionOver(): CallFault {
  return new CallFault("unavailable", "The session with the core is over");
}

/** Who does not wait for an acknowledgement need not handle its failure either: it is in the log. */
function quietly(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}
