/**
 * Plans the pack of a directory (section 7.2) from a list of its entries: which objects there
 * are, each once, and in which order they go out. Pure.
 *
 * The number of distinct objects stands in front of a pack, so equal files must be known before
 * anything is sent. Only files of equal size can be equal: all others need not be read twice.
 *
 * @module
 */

import { bytesKey } from "./bytes_key.ts";
import { encodeCommit } from "./commit.ts";
import { GitFault } from "./fault.ts";
import { hashObject } from "./hash.ts";
import { compareEntries, encodeTree, isEntryName, type TreeEntry } from "./tree.ts";

/** A file below the directory. */
export interface FileToPlan {
  /** What it is. */
  readonly type: "file";
  /** Names from the root down, the file's own last; texts become UTF-8. */
  readonly path: readonly (Uint8Array | string)[];
  /** Size in bytes. */
  readonly size: number;
  /** Name of the blob (`hashObject`); needed when another file has the same size. */
  readonly hash?: Uint8Array;
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
  /** The hash that the content must have, where it is known. */
  readonly hash: Uint8Array | undefined;
}

/** A tree to be sent. Its entries name blobs and earlier trees by their index in the plan. */
export interface PlannedTree {
  /** In Git's order. */
  readonly entries: readonly PlannedTreeEntry[];
}

/** An entry of a planned tree. */
export interface PlannedTreeEntry {
  /** A file is a blob, a directory a tree. */
  readonly type: TreeEntry["type"];
  /** One path component. */
  readonly name: Uint8Array;
  /** Index in the plan's blobs or trees. */
  readonly index: number;
}

/** What a directory's pack consists of. */
export interface DirectoryPlan {
  /** Base name of the directory. */
  readonly name: Uint8Array;
  /** Distinct contents, in the order of their first entry. */
  readonly blobs: readonly PlannedBlob[];
  /** Distinct folders, each after those that it names; the root is the last. */
  readonly trees: readonly PlannedTree[];
  /** Number of objects of the pack. */
  readonly objects: number;
  /** Files and folders, the root too, and one more, as the reference counts. */
  readonly number: number;
}

/** A folder while the entries are being sorted into it. */
class Folder {
  readonly children = new Map<string, Child>();
}

interface Child {
  readonly name: Uint8Array;
  /** A folder, or the index of a file's blob. */
  readonly node: Folder | number;
}

const EMPTY_BLOB_HASH = hashObject("blob", new Uint8Array());
const utf8 = new TextEncoder();

/** The sizes that more than one file has: these files must be hashed before they are planned. */
export function sharedSizes(entries: Iterable<EntryToPlan>): Set<number> {
  const [once, shared] = [new Set<number>(), new Set<number>()];
  for (const entry of entries) {
    if (entry.type !== "file" || entry.size === 0) continue;
    (once.has(entry.size) ? shared : once).add(entry.size);
  }
  return shared;
}

/**
 * Plans the pack of a directory with these entries.
 *
 * @param name Base name of the directory, not empty; a text becomes UTF-8.
 * @throws {GitFault} `tree` for an impossible name, a path that occurs twice, or a file that is
 * also used as a folder.
 * @throws {RangeError} when a hash is missing that {@linkcode sharedSizes} asks for.
 */
export function planDirectory(
  name: Uint8Array | string,
  entries: readonly EntryToPlan[],
): DirectoryPlan {
  const root = new Folder();
  const blobs = planBlobs(entries);
  let files = 0;
  for (const [index, entry] of entries.entries()) {
    const path = entry.path.map(toBytes);
    if (entry.type === "directory") {
      enterFolder(root, path);
    } else {
      addFile(enterFolder(root, path.slice(0, -1)), path.at(-1), blobs.indexes[index] as number);
      files++;
    }
  }
  const trees = new TreeTable();
  trees.add(root);
  return {
    name: toBytes(name),
    blobs: blobs.list,
    trees: trees.list,
    objects: blobs.list.length + trees.list.length + 1,
    number: files + trees.folders + 1,
  };
}

/**
 * The content of a plan's trees and of its commit, in the order in which they are sent, once the
 * hashes of all its blobs are known.
 */
export function buildDirectory(
  plan: DirectoryPlan,
  blobHashes: readonly Uint8Array[],
): { readonly trees: readonly Uint8Array[]; readonly commit: Uint8Array } {
  const hashes: Uint8Array[] = [];
  const trees = plan.trees.map(({ entries }) => {
    const tree = encodeTree(entries.map(({ type, name, index }) => {
      const hash = (type === "file" ? blobHashes : hashes)[index];
      if (hash === undefined) throw new RangeError(`Cannot build a tree: no hash for ${index}`);
      return { type, name, hash };
    }));
    hashes.push(hashObject("tree", tree));
    return tree;
  });
  const root = hashes.at(-1) as Uint8Array;
  return { trees, commit: encodeCommit({ name: plan.name, tree: root, number: plan.number }) };
}

/** Gives each distinct content an index; contents of unknown hash are told apart by size. */
function planBlobs(
  entries: readonly EntryToPlan[],
): { readonly list: PlannedBlob[]; readonly indexes: (number | undefined)[] } {
  const shared = sharedSizes(entries);
  const known = new Map<string, number>();
  const list: PlannedBlob[] = [];
  const indexes = entries.map((entry, index) => {
    if (entry.type !== "file") return undefined;
    const { size } = entry;
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new RangeError(`Cannot plan a file of ${size} bytes`);
    }
    const hash = size === 0 ? EMPTY_BLOB_HASH : entry.hash;
    if (hash === undefined && shared.has(size)) {
      throw new RangeError(`Cannot plan a file without its hash: several have ${size} bytes`);
    }
    const key = hash === undefined ? String(size) : bytesKey(hash);
    const blob = known.get(key) ?? list.push({ entry: index, size, hash }) - 1;
    known.set(key, blob);
    return blob;
  });
  return { list, indexes };
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

function addFile(folder: Folder, name: Uint8Array | undefined, blob: number): void {
  const key = checkedKey(name ?? new Uint8Array());
  if (name === undefined || folder.children.has(key)) {
    throw new GitFault("tree", "Cannot plan a directory: two entries have one path");
  }
  folder.children.set(key, { name, node: blob });
}

/** Collects distinct trees, leaves first. */
class TreeTable {
  readonly list: PlannedTree[] = [];
  readonly #known = new Map<string, number>();
  folders = 0;

  add(folder: Folder): number {
    this.folders++;
    const entries = [...folder.children.values()].map(({ name, node }): PlannedTreeEntry => {
      if (typeof node === "number") return { type: "file", name, index: node };
      return { type: "directory", name, index: this.add(node) };
    }).sort(compareEntries);
    const key = entries.map((e) => `${bytesKey(e.name)} ${e.type} ${e.index}`).join();
    const index = this.#known.get(key) ?? this.list.push({ entries }) - 1;
    this.#known.set(key, index);
    return index;
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
