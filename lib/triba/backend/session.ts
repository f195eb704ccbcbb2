/**
 * The driver of a backend: its machine over a stream, and between the machine and the network's
 * code ({@linkcode Backend}) what every backend would have to do alike (sections 6.3, 8 and 9.1).
 *
 * @module
 */

import type { Logger } from "../../log/mod.ts";
import { type ByteStream, Driver, NetFault } from "../../net/mod.ts";
import type { CoreRequest } from "../bodies/core.ts";
import { answers } from "../bodies/response.ts";
import { CallFault } from "../call_fault.ts";
import type { Timeouts } from "../constants.ts";
import type { TribaFault } from "../fault.ts";
import type { BackendSettings } from "../session/backend_handshake.ts";
import { BackendMachine, type BackendMachineEvent } from "../session/backend_machine.ts";
import type { Answer } from "../session/events.ts";
import { OpenLink } from "./core_link.ts";
import { fitAnswer } from "./fit_answer.ts";
import type { Backend, ServedRequest } from "./handler.ts";
import { Requests } from "./requests.ts";

/** How long a backend may take to give up what is open; the core waits 5 s, in milliseconds. */
const CLOSE_TIMEOUT_MS = 4_000;

/** What a session needs beside its stream and the backend. */
export interface BackendSessionOptions {
  /** How to talk to the core; the features are those of the backend. */
  readonly settings: Omit<BackendSettings, "features">;
  /** Where to log to. */
  readonly log: Logger;
  /** Ends the session as if the core had asked for it. */
  readonly signal?: AbortSignal | undefined;
  /** Time-outs that differ from those of the document. */
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Milliseconds that a backend may take to close, if not 4 s. */
  readonly closeTimeoutMs?: number | undefined;
}

/**
 * Runs a backend over a connection to its core until either side ends it; the stream is closed then.
 * Resolves to what went wrong, or undefined if it ended as agreed. Rejects with what the backend's
 * own `open` throws.
 */
export async function runBackendSession(
  stream: ByteStream,
  backend: Backend,
  options: BackendSessionOptions,
): Promise<TribaFault | undefined> {
  return await new BackendSession(stream, backend, options).run();
}

class BackendSession {
  readonly #backend: Backend;
  readonly #options: BackendSessionOptions;
  readonly #log: Logger;
  readonly #machine: BackendMachine;
  readonly #driver: Driver<BackendMachineEvent>;
  readonly #requests: Requests;
  #link: OpenLink | undefined;
  #closing: Promise<void> | undefined;
  #fault: TribaFault | undefined;

  constructor(stream: ByteStream, backend: Backend, options: BackendSessionOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#log = options.log;
    this.#machine = new BackendMachine({
      settings: { ...options.settings, features: backend.features },
      random: (length) => crypto.getRandomValues(new Uint8Array(length)),
      timeouts: options.timeouts,
    });
    this.#driver = new Driver(stream, this.#machine, { onEvent: (event) => this.#take(event) });
    this.#requests = new Requests({
      handle: (request, signal) => backend.handle(request, signal),
      answer: (id, request, answer) => this.#answer(id, request, answer),
      fail: (id, error, signal) => this.#fail(id, error, signal),
    });
  }

  async run(): Promise<TribaFault | undefined> {
    const { signal } = this.#options;
    const stop = () => this.#stop();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    try {
      await this.#driver.run();
    } catch (error) {
      if (!(error instanceof NetFault)) throw error;
      // A reset is as the end of the stream (section 8), which the machine knows to name.
      for (const event of this.#machine.end(performance.now()).events) this.#take(event);
    } finally {
      signal?.removeEventListener("abort", stop);
      this.#link?.end();
      await this.#close();
    }
    return this.#fault;
  }

  #take(event: BackendMachineEvent): void {
    switch (event.type) {
      case "open":
        return this.#open(event.agreement);
      case "request":
        if (this.#closing === undefined) return this.#requests.take(event.id, asServed(event.body));
        return this.#fail(event.id, closing(), undefined);
      case "cancel":
        return this.#requests.cancel(event.id, new CallFault("cancelled", "Cancelled by the core"));
      case "shutdown":
        return this.#stop();
      case "answer":
        return this.#link?.answered(event.call);
      case "failure":
        return this.#link?.failed(event);
      case "log":
        return this.#log[event.level](event.message);
      case "end":
        return;
      case "fault":
        this.#fault = event.fault;
    }
  }

  #open(agreement: OpenLink["agreement"]): void {
    const { major, minor, agent = "a core", sealed, features } = agreement;
    this.#log.debug("session open", {
      agent,
      api: `${major}.${minor}`,
      sealed,
      features: [...features],
    });
    this.#link = new OpenLink(agreement, (body) => {
      const step = this.#machine.request(body, performance.now());
      this.#driver.apply(step);
      this.#machine.prepare();
      return step.call;
    }, this.#log);
    this.#backend.open(this.#link);
  }

  #answer(id: number, request: ServedRequest, given: Answer): void {
    if (!answers(request.type, given.type)) {
      throw new TypeError(`${given.type} is no answer to ${request.type}`);
    }
    const { answer, rooms } = fitAnswer(given);
    this.#driver.apply(this.#machine.respond(id, answer));
    this.#machine.prepare(); // the bytes are on their way, and nothing else is to be done
    for (const room of rooms) this.#link?.event({ type: "RoomUpdated", room });
  }

  #fail(id: number, error: unknown, signal: AbortSignal | undefined): void {
    // What a handler throws on its way out of an aborted request is no news.
    const fault = signal?.aborted ? signal.reason : error;
    this.#driver.apply(
      fault instanceof CallFault
        ? this.#machine.respond(id, { type: "Error", code: fault.code, message: fault.message })
        : this.#machine.respondToThrow(id, fault),
    );
    this.#machine.prepare();
  }

  /** The core asked for it, or this process was told to end. */
  #stop(): void {
    this.#close().then(() => this.#driver.apply(this.#machine.stop()));
  }

  /** Gives up all requests and closes the backend, once. Never rejects. */
  #close(): Promise<void> {
    return this.#closing ??= this.#closeInTime();
  }

  async #closeInTime(): Promise<void> {
    this.#requests.cancelAll(closing());
    if (this.#link === undefined) return; // the backend has not begun with anything
    const { closeTimeoutMs = CLOSE_TIMEOUT_MS } = this.#options;
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), closeTimeoutMs);
    try {
      const closed = Promise.all([this.#backend.close(), this.#requests.idle()]);
      if (await Promise.race([closed, late.promise]) === "late") {
        this.#log.warn(`Backend is not closed after ${closeTimeoutMs} ms: goes on without it`);
      }
    } catch (error) {
      this.#log.error(`Cannot close the backend: ${error}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

function closing(): CallFault {
  return new CallFault("unavailable", "The backend is about to end");
}

/** The machine answers the other three by itself. */
function asServed(request: CoreRequest): ServedRequest {
  switch (request.type) {
    case "Ping":
    case "Shutdown":
    case "Cancel":
      throw new TypeError(`The machine reports ${request.type}, which it should answer`);
    default:
      return request;
  }
}
