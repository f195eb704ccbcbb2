/**
 * What chat is made of: rooms, messages, contents (section 7.2). Ids are opaque texts.
 *
 * @module
 */

import { Enumeration, fields, newtype, type Variant } from "./enumeration.ts";
import { bool, lazy, list, option, type Shape, struct, text, u32, u64 } from "./shape.ts";

/** A room, or a conversation with one person. */
export interface Room {
  /** The room's id. */
  readonly id: string;
  /** Its name, for people. */
  readonly name: string;
  /** What it is about, if anybody said. */
  readonly topic: string | null;
  /** Messages not read yet. */
  readonly unread: number;
  /** Whether it is with one person only. */
  readonly direct: boolean;
}

/** A message in a room. */
export interface Message {
  /** The message's id. */
  readonly id: string;
  /** The room's id. */
  readonly room: string;
  /** The user's id. */
  readonly sender: string;
  /** When it was sent, in milliseconds since 1970. */
  readonly sent_ms: number;
  /** What it says. */
  readonly content: Content;
}

/** Plain text. */
export interface TextContent extends Variant {
  /** The name on the wire. */
  readonly type: "Text";
  /** The text. */
  readonly text: string;
}

/** A text that no program should answer by itself. */
export interface NoticeContent extends Variant {
  /** The name on the wire. */
  readonly type: "Notice";
  /** The text. */
  readonly text: string;
}

/** What the sender does, such as `waves`. */
export interface EmoteContent extends Variant {
  /** The name on the wire. */
  readonly type: "Emote";
  /** The text. */
  readonly text: string;
}

/** A file that lies elsewhere; from API 1.1 on. */
export interface FileContent extends Variant {
  /** The name on the wire. */
  readonly type: "File";
  /** Its name, for people: not a path. */
  readonly name: string;
  /** Its media type. */
  readonly mime: string;
  /** Its size in bytes. */
  readonly size: number;
  /** Where it lies on this machine. */
  readonly path: string | null;
  /** Where it lies elsewhere. */
  readonly url: string | null;
}

/** An answer to a message; from API 1.1 on. */
export interface ReplyContent extends Variant {
  /** The name on the wire. */
  readonly type: "Reply";
  /** Id of the message that it answers. */
  readonly to: string;
  /** What it says. */
  readonly content: Content;
}

/** What a message says. */
export type Content = TextContent | NoticeContent | EmoteContent | FileContent | ReplyContent;

/** Somebody in a room; from API 1.1 on. */
export interface Member {
  /** The user's id. */
  readonly id: string;
  /** Their name, for people. */
  readonly name: string;
}

/** The shape of {@linkcode Room}. */
export const ROOM: Shape<Room> = struct<Room>({
  id: text,
  name: text,
  topic: option(text),
  unread: u32,
  direct: bool,
});

/** The shape of {@linkcode Content}. */
export const CONTENT: Enumeration<Content> = new Enumeration<Content>({
  Text: newtype("text", text),
  Notice: newtype("text", text),
  Emote: newtype("text", text),
  File: fields({ name: text, mime: text, size: u64, path: option(text), url: option(text) }),
  Reply: fields({ to: text, content: lazy(() => CONTENT) }),
});

/** The shape of {@linkcode Message}. */
export const MESSAGE: Shape<Message> = struct<Message>({
  id: text,
  room: text,
  sender: text,
  sent_ms: u64,
  content: CONTENT,
});

/** The shape of a list of {@linkcode Member}. */
export const MEMBERS: Shape<readonly Member[]> = list(struct<Member>({ id: text, name: text }));
