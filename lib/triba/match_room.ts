/**
 * Rooms as people name them.
 *
 * @module
 */

import type { Room } from "./bodies/chat.ts";

/** The room with this id, else with this name, else with one of both in other letters' case. */
export function matchRoom(rooms: readonly Room[], wanted: string): Room | undefined {
  const lower = wanted.toLowerCase();
  return rooms.find(({ id }) => id === wanted) ??
    rooms.find(({ name }) => name === wanted) ??
    rooms.find(({ id, name }) => id.toLowerCase() === lower || name.toLowerCase() === lower);
}
