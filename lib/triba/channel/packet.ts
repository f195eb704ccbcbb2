/**
 * Packets: a request or a response with its id, in each of the forms that section 6.1 accepts.
 *
 * @module
 */

import {
  encodeMsgpack,
  MsgpackFault,
  type MsgpackReader,
  type MsgpackValue,
  readMsgpack,
} from "../../msgpack/mod.ts";
import { type RawVariant, readVariant } from "../bodies/enumeration.ts";
import { TribaFault } from "../fault.ts";

/**
 * How packets are written: as an array of their fields, or that array inside an outer enum of
 * `Request` and `Response`. The form with names is read and never written.
 */
export type PacketForm = "compact" | "tagged";

/** A request whose argument is not looked at yet. */
export interface RequestPacket extends RawVariant {
  /** Tells the two kinds apart. */
  readonly kind: "request";
  /** Number of the packet, counted by its sender. */
  readonly id: number;
  /** The form in which it came. */
  readonly form: PacketForm;
}

/** A response whose argument is not looked at yet. */
export interface ResponsePacket extends RawVariant {
  /** Tells the two kinds apart. */
  readonly kind: "response";
  /** Number of the packet, counted by its sender. */
  readonly id: number;
  /** Number of the request that it answers, counted by the other side. */
  readonly req: number;
  /** The form in which it came. */
  readonly form: PacketForm;
}

/** What a payload holds. */
export type Packet = RequestPacket | ResponsePacket;

const TAGS: ReadonlyMap<string, Packet["kind"]> = new Map([
  ["Request", "request"],
  ["Response", "response"],
]);
const FIELDS = ["id", "req", "body"] as const;

/**
 * Reads a packet in any of its four forms. The body's name is read, its argument is known to be
 * well-formed and nothing else.
 *
 * @throws {TribaFault} `malformed`.
 */
export function decodePacket(plaintext: Uint8Array): Packet {
  try {
    return readOuter(readMsgpack(plaintext));
  } catch (error) {
    if (error instanceof MsgpackFault || error instanceof TribaFault) {
      throw new TribaFault("malformed", `Cannot read a packet: ${error.message}`, { cause: error });
    }
    throw error;
  }
}

/** A request with the body as an encoded value. */
export function encodeRequest(
  id: number,
  body: MsgpackValue,
  form: PacketForm = "compact",
): Uint8Array<ArrayBuffer> {
  const packet = [id, body];
  return encodeMsgpack(form === "compact" ? packet : { Request: packet });
}

/** A response with the body as an encoded value. */
export function encodeResponse(
  id: number,
  req: number,
  body: MsgpackValue,
  form: PacketForm = "compact",
): Uint8Array<ArrayBuffer> {
  const packet = [id, req, body];
  return encodeMsgpack(form === "compact" ? packet : { Response: packet });
}

function readOuter(reader: MsgpackReader): Packet {
  if (reader.type === "array") return readCompact(reader, "compact");
  const entries = readEntries(reader);
  if (!(entries instanceof Tagged)) return readNamed(entries, "compact");
  const { kind, content } = entries;
  const packet = content.type === "array"
    ? readCompact(content, "tagged")
    : readNamed(demandNamed(content), "tagged");
  if (packet.kind === kind) return packet;
  throw refuse(`the tag says ${kind}, the fields make a ${packet.kind}`);
}

function readCompact(reader: MsgpackReader, form: PacketForm): Packet {
  const length = reader.array();
  if (length !== 2 && length !== 3) throw refuse(`an array of ${length}`);
  const id = reader.unsigned();
  if (length === 2) return makeRequest(id, readVariant(reader), form);
  return makeResponse(id, reader.unsigned(), readVariant(reader), form);
}

type Named = Partial<Record<(typeof FIELDS)[number], MsgpackReader>>;

function readNamed(entries: Named, form: PacketForm): Packet {
  if (entries.id === undefined || entries.body === undefined) throw refuse("no id or no body");
  const id = entries.id.unsigned();
  const body = readVariant(entries.body);
  if (entries.req === undefined) return makeRequest(id, body, form);
  return makeResponse(id, entries.req.unsigned(), body, form);
}

class Tagged {
  constructor(readonly kind: Packet["kind"], readonly content: MsgpackReader) {}
}

function demandNamed(reader: MsgpackReader): Named {
  const entries = readEntries(reader);
  if (entries instanceof Tagged) throw refuse("a tag inside a tag");
  return entries;
}

/** Reads a map: the outer enum if it is one entry under a tag, else the fields by name. */
function readEntries(reader: MsgpackReader): Named | Tagged {
  const length = reader.map();
  const found: Named = {};
  for (let left = length; left > 0; left--) {
    const name = reader.string();
    const kind = length === 1 ? TAGS.get(name) : undefined;
    if (kind !== undefined) return new Tagged(kind, reader.value());
    const field = FIELDS.find((known) => known === name);
    if (field === undefined) reader.skip();
    else if (found[field] === undefined) found[field] = reader.value();
    else throw refuse(`field "${field}" is there twice`);
  }
  return found;
}

function makeRequest(id: number, body: RawVariant, form: PacketForm): RequestPacket {
  return { kind: "request", id, name: body.name, argument: body.argument, form };
}

function makeResponse(
  id: number,
  req: number,
  body: RawVariant,
  form: PacketForm,
): ResponsePacket {
  return { kind: "response", id, req, name: body.name, argument: body.argument, form };
}

function refuse(state: string): TribaFault {
  return new TribaFault("malformed", state);
}
