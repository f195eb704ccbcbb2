/**
 * What a sender offers, and how it goes through the encrypted channel: one file or one directory
 * as a pack (section 7).
 *
 * @module
 */

import { FileFault, readContent, type Tree, type TreeEntry } from "../files/mod.ts";
import {
  type DirectoryPlan,
  GitFault,
  ObjectHash,
  packDirectory,
  packFile,
  type PackOptions,
  planDirectory,
} from "../git/mod.ts";
import { PACE } from "../net/mod.ts";
import type { RecordWriter } from "./record_writer.ts";

/** A document that is ready to be sent, any number of times. */
export interface OfferedDocument {
  /** The name that it travels under. */
  readonly name: string;
  /** What it is. */
  readonly kind: "file" | "folder";
  /** Size of all content in bytes. */
  readonly bytes: number;
  /** Number of files. */
  readonly files: number;
  /** The pieces of its pack, each to be a record of its own. */
  readonly pack: (
    options: PackOptions,
    onBytes: (count: number) => void,
  ) => AsyncIterable<Uint8Array>;
}

/** A file by itself, which may have a name of its own. */
export function offerFile(name: string, source: string, size: number): OfferedDocument {
  return {
    name,
    kind: "file",
    bytes: size,
    files: 1,
    pack: (options, onBytes) =>
      packFile(
        { name: new TextEncoder().encode(name), size, content: count(source, size, onBytes) },
        options,
      ),
  };
}

/**
 * A directory. Every file is read twice: its hash is named by the pack before its content.
 *
 * @param onHashed Told of bytes that were read for their hash.
 * @throws {FileFault} when a file cannot be read.
 */
export async function offerFolder(
  tree: Tree,
  onHashed: (count: number) => void,
): Promise<OfferedDocument> {
  using _loop = PACE.enter();
  const entries = tree.entries.filter(({ path }) => path.length > 0);
  const plan = planDirectory(
    tree.name,
    await Array.fromAsync(
      entries,
      async (entry) =>
        entry.kind === "folder" ? { type: "directory" as const, path: entry.path } : {
          type: "file" as const,
          path: entry.path,
          size: entry.size,
          hash: await hash(entry, onHashed),
        },
    ),
  );
  return {
    name: tree.name,
    kind: "folder",
    bytes: entries.reduce((sum, { size }) => sum + size, 0),
    files: entries.filter(({ kind }) => kind === "file").length,
    pack: (options, onBytes) => packFolder(plan, entries, options, onBytes),
  };
}

/**
 * Sends a document; when this resolves all of it has been written.
 *
 * @throws {FileFault} when a file cannot be read or changed meanwhile.
 * @throws {NetFault} when the connection is lost.
 */
export async function sendDocument(
  document: OfferedDocument,
  records: RecordWriter,
  options: PackOptions,
  onBytes: (count: number) => void,
): Promise<void> {
  for await (const piece of document.pack(options, onBytes)) await records.write(piece);
  await records.flush();
}

async function* packFolder(
  plan: DirectoryPlan,
  entries: readonly TreeEntry[],
  options: PackOptions,
  onBytes: (count: number) => void,
): AsyncIterable<Uint8Array> {
  let source = "";
  const open = ({ entry, size }: { readonly entry: number; readonly size: number }) => {
    source = (entries[entry] as TreeEntry).source;
    return count(source, size, onBytes);
  };
  using _loop = PACE.enter();
  try {
    yield* packDirectory(plan, open, options);
  } catch (error) {
    if (!(error instanceof GitFault) || error.code !== "changed") throw error;
    throw new FileFault("changed", `Cannot send "${source}": it changed while it was being sent`);
  }
}

async function* count(
  source: string,
  size: number,
  onBytes: (count: number) => void,
): AsyncIterable<Uint8Array> {
  for await (const chunk of readContent(source, size)) {
    yield chunk;
    onBytes(chunk.length);
  }
}

async function hash(entry: TreeEntry, onHashed: (count: number) => void): Promise<Uint8Array> {
  const object = new ObjectHash("blob", entry.size);
  for await (const chunk of readContent(entry.source, entry.size)) {
    object.update(chunk);
    onHashed(chunk.length);
  }
  return object.digest();
}
