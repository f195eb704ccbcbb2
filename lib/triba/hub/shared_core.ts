/**
 * A core that several parties use at once: each learns what the others changed, because a backend
 * reports no message that it was asked to send (section 7.2).
 *
 * @module
 */

import { CallFault } from "../call_fault.ts";
import type { BackendStatus, CoreControl, CoreNotice } from "../core/control.ts";
import type { CoreCall } from "../session/core_machine.ts";
import type { Answer } from "../session/events.ts";

/** Somebody changed something by a request that a backend carried out. */
export interface DoneNotice {
  /** Tells it from the notices of the core. */
  readonly type: "done";
  /** The backend. */
  readonly backend: string;
  /** Who asked for it. */
  readonly by: string;
  /** What was asked for. */
  readonly call: CoreCall;
  /** What the backend answered. */
  readonly answer: Answer;
}

/** Something that happened in a shared core. */
export type SharedNotice = CoreNotice | DoneNotice;

/** What all parties should see; never what holds a secret. */
const SHARED_CALLS: ReadonlySet<CoreCall["type"]> = new Set([
  "SendMessage",
  "EditMessage",
  "RemoveMessage",
  "React",
  "JoinRoom",
  "LeaveRoom",
  "MarkRead",
]);

/** The one object through which all parties use a core. */
export class SharedCore {
  readonly #core: CoreControl;
  readonly #parties = new Set<(notice: SharedNotice) => void>();
  readonly #unsubscribe: () => void;
  #changing = 0;
  #held: SharedNotice[] = [];
  #release: ReturnType<typeof setTimeout> | undefined;
  #ending = false;

  /** Listens to the core until it is closed. */
  constructor(core: CoreControl) {
    this.#core = core;
    this.#unsubscribe = core.subscribe((notice) => this.#take(notice));
  }

  /** All backends, in the order of the configuration. */
  backends(): readonly BackendStatus[] {
    return this.#core.backends();
  }

  /**
   * Sends a request to a backend.
   *
   * @param by Who asks for it.
   * @throws {CallFault} as {@linkcode CoreControl.request}.
   */
  async request(
    by: string,
    backend: string,
    call: CoreCall,
    signal?: AbortSignal,
  ): Promise<Answer> {
    this.#requireOpen();
    if (!SHARED_CALLS.has(call.type)) return await this.#core.request(backend, call, signal);
    this.#changing++;
    try {
      const answer = await this.#core.request(backend, call, signal);
      this.#tell({ type: "done", backend, by, call, answer });
      return answer;
    } finally {
      this.#changing--;
    }
  }

  /** Stops a backend if it runs and starts it again. @throws {CallFault} `not_found`. */
  async restart(backend: string): Promise<void> {
    this.#requireOpen();
    await this.#core.restart(backend);
  }

  /** Stops a backend until somebody restarts it. @throws {CallFault} `not_found`. */
  async stop(backend: string): Promise<void> {
    this.#requireOpen();
    await this.#core.stop(backend);
  }

  /** Calls the function for everything that happens from now on; the result ends that. */
  subscribe(notify: (notice: SharedNotice) => void): () => void {
    const party = (notice: SharedNotice) => notify(notice);
    this.#parties.add(party);
    return () => this.#parties.delete(party);
  }

  /** From now on nobody can ask for anything, while the core ends its backends. */
  refuse(): void {
    this.#ending = true;
  }

  /** Ends the listening. */
  close(): void {
    this.#unsubscribe();
    clearTimeout(this.#release);
    this.#parties.clear();
  }

  #requireOpen(): void {
    if (this.#ending) throw new CallFault("unavailable", "Cannot ask the core: it is ending");
  }

  /**
   * An answer reaches its caller a moment after the events that came with it. What follows from a
   * request would so be told before the request itself; therefore events wait for that moment.
   */
  #take(notice: CoreNotice): void {
    if (this.#held.length === 0) {
      if (notice.type !== "event" || this.#changing === 0) return this.#tell(notice);
      this.#release = setTimeout(() => this.#tellHeld(), 0);
    }
    this.#held.push(notice);
  }

  #tellHeld(): void {
    for (const notice of this.#held.splice(0)) this.#tell(notice);
  }

  #tell(notice: SharedNotice): void {
    for (const party of [...this.#parties]) party(notice);
  }
}
