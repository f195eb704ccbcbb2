/**
 * Requests as people and scripts write them: a bare name, the house form with `type`, or the form of
 * the wire as JSON.
 *
 * @module
 */

import { encodeMsgpack, MsgpackFault, type MsgpackValue, readMsgpack } from "../../msgpack/mod.ts";
import { TribaFault } from "../fault.ts";
import { quote } from "../quote.ts";
import type { CoreCall } from "../session/core_machine.ts";
import { CORE_REQUESTS, type CoreRequest } from "./core.ts";
import { HANDSHAKE_REQUESTS } from "./handshake.ts";

/** Requests that have their place in the life of a session and are nobody's to send. */
const NOT_CALLS: ReadonlySet<string> = new Set([...HANDSHAKE_REQUESTS, "Shutdown", "Cancel"]);

/**
 * Reads a request of a core: `ListRooms`, `{"type": "JoinRoom", "room": "a"}`, `{"JoinRoom": "a"}`. A
 * `SendMessage` without `txn` gets the one that is handed in.
 *
 * @throws {TribaFault} `argument`; the message does not repeat the argument, which may be a secret.
 */
export function parseRequestText(text: string, txn: string): CoreCall {
  const value = /^\s*[{["]/.test(text) ? parseJson(text) : text.trim();
  const named = typeof value === "string" ? { type: value } : value;
  if (typeof named !== "object" || named === null || Array.isArray(named)) {
    throw refuse("neither a name nor an object");
  }
  const request = "type" in named ? readHouseForm(named, txn) : readWireForm(named, txn);
  if (NOT_CALLS.has(request.type)) throw refuse(`${request.type} is not sent by hand`);
  return request as CoreCall;
}

function parseJson(text: string): MsgpackValue {
  try {
    return JSON.parse(text);
  } catch {
    throw refuse("it is no JSON"); // the message of the parser shows a part of the text
  }
}

/** Written and read again, so that nothing remains that is not of its shape. */
function readHouseForm(value: object, txn: string): CoreRequest {
  const request = value as CoreRequest;
  checkName(request.type);
  const isUnnumbered = request.type === "SendMessage" && request.txn === undefined;
  const written = CORE_REQUESTS.write(isUnnumbered ? { ...request, txn } : request);
  if (typeof written === "string") return decode(written, undefined);
  const [name, argument] = Object.entries(written as object)[0] as [string, MsgpackValue];
  return decode(name, argument);
}

function readWireForm(value: object, txn: string): CoreRequest {
  const [entry, ...others] = Object.entries(value) as [string, MsgpackValue][];
  if (entry === undefined || others.length > 0) {
    throw refuse('an object needs "type", or one name with its argument');
  }
  const [name, argument] = entry;
  checkName(name);
  const isNamed = typeof argument === "object" && argument !== null && !Array.isArray(argument);
  return decode(name, name === "SendMessage" && isNamed ? { txn, ...argument } : argument);
}

function checkName(name: unknown): void {
  if (typeof name === "string" && CORE_REQUESTS.has(name)) return;
  throw refuse(`${quote(String(name))} is no request of a core`);
}

function decode(name: string, argument: MsgpackValue | undefined): CoreRequest {
  const reader = argument === undefined ? undefined : readMsgpack(encode(argument));
  return CORE_REQUESTS.decode(name, reader) as CoreRequest;
}

function encode(argument: MsgpackValue): Uint8Array {
  try {
    return encodeMsgpack(argument);
  } catch (error) {
    if (!(error instanceof MsgpackFault)) throw error;
    throw refuse("a number that is not whole, or more levels than a packet may have");
  }
}

function refuse(state: string): TribaFault {
  return new TribaFault("argument", `Cannot read the request: ${state}`);
}
