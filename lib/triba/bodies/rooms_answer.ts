/**
 * Answers to `ListRooms` that fit into one packet (section 7.2).
 *
 * @module
 */

import { encodeMsgpack } from "../../msgpack/mod.ts";
import { ROOM, type Room } from "./chat.ts";
import { MAX_SENT_PAYLOAD_BYTES, TAG_BYTES } from "../constants.ts";

/** Bytes around the rooms: tag, forms, two ids, names and the list's head, with some to spare. */
const AROUND_BYTES = TAG_BYTES + 64;

/** As many of the first rooms as fit into one answer, and the others, to follow as `RoomUpdated`. */
export function splitRooms(
  rooms: readonly Room[],
  limit: number = MAX_SENT_PAYLOAD_BYTES,
): { readonly first: readonly Room[]; readonly rest: readonly Room[] } {
  let bytes = AROUND_BYTES;
  const end = rooms.findIndex((room) => {
    bytes += encodeMsgpack(ROOM.write(room)).length;
    return bytes > limit;
  });
  return end < 0
    ? { first: rooms, rest: [] }
    : { first: rooms.slice(0, end), rest: rooms.slice(end) };
}
