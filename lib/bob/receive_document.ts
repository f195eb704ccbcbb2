/**
 * What a receiver does with the pack that comes through the encrypted channel: one file or one
 * directory that appears under its name when it is complete and verified (section 7).
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  requireFree,
  requireReplaceable,
  requireSpace,
  TemporaryFile,
  TemporaryFolder,
} from "../files/mod.ts";
import {
  decodeCommit,
  GitFault,
  MAX_COMMIT_BYTES,
  ObjectIndex,
  type PackObject,
  PackReader,
  resolveDirectory,
} from "../git/mod.ts";
import { BobFault } from "./fault.ts";
import { ObjectFiles, requireName } from "./object_files.ts";
import type { RecordReader } from "./record_reader.ts";

const FILE_MODE = 0o644;
/** Longest name that is looked at; one above the file system's limit is refused by that. */
const MAX_NAME_OBJECT_BYTES = 4096;
/** A folder's own data do not count as content; a million of entries take this much. */
const MAX_TREES_BYTES = 64 * 1024 * 1024;

/** Where a document goes, and what is accepted. */
export interface ReceiveOptions {
  /** An existing folder, or a function that takes a single file's bytes instead. */
  readonly target: string | ((bytes: Uint8Array) => void);
  /** Whether a file of the same name is replaced. */
  readonly overwrite: boolean;
  /** Most bytes to accept; undefined: no limit. */
  readonly maxBytes: number | undefined;
  /** Told as soon as it is known what comes, before anything of that name is created. */
  readonly onNamed: (name: string, size: number | undefined) => void;
  /** Told of content as it arrives. */
  readonly onBytes: (count: number) => void;
}

/** What was received. */
export interface ReceivedDocument {
  /** Where it is; undefined for a file that went to a function. */
  readonly path: string | undefined;
  /** Its name. */
  readonly name: string;
  /** What it is. */
  readonly kind: "file" | "folder";
  /** Size of all content in bytes. */
  readonly bytes: number;
  /** Number of files. */
  readonly files: number;
}

/**
 * Receives one document. Whatever happens, nothing half-written stays behind.
 *
 * @throws {BobFault} `connection-lost`, `corrupt-record`, `hostile-name`, `too-large`.
 * @throws {GitFault} when the pack is not one.
 * @throws {FileFault} when the target exists or cannot be written.
 * @throws {NetFault} when the connection is lost.
 */
export async function receiveDocument(
  records: RecordReader,
  options: ReceiveOptions,
): Promise<ReceivedDocument> {
  try {
    const reader = await PackReader.open(plaintexts(records));
    try {
      const first = await nextObject(reader);
      return first.kind === "tag"
        ? await receiveFile(reader, first, options)
        : await receiveFolder(reader, first, options);
    } finally {
      await reader.close();
    }
  } catch (error) {
    throw translate(error);
  }
}

/** A pack that ends too early is a connection that was lost: a sender says nothing at its end. */
function translate(error: unknown): unknown {
  if (!(error instanceof GitFault)) return error;
  switch (error.code) {
    case "truncated":
      return new BobFault("connection-lost", "Cannot receive: the connection was lost", {
        cause: error,
      });
    case "limit":
      return new BobFault("too-large", error.message, { cause: error });
    default:
      return error;
  }
}

async function* plaintexts(records: RecordReader): AsyncGenerator<Uint8Array, void> {
  for (let next = await records.next(); next !== undefined; next = await records.next()) {
    yield next;
  }
}

async function nextObject(reader: PackReader): Promise<PackObject> {
  const object = await reader.next();
  if (object !== undefined) return object;
  throw new GitFault("missing", "Cannot accept a file: the pack holds nothing but its name");
}

async function receiveFile(
  reader: PackReader,
  nameObject: PackObject,
  options: ReceiveOptions,
): Promise<ReceivedDocument> {
  const name = requireName(await readSmall(nameObject, MAX_NAME_OBJECT_BYTES));
  const blob = await nextObject(reader);
  const { size } = blob;
  if (blob.kind !== "blob") {
    throw new GitFault("kind", `Cannot accept a file: a ${blob.kind} follows its name`);
  }
  options.onNamed(name, size);
  requireSize(size, options.maxBytes);
  const { target, overwrite, onBytes } = options;
  if (typeof target !== "string") {
    await pass(blob, (chunk) => {
      target(chunk);
      onBytes(chunk.length);
    });
    await finish(reader);
    return { path: undefined, name, kind: "file", bytes: size, files: 1 };
  }
  const path = `${target}/${name}`;
  await (overwrite ? requireReplaceable : requireFree)(path);
  await requireSpace(target, size);
  await using file = await TemporaryFile.create(path, FILE_MODE);
  await pass(blob, (chunk) => {
    file.write(chunk);
    onBytes(chunk.length);
  });
  await finish(reader);
  await file.place(path, overwrite);
  return { path, name, kind: "file", bytes: size, files: 1 };
}

async function receiveFolder(
  reader: PackReader,
  first: PackObject,
  options: ReceiveOptions,
): Promise<ReceivedDocument> {
  const { target, maxBytes, onBytes, onNamed } = options;
  if (typeof target !== "string") {
    throw new BobFault("not-a-file", "Cannot write a folder to standard output: choose a folder");
  }
  await using folder = await TemporaryFolder.create(`${target}/received`);
  const store = new ObjectFiles(folder.path, onBytes);
  const most = maxBytes === undefined ? undefined : maxBytes + MAX_TREES_BYTES;
  const index = new ObjectIndex(store, most);
  let named: string | undefined;
  let content = 0;
  for (let object: PackObject | undefined = first; object; object = await reader.next()) {
    if (object.kind === "blob") requireSize(content += object.size, maxBytes);
    await index.add(object);
    if (named !== undefined || index.commit === undefined) continue;
    named = requireName(decodeCommit(await index.load(index.commit, MAX_COMMIT_BYTES)).name);
    onNamed(named, undefined);
    await requireFree(`${target}/${named}`);
  }
  const tree = await resolveDirectory(index, maxBytes === undefined ? {} : { maxBytes });
  const name = requireName(tree.name);
  const path = `${target}/${name}`;
  const built = `${folder.path}/tree`;
  await store.build(tree, built);
  await folder.place(built, path);
  return { path, name, kind: "folder", bytes: tree.bytes, files: tree.files };
}

async function readSmall(object: PackObject, most: number): Promise<Uint8Array> {
  if (object.size > most) {
    throw new BobFault(
      "hostile-name",
      `Cannot create a file: the name is ${object.size} bytes long`,
    );
  }
  return concat(await Array.fromAsync(object.content, (chunk) => chunk.slice()));
}

async function pass(object: PackObject, to: (chunk: Uint8Array) => void): Promise<void> {
  for await (const chunk of object.content) to(chunk);
}

/** The trailer must be right and nothing may follow the file. */
async function finish(reader: PackReader): Promise<void> {
  if (await reader.next() === undefined) return;
  throw new GitFault("count", "Cannot accept a file: the pack holds more than a name and a file");
}

function requireSize(size: number, most: number | undefined): void {
  if (most === undefined || size <= most) return;
  throw new BobFault("too-large", `Cannot accept ${size} bytes: the limit is ${most}`);
}
