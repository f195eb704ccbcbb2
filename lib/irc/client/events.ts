/**
 * What a connection to a server reports.
 *
 * @module
 */

import type { LogLevel } from "../../log/mod.ts";
import type { IrcFault } from "../fault.ts";

/** How a message is meant. */
export type ChatKind = "text" | "notice" | "emote";

/** A message that somebody wrote. */
export interface ChatMessage {
  /** The id that the server gave it, if it does such things. */
  readonly id: string | undefined;
  /** When the server got it, in milliseconds since 1970, if it says so. */
  readonly time: number | undefined;
  /** Nickname of who wrote it. */
  readonly from: string;
  /** Whether this user wrote it: elsewhere, as what `say` sends is reported as `sent`. */
  readonly own: boolean;
  /** Name of the channel, or nickname of the other one. */
  readonly room: string;
  /** Whether it is between two. */
  readonly direct: boolean;
  /** How it is meant. */
  readonly kind: ChatKind;
  /** The text without formatting. */
  readonly text: string;
  /** Id of the message that it answers. */
  readonly reply: string | undefined;
}

/** What happened on a connection. */
export type ClientEvent =
  /** The server took us in. */
  | { readonly type: "registered"; readonly nick: string; readonly network: string | undefined }
  /** The server knows us under this account from now on. */
  | { readonly type: "authenticated"; readonly account: string }
  /** Our own nickname changed. */
  | { readonly type: "nick"; readonly nick: string }
  /** We are in a channel; `asked` is how it was called in our request, if that differs. */
  | { readonly type: "joined"; readonly channel: string; readonly asked: string | undefined }
  /** A channel cannot be joined; `numeric` says why. */
  | {
    readonly type: "not-joined";
    readonly channel: string;
    readonly numeric: string;
    readonly text: string;
  }
  /** We are in a channel no longer; `by` is who threw us out. */
  | {
    readonly type: "left";
    readonly channel: string;
    readonly by: string | undefined;
    readonly text: string;
  }
  /** The topic of a channel. */
  | { readonly type: "topic"; readonly channel: string; readonly topic: string | null }
  /** Somebody wrote. */
  | { readonly type: "message"; readonly message: ChatMessage }
  /** Somebody writes, or stopped. */
  | {
    readonly type: "typing";
    readonly room: string;
    readonly nick: string;
    readonly state: "active" | "paused" | "done";
  }
  /** The server has what `say` returned as this number; with id and time if it gave them. */
  | {
    readonly type: "sent";
    readonly send: number;
    readonly id: string | undefined;
    readonly time: number | undefined;
  }
  /** The server did not pass it on. */
  | {
    readonly type: "unsent";
    readonly send: number;
    readonly numeric: string;
    readonly text: string;
  }
  /** Something for the log. */
  | { readonly type: "log"; readonly level: LogLevel; readonly text: string }
  /** The last event of a connection that ended as we wanted. */
  | { readonly type: "end" }
  /** The last event of a connection that ended otherwise. */
  | { readonly type: "fault"; readonly fault: IrcFault };
