/**
 * The object that bob calls a commit: the name of a directory, its root tree, and a number for
 * progress bars (section 7.2). It is not a commit of Git's.
 *
 * @module
 */

import { ByteReader, ByteWriter } from "../bytes/mod.ts";
import { HASH_BYTES } from "./constants.ts";
import { GitFault } from "./fault.ts";

/** The object that a directory begins with. */
export interface Commit {
  /** Base name of the directory as raw bytes: not empty, without NUL. For the caller to check. */
  readonly name: Uint8Array;
  /** SHA-1 of the root's tree. */
  readonly tree: Uint8Array;
  /** Files and folders, the root too, and one more; only good for a progress bar. */
  readonly number: number;
}

const NUL = 0;

/** Writes a commit; the name must not be empty nor hold NUL. */
export function encodeCommit(commit: Commit): Uint8Array<ArrayBuffer> {
  const { name, tree, number } = commit;
  if (name.length === 0 || name.includes(NUL)) {
    throw new RangeError("Cannot write a commit: the name is empty or holds NUL");
  }
  if (tree.length !== HASH_BYTES) {
    throw new RangeError(`Cannot write a commit: the hash has ${tree.length} bytes`);
  }
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new RangeError(`Cannot write a commit: ${number} is not a whole number`);
  }
  return new ByteWriter().bytes(name).u8(NUL).bytes(tree).text(String(number)).finish();
}

/**
 * Reads a commit; name and hash are views of the input.
 *
 * @throws {GitFault} `commit` unless it is one, with a plain decimal number below 2^53.
 */
export function decodeCommit(content: Uint8Array): Commit {
  const reader = new ByteReader(content, (message) => new GitFault("commit", message));
  const name = reader.takeUntil(NUL);
  if (name.length === 0) throw new GitFault("commit", "Cannot read a commit: the name is empty");
  const tree = reader.take(HASH_BYTES);
  const digits = reader.text(reader.remaining);
  const number = Number(digits);
  if (!/^(0|[1-9][0-9]{0,15})$/.test(digits) || !Number.isSafeInteger(number)) {
    throw new GitFault("commit", "Cannot read a commit: no plain number at the end");
  }
  return { name, tree, number };
}
