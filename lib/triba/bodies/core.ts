/**
 * Requests of the core (sections 7.1 and 7.2).
 *
 * @module
 */

import {
  API_VERSION,
  type ApiVersion,
  HANDSHAKE_STEP,
  type HandshakeSuccess,
} from "./handshake.ts";
import { CONTENT, type Content } from "./chat.ts";
import { Enumeration, fields, newtype, unit } from "./enumeration.ts";
import { bool, list, option, text, u32, u64 } from "./shape.ts";

/**
 * What a core asks of an open session. `room`, `message` and `user` are ids; those of the last
 * group exist from API 1.1 on.
 */
export type CoreRequest =
  | { readonly type: "Ping" }
  | { readonly type: "Shutdown" }
  /** Ends an outstanding request, by the id of its packet. */
  | { readonly type: "Cancel"; readonly request: number }
  | { readonly type: "Login"; readonly account: string; readonly secret: string }
  | { readonly type: "ListRooms" }
  | { readonly type: "JoinRoom"; readonly room: string }
  | { readonly type: "LeaveRoom"; readonly room: string }
  /** Newest first; `before` is a message id or what `next` of the last answer said. */
  | {
    readonly type: "FetchMessages";
    readonly room: string;
    readonly before: string | null;
    readonly limit: number;
  }
  /** The same room and `txn` again is the same message, and gets the same answer. */
  | {
    readonly type: "SendMessage";
    readonly room: string;
    readonly txn: string;
    readonly content: Content;
  }
  | { readonly type: "MarkRead"; readonly room: string; readonly message: string }
  | { readonly type: "SetTyping"; readonly room: string; readonly typing: boolean }
  | {
    readonly type: "EditMessage";
    readonly room: string;
    readonly message: string;
    readonly content: Content;
  }
  | { readonly type: "RemoveMessage"; readonly room: string; readonly message: string }
  | {
    readonly type: "React";
    readonly room: string;
    readonly message: string;
    readonly key: string;
    readonly add: boolean;
  }
  | { readonly type: "ListMembers"; readonly room: string }
  | { readonly type: "StartDirect"; readonly user: string }
  /** Continues after `LoginStep`; one answer for each of its fields. */
  | { readonly type: "LoginAnswer"; readonly answers: readonly string[] };

/** All requests that belong to a core. */
export const CORE_REQUESTS: Enumeration<CoreRequest | ApiVersion | HandshakeSuccess> =
  new Enumeration<CoreRequest | ApiVersion | HandshakeSuccess>({
    ApiVersion: API_VERSION,
    HandshakeSuccess: HANDSHAKE_STEP,
    Ping: unit,
    Shutdown: unit,
    Cancel: newtype("request", u64),
    Login: fields({ account: text, secret: text }),
    ListRooms: unit,
    JoinRoom: newtype("room", text),
    LeaveRoom: newtype("room", text),
    FetchMessages: fields({ room: text, before: option(text), limit: u32 }),
    SendMessage: fields({ room: text, txn: text, content: CONTENT }),
    MarkRead: fields({ room: text, message: text }),
    SetTyping: fields({ room: text, typing: bool }),
    EditMessage: fields({ room: text, message: text, content: CONTENT }),
    RemoveMessage: fields({ room: text, message: text }),
    React: fields({ room: text, message: text, key: text, add: bool }),
    ListMembers: newtype("room", text),
    StartDirect: newtype("user", text),
    LoginAnswer: newtype("answers", list(text)),
  });
