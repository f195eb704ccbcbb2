/**
 * What a check point is, and what comes of it.
 *
 * @module
 */

/** How much weight a point has. */
export type Level =
  /** What the original document says, and what nobody can talk to a core without. */
  | "must"
  /** What this project's reading of the document decides where it is silent. */
  | "should"
  /** The extension sealed-1. */
  | "may";

/** All levels, the weightiest first. */
export const LEVELS: readonly Level[] = ["must", "should", "may"];

/** What is said of a point without running it. */
export interface PointTexts {
  /** A letter and a number; what belongs together begins alike, rows of section 8 as `F07.2`. */
  readonly id: string;
  /** What holds if it passes, as a sentence about the program under test. */
  readonly title: string;
  /** Sections of the protocol's text. */
  readonly section: string;
  /** Its weight. */
  readonly level: Level;
  /** What to do if it fails. */
  readonly advice: string;
}

/** One thing to find out; `S` is what it has to do so. */
export interface Point<S> extends PointTexts {
  /** The point without which this one says nothing. */
  readonly needs?: string | undefined;
  /**
   * Finds out.
   *
   * @throws {Failure} if it does not hold, {Blocked} or {Skipped} if it cannot be found out.
   */
  readonly run: (stage: S) => Promise<void>;
}

/** What came of one point. */
export interface Verdict {
  /** Which one. */
  readonly point: PointTexts;
  /** `blocked`: something else fails, so that nobody knows; `skip`: it does not apply. */
  readonly result: "pass" | "fail" | "blocked" | "skip";
  /** What should have been. */
  readonly expected?: string | undefined;
  /** What was. */
  readonly seen?: string | undefined;
  /** What to do now. */
  readonly advice?: string | undefined;
  /** Why it was blocked or skipped. */
  readonly reason?: string | undefined;
  /** How long it took. */
  readonly milliseconds: number;
}

/** A point that does not hold. */
export class Failure extends Error {
  /** The class's name, for messages. */
  override readonly name = "Failure";
  /** What should have been. */
  readonly expected: string;
  /** What was. */
  readonly seen: string;
  /** What to do, where that is more than the point's own advice says. */
  readonly advice: string | undefined;

  /** Both as continuations of "expected:" and "seen:". */
  constructor(expected: string, seen: string, advice?: string) {
    super(`Expected ${expected}; seen: ${seen}`);
    this.expected = expected;
    this.seen = seen;
    this.advice = advice;
  }
}

/** A packet that opens, and is none. */
export class Malformed extends Failure {}

/** A point of which nothing can be said, because another one fails. */
export class Blocked extends Error {
  /** The class's name, for messages. */
  override readonly name = "Blocked";
  /** The point that fails. */
  readonly by: string;
  /** How. */
  readonly failure: Failure;

  /** Made where a step on the way to the point itself goes wrong. */
  constructor(by: string, failure: Failure) {
    super(`${by} fails: ${failure.message}`);
    this.by = by;
    this.failure = failure;
  }
}

/** A point that does not apply to this program. */
export class Skipped extends Error {
  /** The class's name, for messages. */
  override readonly name = "Skipped";
}

/** Whether a verdict counts against the program: exit status 0 is for those without any. */
export function counts(verdict: Verdict, strict: boolean): boolean {
  const { point: { level }, result } = verdict;
  return (result === "fail" || result === "blocked") && (strict || level === "must");
}
