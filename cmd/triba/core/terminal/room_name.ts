/**
 * Rooms as users type them.
 *
 * @module
 */

import { CommandFault } from "./commands.ts";
import type { Numbers } from "./numbers.ts";

/** A room of a backend. */
export interface RoomPlace {
  /** The backend's name. */
  readonly backend: string;
  /** The room's id. */
  readonly room: string;
}

/** What a room may be relative to. */
export interface RoomContext {
  /** Rooms that were listed. */
  readonly numbers: Numbers<RoomPlace>;
  /** All backends. */
  readonly backends: readonly string[];
  /** The current backend. */
  readonly current: string | undefined;
}

/**
 * Reads a number, `BACKEND/ROOM`, or a room of the current or only backend.
 *
 * @throws {CommandFault} if it cannot be told which.
 */
export function findRoom(text: string, context: RoomContext): RoomPlace {
  const { numbers, backends, current } = context;
  if (/^\d+$/.test(text)) {
    const listed = numbers.get(Number(text));
    if (listed !== undefined) return listed;
  }
  const slash = text.indexOf("/");
  const named = slash < 0 ? undefined : text.slice(0, slash);
  if (named !== undefined && backends.includes(named) && slash + 1 < text.length) {
    return { backend: named, room: text.slice(slash + 1) };
  }
  const backend = current ?? (backends.length === 1 ? backends[0] : undefined);
  if (backend !== undefined) return { backend, room: text };
  throw new CommandFault(
    `Which backend? Say it in front: BACKEND/ROOM; there are ${backends.join(", ")}`,
  );
}
