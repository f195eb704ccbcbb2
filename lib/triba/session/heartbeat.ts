/**
 * When to ping a silent peer, and when it counts as dead (section 8).
 *
 * @module
 */

const PINGS = 2;

/** Watches over the silence of one peer. */
export class Heartbeat {
  readonly #intervalMs: number;
  #pings = 0;
  #dueAt: number;

  /** Begins with a packet of the peer at `now`. */
  constructor(intervalMs: number, now: number) {
    this.#intervalMs = intervalMs;
    this.#dueAt = now + intervalMs;
  }

  /** When {@linkcode Heartbeat.tick} has something to do. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** A packet came: all begins anew. */
  heard(now: number): void {
    this.#pings = 0;
    this.#dueAt = now + this.#intervalMs;
  }

  /**
   * What is due. A late tick skips nothing: each ping gets its full time for an answer, so a machine
   * that slept does not lose a living peer.
   */
  tick(now: number): "nothing" | "ping" | "dead" {
    if (now < this.#dueAt) return "nothing";
    if (this.#pings === PINGS) return "dead";
    this.#pings++;
    this.#dueAt = now + this.#intervalMs;
    return "ping";
  }
}
