/**
 * The file of a traced connection: everything that passed over it, and the keys to read that. Who
 * has the file can read all that was said, secrets of logins included, so it is for its owner alone.
 *
 * A file is the line `triba-trace-1`, then records until its end. A record is
 *
 *     type: u8 | time: u64 | length: u32 | content: length bytes | check: u32
 *
 * Numbers are big-endian, times in milliseconds since 1970; the check is the CRC-32 of the record in
 * front of it. The content of each type:
 *
 *     1 accepted   number of the connection: u32
 *     2 admitted   flags: u8 (1: sizes are little-endian, 2: a process id follows, 4: a secret follows)
 *                  | process id: u32, if so | spawn secret: 32 bytes, if so | name of the backend, UTF-8
 *     3 key        the packet key of step 6: 32 bytes
 *     4 bytes      of the core, as on the wire
 *     5 bytes      of the backend, as on the wire
 *     6 ended      nothing, or 1: u8 | why, UTF-8
 *
 * The first record is of type 1, and no other is.
 *
 * @module
 */

import { crc32 } from "node:zlib";
import { ByteReader, ByteWriter, ChunkBuffer } from "../../bytes/mod.ts";
import { KEY_BYTES, SPAWN_SECRET_BYTES } from "../constants.ts";
import type { TraceRecord } from "../core/trace.ts";
import { TribaFault } from "../fault.ts";

const MAGIC = new TextEncoder().encode("triba-trace-1\n");
const TYPE_ACCEPTED = 1;
const TYPE_ADMITTED = 2;
const TYPE_KEY = 3;
const TYPE_CORE_BYTES = 4;
const TYPE_BACKEND_BYTES = 5;
const TYPE_ENDED = 6;
const FLAG_LITTLE = 1;
const FLAG_PID = 2;
const FLAG_SECRET = 4;
const HEAD_BYTES = 1 + 8 + 4;
const CHECK_BYTES = 4;
/** Largest content: what is written at once is at most a few packets of 16 MiB. */
const MAX_CONTENT_BYTES = 64 * 1024 * 1024;

/** The beginning of a file. */
export function encodeTraceStart(): Uint8Array<ArrayBuffer> {
  return MAGIC.slice();
}

/** One record; the number of the connection is kept in the first one alone. */
export function encodeTraceRecord(record: TraceRecord): Uint8Array<ArrayBuffer> {
  const { type, content } = encodeContent(record);
  const body = new ByteWriter(HEAD_BYTES + content.length + CHECK_BYTES)
    .u8(type)
    .u64(BigInt(record.at))
    .u32(content.length)
    .bytes(content)
    .finish();
  return new ByteWriter(body.length + CHECK_BYTES).bytes(body).u32(crc32(body)).finish();
}

/** A record, and where in the file it begins. */
export interface TraceEntry {
  /** Bytes in front of it. */
  readonly offset: number;
  /** What happened. */
  readonly record: TraceRecord;
}

/** Reads a trace in pieces of any size. */
export class TraceDecoder {
  readonly #buffer = new ChunkBuffer();
  #offset = 0;
  #connection: number | undefined;

  /** Adds bytes of the file. */
  push(chunk: Uint8Array): void {
    this.#buffer.push(chunk);
  }

