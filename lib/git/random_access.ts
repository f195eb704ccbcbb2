/**
 * Content that can be read at any place, so that nothing has to be in memory as a whole.
 *
 * @module
 */

import { GitFault } from "./fault.ts";

/** Stored content. */
export interface RandomAccess {
  /** Size in bytes. */
  readonly size: number;
  /** Reads at least one byte from the offset on into the buffer, and says how many. */
  read(offset: number, into: Uint8Array): number | Promise<number>;
}

/**
 * Fills the buffer from the offset on.
 *
 * @throws {GitFault} `missing` when the content ends before.
 */
export async function readExactly(
  from: RandomAccess,
  offset: number,
  into: Uint8Array,
): Promise<void> {
  for (let filled = 0; filled < into.length;) {
    const result = from.read(offset + filled, into.subarray(filled));
    const count = typeof result === "number" ? result : await result;
    if (count <= 0) {
      throw new GitFault("missing", `Cannot read stored content: it ends at ${offset + filled}`);
    }
    filled += count;
  }
}

/** Reads all of the content; whoever calls has checked that it is small. */
export async function readAll(from: RandomAccess): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(from.size);
  await readExactly(from, 0, bytes);
  return bytes;
}
