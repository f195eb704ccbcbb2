/**
 * Flood control: servers throw out who sends too much at once. Lines wait in lanes, one for each
 * target, which take turns, so that a long text in one place holds up nothing elsewhere.
 *
 * @module
 */

import { TokenBucket } from "../../net/mod.ts";
import { type IrcTimes, MAX_QUEUED_LINES } from "../constants.ts";
import { IrcFault } from "../fault.ts";

/** The lane that goes before all others: what users wait for most, such as joining. */
export const FIRST_LANE = "";

/** A line that waits. */
export interface QueuedLine {
  /** Its bytes, CR and LF included. */
  readonly bytes: Uint8Array;
  /** The delivery that it belongs to. */
  readonly send?: number | undefined;
  /** Which piece of that delivery it is. */
  readonly piece?: number | undefined;
}

/** The lines that wait to be sent. Times are milliseconds of one monotonic clock. */
export class SendQueue {
  readonly #bucket: TokenBucket;
  readonly #lineMs: number;
  readonly #lanes = new Map<string, QueuedLine[]>();
  #length = 0;

  /** Starts with a full burst. */
  constructor({ burst, lineMs }: IrcTimes, now: number) {
    this.#bucket = new TokenBucket(1000 / lineMs, now, burst);
    this.#lineMs = lineMs;
  }

  /** Number of lines that wait. */
  get length(): number {
    return this.#length;
  }

  /**
   * Puts lines at the end of a lane, all or none.
   *
   * @throws {IrcFault} `full`.
   */
  push(lane: string, lines: readonly QueuedLine[]): void {
    if (this.#length + lines.length > MAX_QUEUED_LINES) {
      throw new IrcFault("full", `Cannot send: ${this.#length} lines wait to be sent`);
    }
    const waiting = this.#lanes.get(lane);
    if (waiting === undefined) this.#lanes.set(lane, [...lines]);
    else waiting.push(...lines);
    this.#length += lines.length;
  }

  /** Takes out what waits of a delivery; whether that was all of it. */
  drop(send: number): boolean {
    let whole = false;
    for (const [lane, lines] of this.#lanes) {
      const kept = lines.filter((line) => line.send !== send);
      whole ||= lines.some((line) => line.send === send && line.piece === 0);
      this.#length -= lines.length - kept.length;
      if (kept.length === 0) this.#lanes.delete(lane);
      else this.#lanes.set(lane, kept);
    }
    return whole;
  }

  /** Takes the next line, if one may go out now. */
  take(now: number): QueuedLine | undefined {
    if (this.#length === 0 || !this.#bucket.tryTake(now)) return undefined;
    const lane = this.#lanes.has(FIRST_LANE)
      ? FIRST_LANE
      : this.#lanes.keys().next().value as string;
    const lines = this.#lanes.get(lane) as QueuedLine[];
    const line = lines.shift() as QueuedLine;
    this.#lanes.delete(lane);
    if (lines.length > 0) this.#lanes.set(lane, lines); // behind all others
    this.#length--;
    return line;
  }

  /** Whether a line could go out at once, without being put in. */
  isFree(now: number): boolean {
    return this.#length === 0 && this.#bucket.untilNext(now) === 0;
  }

  /** Counts lines that had to go out at once. */
  spend(lines: number, now: number): void {
    this.#bucket.takeAll(lines, now);
  }

  /** When the next line may go out; undefined while none waits. */
  wakeAt(now: number): number | undefined {
    return this.#length === 0 ? undefined : now + this.#bucket.untilNext(now);
  }

  /** Milliseconds that a line put in now waits at most, if nothing more comes. */
  waitMs(now: number): number {
    return this.#bucket.untilNext(now) + this.#length * this.#lineMs;
  }
}
