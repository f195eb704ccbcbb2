/**
 * What happens in a core, in words for the terminal.
 *
 * @module
 */

import type { BackendEvent } from "../../../../lib/triba/bodies/backend.ts";
import type { BackendStatus } from "../../../../lib/triba/core/mod.ts";
import { toReport } from "../../../../lib/triba/hub/mod.ts";
import { describeReport } from "../../ctl/describe.ts";
import { oneLine } from "./render.ts";

/** What is said of a room's event beside the messages; undefined for what nobody needs to see. */
export function describeEvent(
  event: Exclude<BackendEvent, { readonly type: "MessageReceived" | "MessageEdited" }>,
  place: string,
  number: (message: string) => number,
): string | undefined {
  switch (event.type) {
    case "MessageRemoved":
      return `-- [${number(event.message)}] was removed`;
    case "RoomUpdated": {
      const { id, name, topic } = event.room;
      const called = name === id || name === "" ? "" : ` "${name}"`;
      return oneLine(`-- room ${place}${called}${topic === null ? "" : `: ${topic}`}`);
    }
    case "RoomRemoved":
      return oneLine(`-- room ${place} is gone`);
    case "Typing":
      if (event.users.length === 0) return undefined;
      return oneLine(
        `-- ${event.users.join(", ")} ${event.users.length > 1 ? "are" : "is"} typing`,
      );
    case "Reaction": {
      const deed = event.add ? event.key : `no longer ${event.key}`;
      return oneLine(`-- ${event.user}: ${deed} on [${number(event.message)}]`);
    }
    case "Read":
      return oneLine(`-- ${event.user} has read up to [${number(event.message)}]`);
    case "Unknown":
      return oneLine(`-- something happened that this program does not know: ${event.name}`);
  }
}

/** The room of an event, if it has one. */
export function roomOf(event: BackendEvent): string | undefined {
  switch (event.type) {
    case "MessageReceived":
    case "MessageEdited":
      return event.message.room;
    case "RoomUpdated":
      return event.room.id;
    case "Unknown":
      return undefined;
    default:
      return event.room;
  }
}

const INNER_STATES: ReadonlySet<BackendStatus["state"]> = new Set([
  "id",
  "key",
  "upgrade",
  "version",
  "confirm",
  "closing",
  "closed",
]);

/** A backend's change; undefined for the steps in between and for what was said already. */
export function describeChange(
  status: BackendStatus,
  before: string | undefined,
): string | undefined {
  if (INNER_STATES.has(status.state)) return undefined;
  if (status.state === "spawned" && status.pid === undefined) return undefined;
  if (status.state === "open" && status.network === undefined) return undefined;
  const line = `-- ${oneLine(describeReport(toReport(status)))}`;
  return line === before ? undefined : line;
}
