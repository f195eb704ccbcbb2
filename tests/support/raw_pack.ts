// Packs written by hand, right or wrong on purpose, by nothing that is under test. Each piece is
// meant to be one record.

import { concat } from "@std/bytes/concat";
import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";

/** Numbers of the kinds of objects. */
export const KIND = { commit: 1, tree: 2, blob: 3, tag: 4 } as const;

/** An object of a pack. */
export interface RawObject {
  readonly kind: number;
  readonly content: Uint8Array;
}

const utf8 = new TextEncoder();

/** Text as UTF-8; bytes as they are. */
export function toBytes(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? utf8.encode(content) : content;
}

/** Kind and size in front of an object. */
export function objectHeader(kind: number, size: number): Uint8Array {
  const bytes = [(kind << 4) | (size & 15)];
  for (let rest = size >> 4; rest > 0; rest >>= 7) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return Uint8Array.from(bytes);
}

/** The header of a pack with so many objects. */
export function packHeader(objects: number): Uint8Array {
  return concat([utf8.encode("PACK"), Uint8Array.of(0, 0, 0, 2, 0, 0, 0, objects)]);
}

/** The pieces of a pack: its header, header and zlib stream of each object, the trailer. */
export function packPieces(objects: readonly RawObject[]): Uint8Array[] {
  const pieces = [packHeader(objects.length)];
  for (const { kind, content } of objects) {
    pieces.push(objectHeader(kind, content.length), new Uint8Array(deflateSync(content)));
  }
  return [...pieces, sha1(pieces)];
}

/** The pieces of the pack of one file. */
export function filePieces(name: string | Uint8Array, content: string | Uint8Array): Uint8Array[] {
  return packPieces([
    { kind: KIND.tag, content: toBytes(name) },
    { kind: KIND.blob, content: toBytes(content) },
  ]);
}

/** An entry of a tree. */
export interface RawEntry {
  readonly mode: "100644" | "40000" | string;
  readonly name: string | Uint8Array;
  readonly hash: Uint8Array;
}

/** A tree, its entries in the order given. */
export function treeOf(entries: readonly RawEntry[]): RawObject {
  const parts = entries.flatMap(({ mode, name, hash }) => [
    ...[utf8.encode(`${mode} `), toBytes(name), Uint8Array.of(0), hash],
  ]);
  return { kind: KIND.tree, content: concat(parts) };
}

/** A file's content. */
export function blobOf(content: string | Uint8Array): RawObject {
  return { kind: KIND.blob, content: toBytes(content) };
}

/** What a directory is called, and its root. */
export function commitOf(name: string | Uint8Array, root: RawObject): RawObject {
  const parts = [toBytes(name), Uint8Array.of(0), hashOf(root), utf8.encode("2")];
  return { kind: KIND.commit, content: concat(parts) };
}

/** The name of a blob or tree, as Git makes it. */
export function hashOf({ kind, content }: RawObject): Uint8Array {
  const type = kind === KIND.tree ? "tree" : "blob";
  return sha1([utf8.encode(`${type} ${content.length}\0`), content]);
}

/** A directory that holds files: commit, trees and blobs. */
export function directoryPieces(
  name: string | Uint8Array,
  files: readonly (readonly [string | Uint8Array, string])[],
): Uint8Array[] {
  const blobs = files.map(([, content]) => blobOf(content));
  const root = treeOf(
    files.map(([name], i) => ({ mode: "100644", name, hash: hashOf(blobs[i] as RawObject) })),
  );
  return packPieces([commitOf(name, root), root, ...blobs]);
}

function sha1(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}
