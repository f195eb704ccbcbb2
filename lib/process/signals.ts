/**
 * What a process inherits of signals. Ignored ones stay ignored in a new image (nohup(1), background
 * jobs of a shell); the runtime replaces that by handlers of its own as soon as it listens to one.
 *
 * @module
 */

import type { Libc } from "./libc.ts";

/** Signals that a program passes on to its command, with their numbers. */
export const PASSED_ON = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
} as const;

/** A signal of {@linkcode PASSED_ON}. */
export type PassedOnSignal = keyof typeof PASSED_ON;

const SIGPIPE = 13;
const SIG_DFL = 0n;
const SIG_IGN = 1n;
/** Larger than `struct sigaction` is on any 64-bit Linux; the handler comes first. */
const SIGACTION_BYTES = 256;

/** How the signals of this process were disposed of before the runtime listened to any. */
export class InheritedSignals {
  readonly #libc: Libc;
  readonly #ignored: ReadonlySet<string>;

  /** Make it before the first listener. */
  constructor(libc: Libc) {
    this.#libc = libc;
    const ignored = Object.entries(PASSED_ON).filter(([, number]) => isIgnored(libc, number));
    this.#ignored = new Set(ignored.map(([name]) => name));
  }

  /** Whether whoever started us wants it to be ignored. */
  isIgnored(signal: PassedOnSignal): boolean {
    return this.#ignored.has(signal);
  }

  /** After a listener was added: the runtime takes SIGINT with any other. */
  keepIgnored(): void {
    for (const [name, number] of Object.entries(PASSED_ON)) {
      if (this.#ignored.has(name)) dispose(this.#libc, number, SIG_IGN);
    }
  }

  /**
   * As they were, right before the image is replaced; SIGPIPE, which the runtime ignores, has its
   * default again.
   */
  restore(): void {
    for (const [name, number] of Object.entries(PASSED_ON)) {
      dispose(this.#libc, number, this.#ignored.has(name) ? SIG_IGN : SIG_DFL);
    }
    dispose(this.#libc, SIGPIPE, SIG_DFL);
  }
}

function isIgnored(libc: Libc, signal: number): boolean {
  const found = new BigUint64Array(SIGACTION_BYTES / 8);
  return libc.sigaction(signal, null, found) === 0 && found[0] === SIG_IGN;
}

function dispose(libc: Libc, signal: number, handler: bigint): void {
  const wanted = new BigUint64Array(SIGACTION_BYTES / 8);
  wanted[0] = handler;
  libc.sigaction(signal, wanted, null);
}
