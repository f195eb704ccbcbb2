/**
 * What this process was given, and what its command is to get again: limits and ignored signals.
 * Without the C library nothing can be known of it.
 *
 * @module
 */

import type { EndingSignal } from "../../lib/cli/signals.ts";
import { type Libc, openLibc } from "../../lib/process/libc.ts";
import { InheritedLimits } from "../../lib/process/limits.ts";
import { InheritedSignals, type PassedOnSignal } from "../../lib/process/signals.ts";

/** Limits and signals as this process got them. */
export class Inherited {
  /** The C library, with which this process can become a command. */
  readonly libc: Libc | undefined;
  readonly #limits: InheritedLimits | undefined;
  readonly #signals: InheritedSignals | undefined;

  /** Make it before anything is listened to; from then on no core dump is written. */
  constructor() {
    const libc = openLibc();
    this.libc = libc;
    this.#limits = libc && new InheritedLimits(libc);
    this.#signals = libc && new InheritedSignals(libc);
    this.#limits?.forbidCoreDumps();
  }

  /** Whether a signal is to stay ignored. */
  isIgnored(signal: PassedOnSignal): boolean {
    return this.#signals?.isIgnored(signal) ?? false;
  }

  /** Those that are not to stay ignored. */
  listenable(signals: readonly EndingSignal[]): EndingSignal[] {
    return signals.filter((signal) => !this.isIgnored(signal));
  }

  /** Call it after listening to signals. */
  keepIgnored(): void {
    this.#signals?.keepIgnored();
  }

  /** Call it right before becoming a command. */
  restoreSignals(): void {
    this.#signals?.restore();
  }

  /** Call it right before starting a command. */
  restoreLimits(): void {
    this.#limits?.restore();
  }

  /** Call it when a command was started, and this process goes on. */
  forbidCoreDumps(): void {
    this.#limits?.forbidCoreDumps();
  }
}
