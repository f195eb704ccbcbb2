/**
 * Answers that would not fit into one packet, cut where the document offers a way to go on
 * (section 7.2), so that no backend has to think of it.
 *
 * @module
 */

import { encodeMsgpack } from "../../msgpack/mod.ts";
import type { Room } from "../bodies/chat.ts";
import { MESSAGE } from "../bodies/chat.ts";
import { splitRooms } from "../bodies/rooms_answer.ts";
import { MAX_SENT_PAYLOAD_BYTES, TAG_BYTES } from "../constants.ts";
import type { Answer } from "../session/events.ts";

/** Bytes around the messages of an answer: tag, forms, ids, names, heads; to spare. */
const AROUND_BYTES = TAG_BYTES + 64;

/** An answer that fits, and the rooms that are to follow it as `RoomUpdated`. */
export interface FittedAnswer {
  /** What can be sent. */
  readonly answer: Answer;
  /** Rooms beyond it. */
  readonly rooms: readonly Room[];
}

/** Cuts an answer to the sending limit; most answers are returned as they are. */
export function fitAnswer(answer: Answer, limit: number = MAX_SENT_PAYLOAD_BYTES): FittedAnswer {
  switch (answer.type) {
    case "Rooms": {
      const { first, rest } = splitRooms(answer.rooms, limit);
      return { answer: { type: "Rooms", rooms: first }, rooms: rest };
    }
    case "Messages":
      return { answer: fitMessages(answer, limit), rooms: [] };
    default:
      return { answer, rooms: [] };
  }
}

type Messages = Extract<Answer, { readonly type: "Messages" }>;

/** As `before` takes the id of a message, the last one that fits says where to go on. */
function fitMessages(answer: Messages, limit: number): Messages {
  const around = AROUND_BYTES + 4 * (answer.next?.length ?? 0);
  let bytes = around;
  const end = answer.messages.findIndex((message) => {
    bytes += encodeMsgpack(MESSAGE.write(message)).length;
    return bytes + 4 * message.id.length > limit;
  });
  if (end <= 0) return answer; // all fit; or not even the first one, which no cut can help
  const messages = answer.messages.slice(0, end);
  return { type: "Messages", messages, next: messages.at(-1)?.id ?? null };
}
