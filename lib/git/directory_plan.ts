/**
 * Plans the pack of a directory (section 7.2) from a list of its entries: which objects there
 * are, each once, and in which order they go out. Pure.
 *
 * The number of distinct objects stands in front of a pack, so equal files must be known before
 * anything is sent; and a receiver should learn the name before the content, so the commit, and
 * with it the hashes of all files, goes first.
 *
 * @module
 */

import { bytesKey } from "./bytes_key.ts";
import { encodeCommit } from "./commit.ts";
import { HASH_BYTES } from "./constants.ts";
import { GitFault } from "./fault.ts";
import { hashObject } from "./hash.ts";
import { compareEntries, encodeTree, isEntryName } from "./tree.ts";

/** A file below the directory. */
export interface FileToPlan {
  /** What it is. */
  readonly type: "file";
  /** Names from the root down, the file's own last; texts become UTF-8. */
  readonly path: readonly (Uint8Array | string)[];
  /** Size in bytes. */
  readonly size: number;
  /** Name of the blob (`hashObject`), 20 bytes. */
  readonly hash: Uint8Array;
}

/** A folder below the directory. Only empty ones must be given. */
export interface FolderToPlan {
  /** What it is. */
  readonly type: "directory";
  /** Names from the root down, the folder's own last; texts become UTF-8. */
  readonly path: readonly (Uint8Array | string)[];
}

/** An entry of the directory at any depth. */
export type EntryToPlan = FileToPlan | FolderToPlan;

/** A blob to be sent. */
export interface PlannedBlob {
  /** Index in the list of entries of the file to read. */
  readonly entry: number;
  /** Size in bytes. */
  readonly size: number;
  /** The hash that the content must have. */
  readonly hash: Uint8Array;
}

/** What a directory's pack consists of. */
export interface DirectoryPlan {
  /** Content of the commit. */
  readonly commit: Uint8Array;
  /** Contents of the distinct trees, each after those that it names; the root is the last. */
  readonly trees: readonly Uint8Array[];
  /** Distinct files, in the order of their first entry. */
  readonly blobs: readonly PlannedBlob[];
  /** Number of objects of the pack. */
  readonly objects: number;
}

/** A folder while the entries are being sorted into it. */
class Folder {
  readonly children = new Map<string, Child>();
}

interface Child {
  readonly name: Uint8Array;
  /** A folder, or the hash of a file. */
  readonly node: Folder | Uint8Array;
}

const utf8 = new TextEncoder();

/**
 * Plans the pack of a directory with these entries.
 *
 * @param name Base name of the directory, not empty; a text becomes UTF-8.
 * @throws {GitFault} `tree` for an impossible name, a path that occurs twice, or a file that is
 * also used as a folder.
 * @throws {RangeError} for a size or hash that cannot be one.
 */
export function planDirectory(
  name: Uint8Array | string,
  entries: readonly EntryToPlan[],
): DirectoryPlan {
  const root = new Folder();
  const blobs = new Map<string, PlannedBlob>();
  let files = 0;
  for (const [index, entry] of entries.entries()) {
    const path = entry.path.map(toBytes);
    if (entry.type === "directory") {
      enterFolder(root, path);
      continue;
    }
    const { size, hash } = entry;
    if (!Number.isSafeInteger(size) || size < 0 || hash.length !== HASH_BYTES) {
      throw new RangeError(`Cannot plan a file of ${size} bytes, hash of ${hash.length} bytes`);
    }
    addFile(enterFolder(root, path.slice(0, -1)), path.at(-1), hash);
    const key = bytesKey(hash);
    if (!blobs.has(key)) blobs.set(key, { entry: index, size, hash });
    files++;
  }
  const trees = new TreeTable();
  const tree = trees.add(root);
  const number = files + trees.folders + 1;
  return {
    commit: encodeCommit({ name: toBytes(name), tree, number }),
    trees: trees.list,
    blobs: [...blobs.values()],
    objects: 1 + trees.list.length + blobs.size,
  };
}

function enterFolder(root: Folder, path: readonly Uint8Array[]): Folder {
  let folder = root;
  for (const name of path) {
    const key = checkedKey(name);
    const child = folder.children.get(key) ?? { name, node: new Folder() };
    if (!(child.node instanceof Folder)) {
      throw new GitFault("tree", "Cannot plan a directory: a file is used as a folder");
    }
    folder.children.set(key, child);
    folder = child.node;
  }
  return folder;
}

function addFile(folder: Folder, name: Uint8Array | undefined, hash: Uint8Array): void {
  const key = checkedKey(name ?? new Uint8Array());
  if (name === undefined || folder.children.has(key)) {
    throw new GitFault("tree", "Cannot plan a directory: two entries have one path");
  }
  folder.children.set(key, { name, node: hash });
}

/** Collects distinct trees, leaves first. */
class TreeTable {
  readonly list: Uint8Array[] = [];
  readonly #known = new Set<string>();
  folders = 0;

  /** Adds a folder and all below; gives its hash. */
  add(folder: Folder): Uint8Array {
    this.folders++;
    const entries = [...folder.children.values()].map(({ name, node }) =>
      node instanceof Folder
        ? { type: "directory" as const, name, hash: this.add(node) }
        : { type: "file" as const, name, hash: node }
    );
    const tree = encodeTree(entries.sort(compareEntries));
    const hash = hashObject("tree", tree);
    const key = bytesKey(hash);
    if (!this.#known.has(key)) this.list.push(tree);
    this.#known.add(key);
    return hash;
  }
}

function checkedKey(name: Uint8Array): string {
  if (!isEntryName(name)) {
    throw new GitFault("tree", "Cannot plan a directory: a name is empty or holds NUL or /");
  }
  return bytesKey(name);
}

function toBytes(name: Uint8Array | string): Uint8Array {
  return typeof name === "string" ? utf8.encode(name) : name;
}
