/**
 * Responses, and which of them answer which request (sections 7.1 and 7.2).
 *
 * @module
 */

import { API_VERSION, type ApiVersion } from "./handshake.ts";
import { type Member, MEMBERS, MESSAGE, type Message, ROOM, type Room } from "./chat.ts";
import { Enumeration, fields, newtype, unit } from "./enumeration.ts";
import { list, option, type Shape, text } from "./shape.ts";

/** Why a request failed; a code that is not in this list is read as `internal`. */
export const ERROR_CODES = [
  "unknown_request",
  "invalid_argument",
  "not_found",
  "denied",
  "unauthenticated",
  "unavailable",
  "busy",
  "timeout",
  "cancelled",
  "internal",
] as const;
/** Why a request failed. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** The response to a request that failed. */
export interface ErrorResponse {
  /** The name on the wire. */
  readonly type: "Error";
  /** Why it failed, for programs. */
  readonly code: ErrorCode;
  /** Why it failed, one line for people, without secrets. */
  readonly message: string;
}

/** What answers a request. `message` of `Sent` is the id of the new message. */
export type Response =
  | { readonly type: "Success" }
  | ErrorResponse
  | ApiVersion
  | { readonly type: "Rooms"; readonly rooms: readonly Room[] }
  | {
    readonly type: "Messages";
    readonly messages: readonly Message[];
    readonly next: string | null;
  }
  | { readonly type: "Sent"; readonly message: string }
  /** The last three: from API 1.1 on. */
  | { readonly type: "Members"; readonly members: readonly Member[] }
  | { readonly type: "Room"; readonly room: Room }
  /** `kind` is `fields`, `url`, `qr` or `wait`; `fields` names what to ask of the user. */
  | {
    readonly type: "LoginStep";
    readonly kind: string;
    readonly text: string;
    readonly fields: readonly string[];
  };

const errorCode: Shape<ErrorCode> = {
  read: (reader) => {
    const code = reader.string();
    return ERROR_CODES.find((known) => known === code) ?? "internal";
  },
  write: (code) => code,
};

/** All responses. */
export const RESPONSES: Enumeration<Response> = new Enumeration<Response>({
  Success: unit,
  Error: fields({ code: errorCode, message: text }),
  ApiVersion: API_VERSION,
  Rooms: newtype("rooms", list(ROOM)),
  Messages: fields({ messages: list(MESSAGE), next: option(text) }),
  Sent: fields({ message: text }),
  Members: newtype("members", MEMBERS),
  Room: newtype("room", ROOM),
  LoginStep: fields({ kind: text, text, fields: list(text) }),
});

const OTHER_ANSWERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["ApiVersion", ["ApiVersion"]],
  ["Login", ["Success", "LoginStep"]],
  ["LoginAnswer", ["Success", "LoginStep"]],
  ["ListRooms", ["Rooms"]],
  ["FetchMessages", ["Messages"]],
  ["SendMessage", ["Sent"]],
  ["ListMembers", ["Members"]],
  ["StartDirect", ["Room"]],
]);

/** Whether a response of this name can answer a request of that name. */
export function answers(request: string, response: string): boolean {
  if (response === "Error") return true;
  return OTHER_ANSWERS.get(request)?.includes(response) ?? response === "Success";
}
