/**
 * Which parts of a content are worth deflating. Deflating runs at 40 MB/s and storing at 800, so
 * what does not shrink (pictures, archives, sealed files) must not be deflated to find that out.
 *
 * @module
 */

import { deflateRawSync } from "node:zlib";

/** The level between speed and size that transfer programs choose; bob's, too. */
export const DEFLATE_LEVEL = 4;

/**
 * Content is deflated in parts of this size, each by itself: the price is one per cent of size,
 * the gain is that storing and deflating can take turns, and that no call takes longer than
 * about 6 ms.
 */
export const SEGMENT_BYTES = 1 << 18;

/**
 * How content is compressed:
 *
 * - `auto`: deflated, except for stretches that do not shrink by 3 per cent
 * - `deflate`: all of it deflated, whatever comes out
 * - `store`: all of it stored
 */
export type Compression = "auto" | "deflate" | "store";

/** What decides about each segment of one content, in order. */
export interface CompressionPolicy {
  /** Whether segments may be of any size because they are going to be stored. */
  readonly storing: boolean;
  /** Whether to try to deflate this segment. */
  tries(segment: Uint8Array): boolean;
  /** Whether to keep the outcome of the try, sizes in bytes; else the segment is stored. */
  keeps(before: number, after: number): boolean;
}

/** Deflated content must be smaller by this share to be worth its time. */
const WORTH = 0.03;
/** A stored block takes five bytes more than its content. */
const STORED_OVERHEAD_BYTES = 5;
/** Small segments are tried as a whole; of others a part of this size in their middle. */
const SAMPLE_BYTES = 1 << 14;
/** After a failure so much is stored untried, then twice as much, and so on up to the limit. */
const MIN_REST_BYTES = SEGMENT_BYTES;
const MAX_REST_BYTES = 64 * SEGMENT_BYTES;

/** Starts to decide about one content. */
export function compressionPolicy(compression: Compression): CompressionPolicy {
  switch (compression) {
    case "auto":
      return new AutoPolicy();
    case "deflate":
      return { storing: false, tries: () => true, keeps: () => true };
    case "store":
      return { storing: true, tries: () => false, keeps: () => false };
  }
}

/** Goes on as it went, and looks anew after growing distances. */
class AutoPolicy implements CompressionPolicy {
  #shrinking = false;
  #rest = 0;
  #nextRest = MIN_REST_BYTES;

  get storing(): boolean {
    return this.#rest > 0;
  }

  tries(segment: Uint8Array): boolean {
    if (this.#rest > 0) {
      this.#rest -= segment.length;
      return false;
    }
    this.#shrinking ||= sampleShrinks(segment);
    if (!this.#shrinking) this.#pause();
    return this.#shrinking;
  }

  keeps(before: number, after: number): boolean {
    if (shrinks(before, after)) {
      this.#nextRest = MIN_REST_BYTES;
      return true;
    }
    this.#shrinking = false;
    this.#pause();
    return false;
  }

  #pause(): void {
    this.#rest = this.#nextRest;
    this.#nextRest = Math.min(2 * this.#nextRest, MAX_REST_BYTES);
  }
}

/** The middle tells more than the beginning, where formats keep their headers. */
function sampleShrinks(segment: Uint8Array): boolean {
  if (segment.length <= 4 * SAMPLE_BYTES) return true;
  const middle = (segment.length - SAMPLE_BYTES) >>> 1;
  const sample = segment.subarray(middle, middle + SAMPLE_BYTES);
  return shrinks(sample.length, deflateRawSync(sample, { level: DEFLATE_LEVEL }).length);
}

function shrinks(before: number, after: number): boolean {
  return after < (1 - WORTH) * before + STORED_OVERHEAD_BYTES;
}
