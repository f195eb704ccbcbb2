/**
 * Token buckets: so many of something a second, with a burst of one second unless told otherwise.
 *
 * @module
 */

/** One bucket. Times are milliseconds of one monotonic clock. */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #filled: number;

  /** Starts full, with the tokens of one second or as many as `burst` says. */
  constructor(perSecond: number, now: number, burst: number = perSecond) {
    this.#perSecond = perSecond;
    this.#most = burst;
    this.#tokens = burst;
    this.#filled = now;
  }

  /** Takes one token if there is one. */
  tryTake(now: number): boolean {
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Takes any number of tokens, going into debt; returns the milliseconds until it is paid. */
  takeAll(count: number, now: number): number {
    this.#fill(now);
    this.#tokens -= count;
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perSecond * 1000;
  }

  /** Milliseconds until there is a token to take, rounded up; 0 if there is one. */
  untilNext(now: number): number {
    this.#fill(now);
    return Math.max(0, Math.ceil((1 - this.#tokens) / this.#perSecond * 1000));
  }

  /** Whether it is full again, so that a new one would be no different. */
  isFull(now: number): boolean {
    this.#fill(now);
    return this.#tokens >= this.#most;
  }

  #fill(now: number): void {
    const gained = (now - this.#filled) / 1000 * this.#perSecond;
    this.#tokens = Math.min(this.#most, this.#tokens + gained);
    this.#filled = now;
  }
}

/** A bucket for each key; full ones are forgotten. */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #buckets = new Map<string, TokenBucket>();
  #sweepAt = 0;

  /** Each key has `perSecond` tokens a second. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /** The bucket of this key. */
  of(key: string, now: number): TokenBucket {
    this.#sweep(now);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket(this.#perSecond, now);
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }

  #sweep(now: number): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + 1000;
    for (const [key, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(key);
  }
}
