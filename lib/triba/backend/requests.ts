/**
 * The core's requests that are being carried out: several at once, those that change one room one
 * after the other (section 6.3).
 *
 * @module
 */

import type { Answer } from "../session/events.ts";
import type { ServedRequest } from "./handler.ts";

/** What becomes of a request. */
export interface Outcomes {
  /** Carries it out. */
  readonly handle: (request: ServedRequest, signal: AbortSignal) => Promise<Answer>;
  /** It was carried out. */
  readonly answer: (id: number, request: ServedRequest, answer: Answer) => void;
  /** Its handler threw, or the signal was aborted before its turn came. */
  readonly fail: (id: number, error: unknown, signal: AbortSignal) => void;
}

/** Carries out requests. */
export class Requests {
  readonly #outcomes: Outcomes;
  readonly #running = new Map<number, AbortController>();
  /** The last change of each room that has one. */
  readonly #changes = new Map<string, Promise<void>>();
  #idle = Promise.withResolvers<void>();

  /** Begins without any. */
  constructor(outcomes: Outcomes) {
    this.#outcomes = outcomes;
  }

  /** Carries out a request, now or when its turn comes. */
  take(id: number, request: ServedRequest): void {
    const controller = new AbortController();
    this.#running.set(id, controller);
    const room = changedRoom(request);
    if (room === undefined) {
      this.#run(id, request, controller.signal);
      return;
    }
    const earlier = this.#changes.get(room);
    const change = earlier === undefined
      ? this.#run(id, request, controller.signal)
      : earlier.then(() => this.#run(id, request, controller.signal));
    this.#changes.set(room, change);
    change.then(() => {
      if (this.#changes.get(room) === change) this.#changes.delete(room);
    });
  }

  /** The core no longer wants a request. */
  cancel(id: number, reason: unknown): void {
    this.#running.get(id)?.abort(reason);
  }

  /** The session is about to end: nothing is wanted any more. */
  cancelAll(reason: unknown): void {
    for (const controller of this.#running.values()) controller.abort(reason);
  }

  /** Resolves when none is being carried out. */
  idle(): Promise<void> {
    return this.#running.size === 0 ? Promise.resolve() : this.#idle.promise;
  }

  async #run(id: number, request: ServedRequest, signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted(); // given up while it waited for its turn
      this.#outcomes.answer(id, request, await this.#outcomes.handle(request, signal));
    } catch (error) {
      this.#outcomes.fail(id, error, signal);
    } finally {
      this.#running.delete(id);
      if (this.#running.size === 0) {
        this.#idle.resolve();
        this.#idle = Promise.withResolvers<void>();
      }
    }
  }
}

/** The room that a request changes. */
function changedRoom(request: ServedRequest): string | undefined {
  switch (request.type) {
    case "JoinRoom":
    case "LeaveRoom":
    case "SendMessage":
    case "MarkRead":
    case "SetTyping":
    case "EditMessage":
    case "RemoveMessage":
    case "React":
      return request.room;
    case "Login":
    case "LoginAnswer":
    case "ListRooms":
    case "FetchMessages":
    case "ListMembers":
    case "StartDirect":
      return undefined;
  }
}
