/**
 * Exit statuses that all programs share, and the fault that carries one.
 *
 * @module
 */

/** Exit statuses; daemons end with 0 on SIGTERM, other programs with 128 + n on signal n. */
export const EXIT = {
  /** Done. */
  done: 0,
  /** Failed in a way that no other status names. */
  failed: 1,
  /** Wrong usage. */
  usage: 2,
  /** Wrong code, unknown key, or guesses used up. */
  code: 3,
  /** The other side refused or broke the protocol. */
  refused: 4,
  /** Relay, server or peer unreachable or lost. */
  unreachable: 5,
  /** A local file: exists, unreadable, full. */
  file: 6,
} as const;

/** What each status means, for `--help`. */
export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  0: "done",
  1: "failed",
  2: "wrong usage",
  3: "wrong code, unknown key, or guesses used up",
  4: "the other side refused or broke the protocol",
  5: "relay, server or peer unreachable or lost",
  6: "local file: exists, unreadable, or no room",
};

/** Ends a program with a message for its user and an exit status. */
export class ExitFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "ExitFault";
  /** The exit status, see {@linkcode EXIT}. */
  readonly status: number;
  /** What to do next. */
  readonly hint: string | undefined;

  /** The message says what happened, with what; the hint what to do next. */
  constructor(status: number, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.hint = hint;
  }
}
