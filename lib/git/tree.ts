/**
 * Tree objects: one folder's entries, exactly as Git writes them (section 7.2).
 *
 * @module
 */

import { ByteReader, ByteWriter } from "../bytes/mod.ts";
import { bytesKey } from "./bytes_key.ts";
import { HASH_BYTES } from "./constants.ts";
import { GitFault } from "./fault.ts";

/** One entry of a folder. */
export interface TreeEntry {
  /** What the hash names: a blob for a file, a tree for a directory. */
  readonly type: "file" | "directory";
  /**
   * One path component as raw bytes: not empty, without NUL and `/`. Whether it may become a
   * name on this system (`..`, reserved names, control characters) is for the caller to decide.
   */
  readonly name: Uint8Array;
  /** SHA-1 of the object. */
  readonly hash: Uint8Array;
}

const FILE_MODE = "100644";
const DIRECTORY_MODE = "40000";
const SPACE = 0x20;
const SLASH = 0x2f;
const NUL = 0;

/**
 * Writes the entries in Git's order, whatever order they come in.
 *
 * @throws {GitFault} `tree` for a name that cannot be an entry, or that occurs twice.
 */
export function encodeTree(entries: readonly TreeEntry[]): Uint8Array<ArrayBuffer> {
  const sorted = [...entries].sort(compareEntries);
  const writer = new ByteWriter(sorted.length * 48);
  const names = new Set<string>();
  for (const { type, name, hash } of sorted) {
    checkName(name, names);
    if (hash.length !== HASH_BYTES) {
      throw new RangeError(`Cannot write a tree: a hash has ${hash.length} bytes`);
    }
    writer.text(type === "file" ? FILE_MODE : DIRECTORY_MODE).u8(SPACE).bytes(name).u8(NUL);
    writer.bytes(hash);
  }
  return writer.finish();
}

/**
 * Reads a tree. Names and hashes are views of the input. Entries out of order are accepted and
 * kept in theirs, since the order means nothing to a receiver; all else is strict.
 *
 * @throws {GitFault} `tree` for another mode, an impossible or repeated name, or a cut entry.
 */
export function decodeTree(content: Uint8Array): TreeEntry[] {
  const reader = new ByteReader(content, (message) => new GitFault("tree", message));
  const entries: TreeEntry[] = [];
  const names = new Set<string>();
  while (reader.remaining > 0) {
    const type = decodeMode(reader.takeUntil(SPACE));
    const name = reader.takeUntil(NUL);
    checkName(name, names);
    entries.push({ type, name, hash: reader.take(HASH_BYTES) });
  }
  return entries;
}

/** Git's order: bytewise, a directory's name as if it ended in `/`. */
export function compareEntries(
  a: Pick<TreeEntry, "type" | "name">,
  b: Pick<TreeEntry, "type" | "name">,
): number {
  const common = Math.min(a.name.length, b.name.length);
  for (let i = 0; i < common; i++) {
    const difference = (a.name[i] as number) - (b.name[i] as number);
    if (difference !== 0) return difference;
  }
  return byteAfter(a, common) - byteAfter(b, common) || a.name.length - b.name.length;
}

/** Whether a tree can hold the name; whether a system can is another question. */
export function isEntryName(name: Uint8Array): boolean {
  return name.length > 0 && !name.includes(NUL) && !name.includes(SLASH);
}

function byteAfter(entry: Pick<TreeEntry, "type" | "name">, at: number): number {
  return entry.name[at] ?? (entry.type === "directory" ? SLASH : NUL);
}

function decodeMode(mode: Uint8Array): TreeEntry["type"] {
  const text = mode.length <= FILE_MODE.length ? String.fromCharCode(...mode) : "";
  if (text === FILE_MODE) return "file";
  if (text === DIRECTORY_MODE) return "directory";
  throw new GitFault("tree", "Cannot read a tree entry: the mode is neither a file nor a folder");
}

function checkName(name: Uint8Array, names: Set<string>): void {
  if (!isEntryName(name)) {
    throw new GitFault("tree", "Cannot use a tree entry: the name is empty or holds NUL or /");
  }
  const key = bytesKey(name);
  if (names.has(key)) {
    throw new GitFault("tree", "Cannot use a tree entry: the name occurs twice in its folder");
  }
  names.add(key);
}