  /**
   * The next record that is complete.
   *
   * @throws {TribaFault} `trace`, with the offset; no more can be read then.
   */
  next(): TraceEntry | undefined {
    if (this.#offset === 0 && !this.#readStart()) return undefined;
    const offset = this.#offset;
    const head = this.#buffer.peek(HEAD_BYTES);
    if (head === undefined) return undefined;
    const length = new DataView(head.buffer, head.byteOffset).getUint32(HEAD_BYTES - 4);
    if (length > MAX_CONTENT_BYTES) throw damaged(offset, `a record of ${length} bytes`);
    const bytes = this.#buffer.take(HEAD_BYTES + length + CHECK_BYTES);
    if (bytes === undefined) return undefined;
    this.#offset += bytes.length;
    return { offset, record: this.#read(bytes, offset) };
  }

  /**
   * The file ended.
   *
   * @throws {TribaFault} `trace` if it ends inside a record.
   */
  end(): void {
    if (this.#offset === 0) throw damaged(0, "it is no trace of this version");
    if (this.#buffer.length === 0) return;
    throw new TribaFault(
      "trace",
      `Cannot read the trace: it is cut off in the record at byte ${this.#offset}`,
    );
  }

  #readStart(): boolean {
    const start = this.#buffer.peek(Math.min(MAGIC.length, this.#buffer.length));
    if (start?.some((byte, i) => byte !== MAGIC[i])) {
      throw damaged(0, "it is no trace of this version");
    }
    if (this.#buffer.take(MAGIC.length) === undefined) return false;
    this.#offset = MAGIC.length;
    return true;
  }

  #read(bytes: Uint8Array, offset: number): TraceRecord {
    const reader = new ByteReader(bytes, () => damaged(offset, "its content is too short"));
    const body = reader.take(bytes.length - CHECK_BYTES);
    if (reader.u32() !== crc32(body)) throw damaged(offset, "its check does not fit");
    const fields = new ByteReader(body, () => damaged(offset, "its content makes no sense"));
    const type = fields.u8();
    const at = Number(fields.u64());
    fields.u32();
    if (!Number.isSafeInteger(at)) throw damaged(offset, "its time is out of range");
    if ((type === TYPE_ACCEPTED) !== (this.#connection === undefined)) {
      throw damaged(offset, "it is out of place");
    }
    this.#connection ??= fields.u32();
    const content = type === TYPE_ACCEPTED ? { type: "accepted" } : readContent(type, fields);
    if (content === undefined || fields.remaining > 0) {
      throw damaged(offset, "its content makes no sense");
    }
    return { ...content, connection: this.#connection, at } as TraceRecord;
  }
}

type Content = TraceRecord extends infer R
  ? R extends TraceRecord ? Omit<R, "connection" | "at"> : never
  : never;

function encodeContent(
  record: TraceRecord,
): { readonly type: number; readonly content: Uint8Array } {
  switch (record.type) {
    case "accepted":
      return { type: TYPE_ACCEPTED, content: new ByteWriter(4).u32(record.connection).finish() };
    case "admitted":
      return { type: TYPE_ADMITTED, content: encodeAdmitted(record) };
    case "key":
      return { type: TYPE_KEY, content: record.packetKey };
    case "bytes": {
      const type = record.from === "core" ? TYPE_CORE_BYTES : TYPE_BACKEND_BYTES;
      return { type, content: record.bytes };
    }
    case "ended": {
      const { reason } = record;
      const content = reason === undefined
        ? new Uint8Array()
        : new ByteWriter().u8(1).text(reason).finish();
      return { type: TYPE_ENDED, content };
    }
  }
}

function encodeAdmitted(record: Extract<TraceRecord, { readonly type: "admitted" }>): Uint8Array {
  const { backend, pid, byteOrder, spawnSecret } = record;
  const flags = (byteOrder === "little" ? FLAG_LITTLE : 0) |
    (pid === undefined ? 0 : FLAG_PID) |
    (spawnSecret === undefined ? 0 : FLAG_SECRET);
  const writer = new ByteWriter().u8(flags);
  if (pid !== undefined) writer.u32(pid);
  if (spawnSecret !== undefined) writer.bytes(spawnSecret);
  return writer.text(backend).finish();
}

function readContent(type: number, fields: ByteReader): Content | undefined {
  switch (type) {
    case TYPE_ADMITTED:
      return readAdmitted(fields);
    case TYPE_KEY:
      return { type: "key", packetKey: fields.take(KEY_BYTES) };
    case TYPE_CORE_BYTES:
      return { type: "bytes", from: "core", bytes: fields.rest() };
    case TYPE_BACKEND_BYTES:
      return { type: "bytes", from: "backend", bytes: fields.rest() };
    case TYPE_ENDED:
      if (fields.remaining === 0) return { type: "ended", reason: undefined };
      return fields.u8() === 1
        ? { type: "ended", reason: fields.text(fields.remaining) }
        : undefined;
    default:
      return undefined;
  }
}

function readAdmitted(fields: ByteReader): Content | undefined {
  const flags = fields.u8();
  if (flags > (FLAG_LITTLE | FLAG_PID | FLAG_SECRET)) return undefined;
  return {
    type: "admitted",
    byteOrder: flags & FLAG_LITTLE ? "little" : "big",
    pid: flags & FLAG_PID ? fields.u32() : undefined,
    spawnSecret: flags & FLAG_SECRET ? fields.take(SPAWN_SECRET_BYTES) : undefined,
    backend: fields.text(fields.remaining),
  };
}

function damaged(offset: number, state: string): TribaFault {
  return new TribaFault(
    "trace",
    offset === 0
      ? `Cannot read the trace: ${state}`
      : `Cannot read the trace: the record at byte ${offset} is damaged, ${state}`,
  );
}
