/**
 * Requests, answers and events of backends as JSON: names and fields are those of TriBA.
 *
 * @module
 */

import type { BackendEvent, Status } from "../bodies/backend.ts";
import type { Content, Member, Message, Room } from "../bodies/chat.ts";
import type { CoreCall } from "../session/core_machine.ts";
import type { Answer } from "../session/events.ts";
import {
  bool,
  type JsonShape,
  list,
  named,
  nullable,
  object,
  shortText,
  text,
  union,
  whole,
} from "./shape.ts";

const MAX_U32 = 2 ** 32 - 1;
const MAX_U16 = 2 ** 16 - 1;

/** A room. */
export const ROOM_JSON: JsonShape<Room> = named("room", () => ROOM_BODY);
/** What a message says. */
export const CONTENT_JSON: JsonShape<Content> = named("content", () => CONTENT_BODY);
/** A message. */
export const MESSAGE_JSON: JsonShape<Message> = named("chat_message", () => MESSAGE_BODY);

const ROOM_BODY = object<Room>({
  id: text,
  name: text,
  topic: nullable(text),
  unread: whole(0, MAX_U32),
  direct: bool,
});

const CONTENT_BODY: JsonShape<Content> = union<Content>({
  Text: { text },
  Notice: { text },
  Emote: { text },
  File: { name: text, mime: text, size: whole(0), path: nullable(text), url: nullable(text) },
  Reply: { to: text, content: CONTENT_JSON },
});

const MESSAGE_BODY = object<Message>({
  id: text,
  room: text,
  sender: text,
  sent_ms: whole(0),
  content: CONTENT_JSON,
});

const CALL_BODY = union<CoreCall>({
  Ping: {},
  Login: { account: text, secret: text },
  ListRooms: {},
  JoinRoom: { room: text },
  LeaveRoom: { room: text },
  FetchMessages: { room: text, before: nullable(text), limit: whole(1, MAX_U32) },
  SendMessage: { room: text, txn: shortText(255), content: CONTENT_JSON },
  MarkRead: { room: text, message: text },
  SetTyping: { room: text, typing: bool },
  EditMessage: { room: text, message: text, content: CONTENT_JSON },
  RemoveMessage: { room: text, message: text },
  React: { room: text, message: text, key: text, add: bool },
  ListMembers: { room: text },
  StartDirect: { user: text },
  LoginAnswer: { answers: list(text) },
});

const LOGIN_STEP = { kind: text, text, fields: list(text) };

const ANSWER_BODY = union<Answer>({
  Success: {},
  ApiVersion: {
    major: whole(0, MAX_U16),
    minor: whole(0, MAX_U16),
    agent: text,
    features: list(text),
  },
  Rooms: { rooms: list(ROOM_JSON) },
  Messages: { messages: list(MESSAGE_JSON), next: nullable(text) },
  Sent: { message: text },
  Members: { members: list(object<Member>({ id: text, name: text })) },
  Room: { room: ROOM_JSON },
  LoginStep: LOGIN_STEP,
});

const STATUS_BODY = union<Status>({
  Connecting: {},
  Online: {},
  Offline: { reason: text },
  AuthRequired: {},
  Unknown: { name: text },
});

const EVENT_BODY = union<BackendEvent>({
  MessageReceived: { message: MESSAGE_JSON },
  MessageEdited: { message: MESSAGE_JSON },
  MessageRemoved: { room: text, message: text },
  RoomUpdated: { room: ROOM_JSON },
  RoomRemoved: { room: text },
  Typing: { room: text, users: list(text) },
  Reaction: { room: text, message: text, user: text, key: text, add: bool },
  Read: { room: text, user: text, message: text },
  Unknown: { name: text },
});

/** A request for a backend. */
export const CALL_JSON: JsonShape<CoreCall> = named("call", () => CALL_BODY);
/** What answers a request. */
export const ANSWER_JSON: JsonShape<Answer> = named("answer", () => ANSWER_BODY);
/** How a backend stands with its network. */
export const STATUS_JSON: JsonShape<Status> = named("network", () => STATUS_BODY);
/** What happened on a network. */
export const EVENT_JSON: JsonShape<BackendEvent> = named("event", () => EVENT_BODY);

/** What a login needs beside account and secret. */
export const LOGIN_STEP_JSON: JsonShape<Extract<Answer, { readonly type: "LoginStep" }>> = union<
  Extract<Answer, { readonly type: "LoginStep" }>
>({ LoginStep: LOGIN_STEP });

/** The bodies behind the names, for the schema. */
export const CHAT_DEFINITIONS: Readonly<Record<string, JsonShape<unknown>>> = {
  room: ROOM_BODY,
  content: CONTENT_BODY,
  chat_message: MESSAGE_BODY,
  call: CALL_BODY,
  answer: ANSWER_BODY,
  network: STATUS_BODY,
  event: EVENT_BODY,
};
