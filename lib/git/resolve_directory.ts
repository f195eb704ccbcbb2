/**
 * Follows the names in a pack from its commit down (section 7.2), which gives the directory.
 *
 * @module
 */

import { bytesKey } from "./bytes_key.ts";
import { decodeCommit } from "./commit.ts";
import {
  DEFAULT_MAX_ENTRIES,
  MAX_COMMIT_BYTES,
  MAX_DIRECTORY_DEPTH,
  MAX_TREE_BYTES,
} from "./constants.ts";
import type { DirectoryEntry, DirectoryTree, FolderNode } from "./directory_tree.ts";
import { GitFault } from "./fault.ts";
import type { ObjectIndex } from "./object_index.ts";
import { decodeTree } from "./tree.ts";

/**
 * What a receiver accepts. Counted is what would be created, so a small pack in which folders
 * hold the same folder many times over is refused before it fills a disk.
 */
export interface DirectoryLimits {
  /** Sum of the sizes of all files in bytes; 2^53 - 1 unless given. */
  readonly maxBytes?: number;
  /** Files and folders; a million unless given. */
  readonly maxEntries?: number;
}

/** A folder that was followed to its end, with what is below. */
interface Resolved<Id> {
  readonly node: FolderNode<Id>;
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** Folders on the longest way down, itself too. */
  readonly height: number;
}

/**
 * The directory that the objects of an index make; objects that nobody names are ignored.
 *
 * @throws {GitFault} `commit`, `tree`, `missing` or `limit`; and what the store throws.
 */
export async function resolveDirectory<Id>(
  index: ObjectIndex<Id>,
  limits: DirectoryLimits = {},
): Promise<DirectoryTree<Id>> {
  if (index.commit === undefined) {
    throw new GitFault("commit", "Cannot accept a directory: the pack holds no commit");
  }
  const { name, tree } = decodeCommit(await index.load(index.commit, MAX_COMMIT_BYTES));
  const { node, files, folders, bytes } = await new Resolver(index, limits).folder(tree, 1);
  return { name, root: node, files, folders, bytes };
}

class Resolver<Id> {
  readonly #index: ObjectIndex<Id>;
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  /** Undefined while a folder is being followed: then it must not turn up below itself. */
  readonly #known = new Map<string, Resolved<Id> | undefined>();

  constructor(index: ObjectIndex<Id>, limits: DirectoryLimits) {
    this.#index = index;
    this.#maxBytes = limits.maxBytes ?? Number.MAX_SAFE_INTEGER;
    this.#maxEntries = limits.maxEntries ?? DEFAULT_MAX_ENTRIES;
  }

  async folder(hash: Uint8Array, depth: number): Promise<Resolved<Id>> {
    const name = bytesKey(hash);
    const known = this.#known.get(name);
    if (known === undefined) {
      this.#checkDepth(this.#known.has(name) ? Infinity : depth);
      this.#known.set(name, undefined);
      const resolved = await this.#follow(hash, depth);
      this.#known.set(name, resolved);
      return resolved;
    }
    this.#checkDepth(depth + known.height - 1);
    return known;
  }

  async #follow(hash: Uint8Array, depth: number): Promise<Resolved<Id>> {
    const tree = await this.#index.find("directory", hash);
    const entries: DirectoryEntry<Id>[] = [];
    let [files, folders, bytes, height] = [0, 1, 0, 1];
    for (const entry of decodeTree(await this.#index.load(tree, MAX_TREE_BYTES))) {
      if (entry.type === "file") {
        const { id, size } = await this.#index.find("file", entry.hash);
        entries.push({ name: entry.name, node: { type: "file", size, object: id } });
        files++;
        bytes += size;
      } else {
        const below = await this.folder(entry.hash, depth + 1);
        entries.push({ name: entry.name, node: below.node });
        files += below.files;
        folders += below.folders;
        bytes += below.bytes;
        height = Math.max(height, below.height + 1);
      }
      if (files + folders > this.#maxEntries || bytes > this.#maxBytes) {
        throw new GitFault("limit", "Cannot accept a directory: it holds more than the limit");
      }
    }
    return { node: { type: "directory", entries }, files, folders, bytes, height };
  }

  #checkDepth(depth: number): void {
    if (depth <= MAX_DIRECTORY_DEPTH) return;
    throw new GitFault("limit", `Cannot accept a directory: more than ${MAX_DIRECTORY_DEPTH} deep`);
  }
}
