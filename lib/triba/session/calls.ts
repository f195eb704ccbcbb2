/**
 * The requests of this side: which are on their way, which wait for their turn, when they time out
 * (section 6.3).
 *
 * @module
 */

import type { MsgpackValue } from "../../msgpack/mod.ts";
import { MAX_OUTSTANDING } from "../constants.ts";

/** A request of this side. */
export interface Call {
  /** Number by which the program knows it; undefined for those that the session makes itself. */
  readonly number: number | undefined;
  /** Name of the request. */
  readonly name: string;
  /** The encoded body. */
  readonly body: MsgpackValue;
  /** When it fails, in milliseconds of the machine's clock. */
  readonly deadline: number;
  /** Whether it counts for the limit of outstanding requests. */
  readonly counted: boolean;
}

/** Requests that neither count for the limit nor wait (section 6.3). */
export const UNCOUNTED: ReadonlySet<string> = new Set(["Ping", "Cancel", "Shutdown"]);

/** Keeps the calls of one connection in order. */
export class Calls {
  /** Sent, by packet id; those that timed out stay until their response comes. */
  readonly #outstanding = new Map<number, Call>();
  /** Not sent yet. */
  readonly #waiting = new Set<Call>();
  /** Not answered and not failed, the earliest first, as all take the same time. */
  readonly #pending = new Set<Call>();
  #counted = 0;

  /** When the next call times out. */
  get deadline(): number | undefined {
    for (const call of this.#pending) return call.deadline;
    return undefined;
  }

  /** Adds a call that waits for its turn; deadlines must not decrease. */
  add(call: Call): void {
    this.#waiting.add(call);
    this.#pending.add(call);
  }

  /** The first call whose turn it is, and takes it: it must be sent or dropped. */
  takeReady(): Call | undefined {
    for (const call of this.#waiting) {
      if (call.counted && this.#counted >= MAX_OUTSTANDING) continue;
      this.#waiting.delete(call);
      return call;
    }
    return undefined;
  }

  /** Notes that a call was sent as packet `id`. */
  sent(id: number, call: Call): void {
    this.#outstanding.set(id, call);
    if (call.counted) this.#counted++;
  }

  /** Notes that a call failed before it was sent. */
  drop(call: Call): void {
    this.#waiting.delete(call);
    this.#pending.delete(call);
  }

  /** The call that packet `id` was, which now has its response; `late` if it had failed before. */
  answered(id: number): { readonly call: Call; readonly late: boolean } | undefined {
    const call = this.#outstanding.get(id);
    if (call === undefined) return undefined;
    this.#outstanding.delete(id);
    if (call.counted) this.#counted--;
    return { call, late: !this.#pending.delete(call) };
  }

  /** Takes the calls that time out now. */
  expire(now: number): readonly Call[] {
    const expired: Call[] = [];
    for (const call of this.#pending) {
      if (call.deadline > now) break;
      expired.push(call);
    }
    for (const call of expired) this.drop(call);
    return expired;
  }

  /** The pending call of this number, and its packet id if it was sent. */
  find(number: number): { readonly call: Call; readonly id: number | undefined } | undefined {
    for (const call of this.#waiting) if (call.number === number) return { call, id: undefined };
    for (const [id, call] of this.#outstanding) {
      if (call.number === number && this.#pending.has(call)) return { call, id };
    }
    return undefined;
  }

  /** Takes all pending calls: the connection is over. */
  takeAll(): readonly Call[] {
    const calls = [...this.#pending];
    this.#pending.clear();
    this.#waiting.clear();
    this.#outstanding.clear();
    return calls;
  }
}
