/**
 * Packets as people and scripts read them: decoded as far as their names are known, secrets masked.
 *
 * @module
 */

import { encodeHex } from "@std/encoding/hex";
import type { MsgpackReader } from "../../msgpack/mod.ts";
import { BACKEND_REQUESTS } from "../bodies/backend.ts";
import { CORE_REQUESTS } from "../bodies/core.ts";
import type { Enumeration, Variant } from "../bodies/enumeration.ts";
import { RESPONSES } from "../bodies/response.ts";
import { decodePacket, type Packet, type PacketForm } from "../channel/packet.ts";
import { TribaFault } from "../fault.ts";

/** What stands in place of a secret. */
export const MASK = "***";

/** A side of a connection. */
export type Side = "core" | "backend";

/** A body: `type` is its name on the wire, the other fields its argument. */
export type BodyView = Variant & Readonly<Record<string, unknown>>;

/** What a packet says. */
export interface PacketView {
  /** Which kind it is. */
  readonly kind: "request" | "response";
  /** Its number, counted by its sender. */
  readonly id: number;
  /** Number of the request that it answers; undefined for a request. */
  readonly req: number | undefined;
  /** How it was written. */
  readonly form: PacketForm;
  /**
   * What it says. A name that is not known, or one with a wrong argument, has the argument as it is
   * in a field of this name.
   */
  readonly body: BodyView;
  /** What is wrong with the body. */
  readonly wrong: string | undefined;
}

/** A payload that was opened. */
export type PlaintextView =
  | { readonly packet: Packet; readonly view: PacketView }
  /** No packet at all; why not. */
  | { readonly packet: undefined; readonly wrong: string };

/** Reads a plaintext. */
export function viewPlaintext(plaintext: Uint8Array, from: Side): PlaintextView {
  try {
    const packet = decodePacket(plaintext);
    const { kind, id, form } = packet;
    const req = packet.kind === "response" ? packet.req : undefined;
    return { packet, view: { kind, id, req, form, ...viewBody(packet, plaintext, from) } };
  } catch (error) {
    if (!(error instanceof TribaFault)) throw error;
    return { packet: undefined, wrong: error.message };
  }
}

/** The body of `ApiVersion`, if a packet is one that makes sense. */
export function featuresOf(view: PacketView): readonly string[] | undefined {
  if (view.body.type !== "ApiVersion" || view.wrong !== undefined) return undefined;
  return view.body["features"] as readonly string[];
}

function viewBody(
  packet: Packet,
  plaintext: Uint8Array,
  from: Side,
): Pick<PacketView, "body" | "wrong"> {
  const { name } = packet;
  const known = enumerationOf(packet, from);
  if (!known.has(name)) return { body: viewRaw(name, plaintext), wrong: "unknown name" };
  try {
    return { body: mask(known.decode(name, packet.argument) as BodyView), wrong: undefined };
  } catch (error) {
    if (!(error instanceof TribaFault)) throw error;
    return { body: viewRaw(name, plaintext), wrong: error.message };
  }
}

function enumerationOf(packet: Packet, from: Side): Enumeration<Variant> {
  const found = packet.kind === "response"
    ? RESPONSES
    : from === "core"
    ? CORE_REQUESTS
    : BACKEND_REQUESTS;
  return found as unknown as Enumeration<Variant>; // which one it is, the packet says
}

/** Logins hold secrets, and the steps of one may show a code that is as good as one. */
function mask(body: BodyView): BodyView {
  switch (body.type) {
    case "Login":
      return { ...body, secret: MASK };
    case "LoginAnswer":
      return { ...body, answers: (body["answers"] as readonly string[]).map(() => MASK) };
    case "LoginStep":
      return body["kind"] === "qr" || body["kind"] === "url" ? { ...body, text: MASK } : body;
    default:
      return body;
  }
}

/** The argument without knowing what it means; nothing of what may be a login is shown. */
function viewRaw(name: string, plaintext: Uint8Array): BodyView {
  if (/login|auth/i.test(name)) return { type: name, argument: MASK };
  const { argument } = decodePacket(plaintext); // anew: the reader of the first one is used up
  return argument === undefined ? { type: name } : { type: name, argument: readPlain(argument) };
}

/** Any MessagePack value as one that JSON has. */
function readPlain(reader: MsgpackReader): unknown {
  switch (reader.type) {
    case "nil":
    case undefined:
      reader.nil();
      return null;
    case "boolean":
      return reader.boolean();
    case "integer":
      return reader.integer();
    case "float":
      return reader.float();
    case "string":
      return reader.string();
    case "binary":
      return { binary: encodeHex(reader.binary()) };
    case "extension": {
      const { type, data } = reader.extension();
      return { extension: type, data: encodeHex(data) };
    }
    case "array":
      return Array.from({ length: reader.array() }, () => readPlain(reader));
    case "map":
      return readPlainMap(reader);
  }
}

/** Pairs, where a key is no text or is there twice: an object would not show that. */
function readPlainMap(reader: MsgpackReader): unknown {
  const pairs = Array.from(
    { length: reader.map() },
    () => [readPlain(reader), readPlain(reader)] as const,
  );
  const keys = new Set(pairs.map(([key]) => key));
  const isObject = keys.size === pairs.length && [...keys].every((key) => typeof key === "string");
  return isObject ? Object.fromEntries(pairs) : { pairs };
}
