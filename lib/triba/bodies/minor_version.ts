/**
 * Which minor version of the API a body needs. A side sends only what the agreed version has,
 * because a strict peer fails to read anything else (section 7.3).
 *
 * @module
 */

import type { Content, Message } from "./chat.ts";
import type { BackendEvent, BackendRequest } from "./backend.ts";
import type { CoreRequest } from "./core.ts";
import type { Response } from "./response.ts";

const SINCE_1_1: ReadonlySet<string> = new Set([
  "EditMessage",
  "RemoveMessage",
  "React",
  "ListMembers",
  "StartDirect",
  "LoginAnswer",
  "Members",
  "Room",
  "LoginStep",
]);

/** The lowest minor version that has this body and all that is in it. */
export function requiredMinor(body: CoreRequest | BackendRequest | Response): 0 | 1 {
  switch (body.type) {
    case "SendMessage":
      return minorOfContent(body.content);
    case "Messages":
      return body.messages.some((message) => minorOfMessage(message) === 1) ? 1 : 0;
    case "Event":
      return minorOfEvent(body.event);
    default:
      return SINCE_1_1.has(body.type) ? 1 : 0;
  }
}

function minorOfEvent(event: BackendEvent): 0 | 1 {
  if (event.type === "MessageReceived" || event.type === "MessageEdited") {
    return minorOfMessage(event.message);
  }
  return event.type === "Reaction" || event.type === "Read" ? 1 : 0;
}

function minorOfMessage(message: Message): 0 | 1 {
  return minorOfContent(message.content);
}

function minorOfContent(content: Content): 0 | 1 {
  return content.type === "File" || content.type === "Reply" ? 1 : 0;
}
