/**
 * A received directory: which names are in which folders, and where the contents are stored.
 *
 * @module
 */

/** A file; `object` is the id that the store gave to its content. */
export interface FileNode<Id> {
  /** What it is. */
  readonly type: "file";
  /** Size in bytes. */
  readonly size: number;
  /** Where the content is; several files may share one. */
  readonly object: Id;
}

/** A folder. Equal folders may be one node. */
export interface FolderNode<Id> {
  /** What it is. */
  readonly type: "directory";
  /** In the order of the pack. */
  readonly entries: readonly DirectoryEntry<Id>[];
}

/** A name in a folder. */
export interface DirectoryEntry<Id> {
  /** Raw bytes, one path component that occurs once; not checked further. */
  readonly name: Uint8Array;
  /** What the name stands for. */
  readonly node: FileNode<Id> | FolderNode<Id>;
}

/** A whole directory, with what is in it when every name is followed. */
export interface DirectoryTree<Id> {
  /** Base name, raw bytes, not checked further. */
  readonly name: Uint8Array;
  /** The topmost folder. */
  readonly root: FolderNode<Id>;
  /** Number of files. */
  readonly files: number;
  /** Number of folders, the root too. */
  readonly folders: number;
  /** Sum of the files' sizes in bytes. */
  readonly bytes: number;
}

/** One step of {@linkcode walkDirectory}. */
export interface WalkedEntry<Id> {
  /** Names from the root down, its own last. */
  readonly path: readonly Uint8Array[];
  /** What is there. */
  readonly node: FileNode<Id> | FolderNode<Id>;
}

/** All entries below the root, each folder before what is in it. */
export function* walkDirectory<Id>(
  folder: FolderNode<Id>,
  parents: readonly Uint8Array[] = [],
): Generator<WalkedEntry<Id>, void> {
  for (const { name, node } of folder.entries) {
    const path = [...parents, name];
    yield { path, node };
    if (node.type === "directory") yield* walkDirectory(node, path);
  }
}
