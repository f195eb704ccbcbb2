/**
 * Nonces of requests that were answered, so that a recorded request is answered once (spec 14.4).
 *
 * @module
 */

/** How far a request's time may be from the server's clock, in seconds, either way. */
export const REQUEST_WINDOW_S = 300;
/**
 * Most nonces that are remembered; about 100 bytes each. Only requests under a known client's key
 * get this far, and beyond it they are refused rather than accepted twice.
 */
export const MAX_NONCES = 1_000_000;

const BUCKET_S = 60;

/** The nonces of one window, by the time that their requests carry. */
export class ReplayWindow {
  /** By minute; a minute is forgotten as a whole, when no request of it would be accepted. */
  readonly #buckets = new Map<number, Set<string>>();
  readonly #limit: number;
  #size = 0;

  /** Remembers at most `limit` nonces. */
  constructor(limit: number = MAX_NONCES) {
    this.#limit = limit;
  }

  /** Number of nonces that are remembered. */
  get size(): number {
    return this.#size;
  }

  /**
   * Whether a request is fresh; it is not any more afterwards.
   *
   * @param publicKey Who asks: nobody can use up another one's nonce.
   * @param time The request's time, in seconds.
   * @param now The server's time, in seconds.
   */
  accept(publicKey: Uint8Array, nonce: Uint8Array, time: number, now: number): boolean {
    this.#forget(now);
    if (!(Math.abs(time - now) <= REQUEST_WINDOW_S) || this.#size >= this.#limit) return false;
    const minute = Math.floor(time / BUCKET_S);
    const bucket = this.#buckets.get(minute) ?? new Set();
    const name = String.fromCharCode(...publicKey, ...nonce);
    if (bucket.has(name)) return false;
    this.#buckets.set(minute, bucket.add(name));
    this.#size++;
    return true;
  }

  #forget(now: number): void {
    for (const [minute, bucket] of this.#buckets) {
      if ((minute + 1) * BUCKET_S + REQUEST_WINDOW_S > now) continue;
      this.#buckets.delete(minute);
      this.#size -= bucket.size;
    }
  }
}
