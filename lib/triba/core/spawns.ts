/**
 * The ids that a core has given out: which are waited for, which are in use (sections 3.1, 8 and
 * 11). An id is good for one connection.
 *
 * @module
 */

import { equalConstantTime } from "../../bytes/mod.ts";
import { describeId } from "../id.ts";
import { TribaFault } from "../fault.ts";

/** What became of an id that a connection showed; `spawn` is what it was given to. */
export type Claim<T> =
  /** The first connection in time. */
  | { readonly type: "admitted"; readonly spawn: T }
  /** F02: never given, used, or expired; in the last case with the spawn that came too late. */
  | { readonly type: "unknown"; readonly late: T | undefined; readonly fault: TribaFault }
  /** F03: close both connections and stop the child: somebody may have raced it. */
  | { readonly type: "collision"; readonly spawn: T; readonly fault: TribaFault }
  /** F04: close this connection; the session of the first goes on. */
  | { readonly type: "second"; readonly spawn: T; readonly fault: TribaFault };

interface Entry<T> {
  readonly id: Uint8Array;
  readonly spawn: T;
  readonly expiresAt: number;
  state: "waiting" | "claimed" | "open";
}

/** The spawns of one core. */
export class Spawns<T> {
  readonly #entries = new Set<Entry<T>>();

  /** Begins to wait for a connection with this id, until `expiresAt` on the core's clock. */
  add(id: Uint8Array, spawn: T, expiresAt: number): void {
    this.#entries.add({ id: id.slice(), spawn, expiresAt, state: "waiting" });
  }

  /** A connection shows an id. */
  claim(id: Uint8Array, now: number): Claim<T> {
    const entry = this.#find(id);
    const name = describeId(id);
    if (entry === undefined || (entry.state === "waiting" && now >= entry.expiresAt)) {
      const fault = new TribaFault("unknown-id", `Cannot admit id ${name}: unknown or expired`);
      return { type: "unknown", late: entry?.spawn, fault };
    }
    const { spawn } = entry;
    switch (entry.state) {
      case "waiting":
        entry.state = "claimed";
        return { type: "admitted", spawn };
      case "claimed": {
        this.#entries.delete(entry);
        const state = "shown twice before its session was open, one of both may be an impostor";
        return {
          type: "collision",
          spawn,
          fault: new TribaFault("collision", `Cannot admit id ${name}: ${state}`),
        };
      }
      case "open": {
        const state = "its session is open";
        return {
          type: "second",
          spawn,
          fault: new TribaFault("second", `Cannot admit id ${name}: ${state}`),
        };
      }
    }
  }

  /** The session of this id is open. */
  opened(id: Uint8Array): void {
    const entry = this.#find(id);
    if (entry?.state === "claimed") entry.state = "open";
  }

  /** The spawn is over: its id is used up. */
  remove(id: Uint8Array): void {
    const entry = this.#find(id);
    if (entry !== undefined) this.#entries.delete(entry);
  }

  /** Looks at every entry, so that the time tells nothing of how much of an id was right. */
  #find(id: Uint8Array): Entry<T> | undefined {
    let found: Entry<T> | undefined;
    for (const entry of this.#entries) if (equalConstantTime(entry.id, id)) found = entry;
    return found;
  }
}
