/**
 * Writes packs piece by piece: a single file (section 7.1) or a directory (section 7.2). Every
 * piece is the content of one record; the layout of a file's pieces is one that all known
 * receivers understand.
 *
 * @module
 */

import { ByteWriter, equalConstantTime } from "../bytes/mod.ts";
import { type Compression, ZlibEncoder } from "../zlib/mod.ts";
import { MAX_PIECE_BYTES, PACK_VERSION } from "./constants.ts";
import type { DirectoryPlan, PlannedBlob } from "./directory_plan.ts";
import { GitFault } from "./fault.ts";
import { ObjectHash } from "./hash.ts";
import { encodeObjectHeader, type ObjectKind } from "./object_header.ts";
import { PackOutput } from "./pack_output.ts";

/** How packs are written. */
export interface PackOptions {
  /** `auto` unless given. */
  readonly compression?: Compression;
  /** Longest piece in bytes; 32767 unless given. Old receivers of bob's also know 2047. */
  readonly pieceBytes?: number;
}

/** A file to be sent. */
export interface FileToPack {
  /** Base name as raw bytes, not empty. */
  readonly name: Uint8Array;
  /** Size of the content in bytes. */
  readonly size: number;
  /** The content; each chunk is used before the next one is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Opens the content of a planned file, which must still have the planned size. */
export type OpenBlob = (blob: PlannedBlob, index: number) => AsyncIterable<Uint8Array>;

const SIGNATURE = "PACK";

/**
 * The pack of one file in the only layout that is safe with all receivers: header, the name's
 * header, the name, the content's header, the content in pieces, and the trailer by itself.
 *
 * @throws {GitFault} `changed` when the content is not as long as announced.
 */
export async function* packFile(
  file: FileToPack,
  options: PackOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const { compression, pieceBytes } = withDefaults(options);
  if (file.name.length === 0) throw new RangeError("Cannot write a pack: the name is empty");
  const output = new PackOutput(pieceBytes);
  yield* output.push(encodePackHeader(2));
  yield* output.flush();
  yield* output.push(encodeObjectHeader("tag", file.name.length));
  yield* output.flush();
  yield* pushCompressed(output, file.name, compression);
  yield* output.flush();
  yield* output.push(encodeObjectHeader("blob", file.size));
  yield* output.flush();
  yield* pushContent(output, file.content, file.size, compression);
  yield* output.flush();
  yield output.digest();
}

/**
 * The pack of a directory: commit, trees, blobs, and the trailer by itself. The commit goes first,
 * so that a receiver knows the name before the content.
 *
 * @throws {GitFault} `changed` when a file has not the size, or the hash, of the plan.
 */
export async function* packDirectory(
  { commit, trees, blobs, objects }: DirectoryPlan,
  open: OpenBlob,
  options: PackOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const { compression, pieceBytes } = withDefaults(options);
  const output = new PackOutput(pieceBytes);
  yield* output.push(encodePackHeader(objects));
  yield* pushObject(output, "commit", commit, compression);
  for (const tree of trees) yield* pushObject(output, "tree", tree, compression);
  for (const [index, blob] of blobs.entries()) {
    const hash = new ObjectHash("blob", blob.size);
    yield* output.push(encodeObjectHeader("blob", blob.size));
    yield* pushContent(output, open(blob, index), blob.size, compression, hash);
    if (!equalConstantTime(hash.digest(), blob.hash)) throw changed("it has another hash");
  }
  yield* output.flush();
  yield output.digest();
}

function withDefaults(options: PackOptions): Required<PackOptions> {
  return {
    compression: options.compression ?? "auto",
    pieceBytes: options.pieceBytes ?? MAX_PIECE_BYTES,
  };
}

function encodePackHeader(objects: number): Uint8Array<ArrayBuffer> {
  return new ByteWriter().text(SIGNATURE).u32(PACK_VERSION).u32(objects).finish();
}

function* pushObject(
  output: PackOutput,
  kind: ObjectKind,
  content: Uint8Array,
  compression: Compression,
): Generator<Uint8Array<ArrayBuffer>, void> {
  yield* output.push(encodeObjectHeader(kind, content.length));
  yield* pushCompressed(output, content, compression);
}

function* pushCompressed(
  output: PackOutput,
  content: Uint8Array,
  compression: Compression,
): Generator<Uint8Array<ArrayBuffer>, void> {
  const encoder = new ZlibEncoder(content.length, compression);
  for (const bytes of encoder.push(content)) yield* output.push(bytes);
  for (const bytes of encoder.finish()) yield* output.push(bytes);
}

async function* pushContent(
  output: PackOutput,
  content: AsyncIterable<Uint8Array>,
  size: number,
  compression: Compression,
  hash?: ObjectHash,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const encoder = new ZlibEncoder(size, compression);
  let left = size;
  for await (const chunk of content) {
    left -= chunk.length;
    if (left < 0) throw changed(`it is longer than ${size} bytes`);
    hash?.update(chunk);
    for (const bytes of encoder.push(chunk)) yield* output.push(bytes);
  }
  if (left > 0) throw changed(`${left} of ${size} bytes are missing`);
  for (const bytes of encoder.finish()) yield* output.push(bytes);
}

function changed(reason: string): GitFault {
  return new GitFault("changed", `Cannot send a file that changed meanwhile: ${reason}`);
}
