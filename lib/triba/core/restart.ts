/**
 * Whether and when a backend is started again (section 9.2).
 *
 * @module
 */

import { EXIT_CODES } from "../constants.ts";

/** The rules; times in milliseconds. */
export interface RestartRules {
  /** Delay before the first restart. */
  readonly firstDelayMs: number;
  /** Longest delay; each is twice the one before. */
  readonly mostDelayMs: number;
  /** Part of the delay by which it varies up and down. */
  readonly jitter: number;
  /** An open session of this length forgets the delays. */
  readonly steadyMs: number;
  /** So many failures within {@linkcode RestartRules.windowMs} end it. */
  readonly failures: number;
  /** Failures longer ago do not count. */
  readonly windowMs: number;
}

/** The rules of section 9.2. */
export const RESTART_RULES: RestartRules = {
  firstDelayMs: 1_000,
  mostDelayMs: 60_000,
  jitter: 0.2,
  steadyMs: 60_000,
  failures: 5,
  windowMs: 300_000,
};

/** How a run of a backend ended. */
export interface RunEnd {
  /** The exit code; undefined if a signal ended the process, or it never began. */
  readonly exitCode?: number | undefined;
  /** Whether the core wanted it to end. */
  readonly requested?: boolean | undefined;
  /** Whether the core let the id expire, so that exit code 77 is the core's own doing. */
  readonly idExpired?: boolean | undefined;
  /** Whether both speak different major versions, which no restart will change. */
  readonly versionDiffers?: boolean | undefined;
}

/** What to do after a run. */
export type RestartDecision =
  | { readonly type: "restart"; readonly delayMs: number }
  | { readonly type: "stop"; readonly reason: string };

const FINAL_EXIT_CODES: ReadonlyMap<number, string> = new Map([
  [EXIT_CODES.usage, "it refuses its arguments"],
  [EXIT_CODES.protocol, "it found a fault of the protocol"],
  [EXIT_CODES.refused, "its id was refused"],
  [EXIT_CODES.configuration, "its configuration is wrong"],
]);

/** Decides for one backend. */
export class RestartPolicy {
  readonly #rules: RestartRules;
  readonly #random: () => number;
  #delayMs: number;
  #openedAt: number | undefined;
  #failures: number[] = [];

  /** Takes a source of numbers from 0 up to 1, for the jitter. */
  constructor(random: () => number, rules: RestartRules = RESTART_RULES) {
    this.#rules = rules;
    this.#random = random;
    this.#delayMs = rules.firstDelayMs;
  }

  /** The session is open. */
  opened(now: number): void {
    this.#openedAt = now;
  }

  /** The run is over. */
  ended(end: RunEnd, now: number): RestartDecision {
    const openedAt = this.#openedAt;
    this.#openedAt = undefined;
    if (end.requested) return { type: "stop", reason: "it was asked to stop" };
    if (end.versionDiffers) return { type: "stop", reason: "it speaks another major version" };
    const final = end.exitCode === undefined ? undefined : FINAL_EXIT_CODES.get(end.exitCode);
    if (final !== undefined && !(end.exitCode === EXIT_CODES.refused && end.idExpired)) {
      return { type: "stop", reason: final };
    }
    const { failures, windowMs, steadyMs, firstDelayMs } = this.#rules;
    this.#failures = [...this.#failures.filter((at) => at > now - windowMs), now];
    if (this.#failures.length >= failures) {
      const seconds = Math.round(windowMs / 1000);
      return { type: "stop", reason: `it failed ${failures} times within ${seconds} s` };
    }
    if (openedAt !== undefined && now - openedAt >= steadyMs) this.#delayMs = firstDelayMs;
    return { type: "restart", delayMs: this.#nextDelay() };
  }

  /** A user starts it again: all is forgotten. */
  reset(): void {
    this.#failures = [];
    this.#delayMs = this.#rules.firstDelayMs;
  }

  #nextDelay(): number {
    const { jitter, mostDelayMs } = this.#rules;
    const delayMs = this.#delayMs * (1 + jitter * (2 * this.#random() - 1));
    this.#delayMs = Math.min(this.#delayMs * 2, mostDelayMs);
    return Math.round(delayMs);
  }
}
