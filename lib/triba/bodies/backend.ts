/**
 * Requests of the backend (sections 7.1 and 7.2). Each gets exactly one response, events too: it
 * acknowledges them and slows the backend down if need be.
 *
 * @module
 */

import { HANDSHAKE_STEP, type HandshakeUpgradeConnection } from "./handshake.ts";
import { MESSAGE, type Message, ROOM, type Room } from "./chat.ts";
import { Enumeration, fields, newtype, unit, type UnknownVariant } from "./enumeration.ts";
import { bool, list, text } from "./shape.ts";

/** How the backend stands with its network. */
export type Status =
  | { readonly type: "Connecting" }
  | { readonly type: "Online" }
  | { readonly type: "Offline"; readonly reason: string }
  | { readonly type: "AuthRequired" }
  | UnknownVariant;

/** What happened on the network. `room`, `message` and `user` are ids unless they are objects. */
export type BackendEvent =
  | { readonly type: "MessageReceived"; readonly message: Message }
  | { readonly type: "MessageEdited"; readonly message: Message }
  | { readonly type: "MessageRemoved"; readonly room: string; readonly message: string }
  | { readonly type: "RoomUpdated"; readonly room: Room }
  | { readonly type: "RoomRemoved"; readonly room: string }
  | { readonly type: "Typing"; readonly room: string; readonly users: readonly string[] }
  /** From API 1.1 on. */
  | {
    readonly type: "Reaction";
    readonly room: string;
    readonly message: string;
    readonly user: string;
    readonly key: string;
    readonly add: boolean;
  }
  /** From API 1.1 on. */
  | {
    readonly type: "Read";
    readonly room: string;
    readonly user: string;
    readonly message: string;
  }
  | UnknownVariant;

/** What a backend asks of an open session. */
export type BackendRequest =
  | { readonly type: "Ping" }
  | { readonly type: "Status"; readonly status: Status }
  | { readonly type: "Event"; readonly event: BackendEvent };

/** The shape of {@linkcode Status}. */
export const STATUS: Enumeration<Status> = new Enumeration<Status>({
  Connecting: unit,
  Online: unit,
  Offline: newtype("reason", text),
  AuthRequired: unit,
}, true);

/** The shape of {@linkcode BackendEvent}. */
export const EVENT: Enumeration<BackendEvent> = new Enumeration<BackendEvent>({
  MessageReceived: newtype("message", MESSAGE),
  MessageEdited: newtype("message", MESSAGE),
  MessageRemoved: fields({ room: text, message: text }),
  RoomUpdated: newtype("room", ROOM),
  RoomRemoved: newtype("room", text),
  Typing: fields({ room: text, users: list(text) }),
  Reaction: fields({ room: text, message: text, user: text, key: text, add: bool }),
  Read: fields({ room: text, user: text, message: text }),
}, true);

/** All requests that belong to a backend. */
export const BACKEND_REQUESTS: Enumeration<BackendRequest | HandshakeUpgradeConnection> =
  new Enumeration<BackendRequest | HandshakeUpgradeConnection>({
    HandshakeUpgradeConnection: HANDSHAKE_STEP,
    Ping: unit,
    Status: newtype("status", STATUS),
    Event: newtype("event", EVENT),
  });

/** The name of a variant inside a request that this library does not know (section 7.3). */
export function unknownInside(body: { readonly type: string }): string | undefined {
  const request = body as BackendRequest;
  const inner = request.type === "Event"
    ? request.event
    : request.type === "Status"
    ? request.status
    : undefined;
  return inner?.type === "Unknown" ? inner.name : undefined;
}
