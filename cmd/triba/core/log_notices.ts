/**
 * What happens in a core, as its log tells it.
 *
 * @module
 */

import type { Logger } from "../../../lib/log/mod.ts";
import type { BackendStatus, CoreNotice } from "../../../lib/triba/core/mod.ts";
import type { SharedNotice } from "../../../lib/triba/hub/mod.ts";

/** Writes notices to a log; what people say to each other is not for it. */
export class NoticeLog {
  readonly #log: Logger;
  readonly #states = new Map<string, BackendStatus["state"]>();

  /** Writes to this log. */
  constructor(log: Logger) {
    this.#log = log;
  }

  /** Takes a notice. */
  take(notice: SharedNotice): void {
    switch (notice.type) {
      case "log":
        this.#line(notice);
        return;
      case "backend":
        this.#state(notice.status);
        return;
      case "removed":
        this.#states.delete(notice.backend);
        return;
      case "login":
        this.#log.warn(`${notice.backend}: the login needs an answer: ${notice.step.text}`);
        return;
      case "event":
      case "done":
    }
  }

  #line({ backend, pid, level, text }: Extract<CoreNotice, { readonly type: "log" }>): void {
    this.#log[level](`${backend}: ${text}`, { pid });
  }

  #state(status: BackendStatus): void {
    const { name, state, pid, exit, signal } = status;
    if (this.#states.get(name) === state) return;
    this.#states.set(name, state);
    this.#log.debug(`${name}: ${state}`, { pid, exit, signal });
    const crashed = state === "waiting" || (state === "stopped" && (exit ?? 0) !== 0);
    if (!crashed) return;
    for (const line of status.lastLines) this.#log.warn(`${name}: last words: ${line}`);
  }
}
