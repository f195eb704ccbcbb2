// Packs built by hand, and an object store in memory.

import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodeHex } from "@std/encoding/hex";
import {
  GitFault,
  type GitFaultCode,
  type ObjectSink,
  type ObjectStore,
  type PackObject,
  type RandomAccess,
  type StoredObject,
} from "../../lib/git/mod.ts";

/** An object as it stands in a pack; what is not given is made to fit. */
export interface RawObject {
  readonly kind: number;
  readonly content: Uint8Array;
  /** Size in the header. */
  readonly size?: number;
  /** What stands between header and zlib stream: a base's offset or hash. */
  readonly prefix?: Uint8Array;
  /** The zlib stream. */
  readonly zlib?: Uint8Array;
}

/** The numbers of the kinds. */
export const KIND = { commit: 1, tree: 2, blob: 3, tag: 4, delta: 6, reference: 7 } as const;

/** A pack, right or wrong, that shares no code with the program. */
export function rawPack(
  objects: readonly RawObject[],
  wrong: { readonly count?: number; readonly version?: number; readonly trailer?: Uint8Array } = {},
): Uint8Array<ArrayBuffer> {
  const header = new DataView(new ArrayBuffer(12));
  header.setUint32(0, 0x5041434b);
  header.setUint32(4, wrong.version ?? 2);
  header.setUint32(8, wrong.count ?? objects.length);
  const body = concat([new Uint8Array(header.buffer), ...objects.flatMap(rawObject)]);
  const trailer = wrong.trailer ?? new Uint8Array(createHash("sha1").update(body).digest());
  return concat([body, trailer]);
}

/** Header, prefix and zlib stream of one object. */
export function rawObject(object: RawObject): Uint8Array[] {
  let rest = BigInt(object.size ?? object.content.length);
  const header = [(object.kind << 4) | Number(rest & 15n)];
  for (rest >>= 4n; rest > 0n; rest >>= 7n) {
    header.push((header.pop() as number) | 0x80, Number(rest & 127n));
  }
  const zlib = object.zlib ?? deflateSync(object.content, { level: 4 });
  return [Uint8Array.from(header), object.prefix ?? new Uint8Array(), zlib];
}

/** The chunks one after the other, and then the end. */
export async function* streamOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

/** The chunks and then silence: whoever asks for more waits for ever. */
export async function* silentStreamOf(
  ...chunks: readonly Uint8Array[]
): AsyncGenerator<Uint8Array> {
  yield* chunks;
  await new Promise(() => {});
}

/** Everything in one array. */
export async function collect(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk.slice());
  return concat(chunks);
}

/** The pack of a recorded session: its records, and what an independent reader found in it. */
export function recordedPack(
  session: "file-nonce12" | "file-nonce20" | "directory-nonce12",
): { readonly records: readonly Uint8Array[]; readonly objects: readonly PlainObject[] } {
  const url = new URL(`../vectors/bob/session-${session}.json`, import.meta.url);
  const { records, pack_objects } = JSON.parse(Deno.readTextFileSync(url)) as {
    readonly records: readonly { readonly plaintext: string }[];
    readonly pack_objects: readonly {
      readonly kind: 1 | 2 | 3 | 4;
      readonly offset: number;
      readonly size: number;
      readonly content: string;
    }[];
  };
  const kinds = ["commit", "tree", "blob", "tag"] as const;
  return {
    records: records.map(({ plaintext }) => decodeHex(plaintext)),
    objects: pack_objects.map(({ kind, offset, size, content }) => ({
      kind: kinds[kind - 1] as PlainObject["kind"],
      offset,
      size,
      content: decodeHex(content),
    })),
  };
}

/** What a test compares. */
export interface PlainObject {
  readonly kind: PackObject["kind"];
  readonly offset: number;
  readonly size: number;
  readonly content: Uint8Array;
}

/** Reads all objects with their content. */
export async function readObjects(reader: AsyncIterable<PackObject>): Promise<PlainObject[]> {
  const objects: PlainObject[] = [];
  for await (const { kind, offset, size, content } of reader) {
    objects.push({ kind, offset, size, content: await collect(content) });
  }
  return objects;
}

/** Reads from memory, at most so many bytes at a time. */
export function accessTo(bytes: Uint8Array, most = Infinity): RandomAccess {
  return {
    size: bytes.length,
    read: (offset, into) => {
      const part = bytes.subarray(offset, offset + Math.min(most, into.length));
      into.set(part);
      return part.length;
    },
  };
}

/** Keeps objects in memory, and counts what is open. */
export class MemoryStore implements ObjectStore<number> {
  readonly contents: Uint8Array[] = [];
  /** Sinks and objects that were not closed. */
  unclosed = 0;
  aborted = 0;

  create(size: number): ObjectSink<number> {
    const chunks: Uint8Array[] = [];
    this.unclosed++;
    return {
      write: (chunk) => void chunks.push(chunk.slice()),
      finish: () => {
        this.unclosed--;
        const content = concat(chunks);
        if (content.length !== size) throw new Error(`${content.length} instead of ${size} bytes`);
        return this.contents.push(content) - 1;
      },
      abort: () => {
        this.unclosed--;
        this.aborted++;
      },
    };
  }

  open(id: number): StoredObject {
    const content = this.contents[id];
    if (content === undefined) throw new Error(`no object ${id}`);
    this.unclosed++;
    const { size, read } = accessTo(content, 1000);
    return {
      size,
      // Asynchronous and in small parts, as a file may be.
      read: (offset, into) => Promise.resolve(read(offset, into)),
      close: () => void this.unclosed--,
    };
  }
}

/** Fails unless the call throws, or its promise is rejected with, a fault of this code. */
export async function assertFault(
  code: GitFaultCode,
  call: () => unknown,
  message?: string,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof GitFault)) throw error;
    assertEquals(error.code, code, message ?? error.message);
    return;
  }
  throw new Error(`No fault "${code}": ${message ?? "the call succeeded"}`);
}

/** A delta of these sizes and instructions, right or wrong. */
export function rawDelta(
  baseSize: number,
  resultSize: number,
  instructions: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  return concat([deltaSize(baseSize), deltaSize(resultSize), ...instructions]);
}

/** An instruction to insert 1 to 127 bytes. */
export function insert(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return concat([Uint8Array.of(bytes.length), bytes]);
}

/** An instruction to copy from the base; bytes that are 0 are left out, as Git does. */
export function copy(offset: number, length: number): Uint8Array<ArrayBuffer> {
  const values = [0, 8, 16, 24].map((shift) => (offset >>> shift) & 0xff);
  values.push(...[0, 8, 16].map((shift) => (length >>> shift) & 0xff));
  const code = values.reduce((bits, value, i) => value === 0 ? bits : bits | (1 << i), 0x80);
  return Uint8Array.of(code, ...values.filter((value) => value !== 0));
}

function deltaSize(size: number): Uint8Array<ArrayBuffer> {
  const bytes = [size % 128];
  for (let rest = Math.floor(size / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) as number) | 0x80;
    bytes.push(rest % 128);
  }
  return Uint8Array.from(bytes);
}

/** The item at the index, from the end when it is negative; there must be one. */
export function itemAt<T>(list: readonly T[], index: number): T {
  const item = list.at(index);
  if (item === undefined) throw new RangeError(`No item ${index} of ${list.length}`);
  return item;
}
