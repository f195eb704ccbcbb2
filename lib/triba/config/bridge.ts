/**
 * One bridge of a configuration: a table `[bridges.NAME]` with two rooms.
 *
 * @module
 */

import type { TableReader } from "../../toml/mod.ts";
import { notEmpty } from "./backend.ts";

/** A room of a backend. */
export interface BridgeEnd {
  /** The backend's name. */
  readonly backend: string;
  /** The room's id, or the name under which it is joined. */
  readonly room: string;
}

/** Two rooms whose messages are forwarded to each other. */
export interface BridgeSpec {
  /** What it is called. */
  readonly name: string;
  /** One room. */
  readonly a: BridgeEnd;
  /** The other. */
  readonly b: BridgeEnd;
}

/** Reads a bridge between backends of these names. */
export function readBridge(
  name: string,
  reader: TableReader,
  backends: ReadonlySet<string>,
): BridgeSpec | undefined {
  const a = readEnd(reader, "a", backends);
  const b = readEnd(reader, "b", backends);
  reader.end();
  if (a === undefined || b === undefined) return undefined;
  if (a.backend === b.backend && a.room === b.room) {
    reader.report("a bridge needs two different rooms", reader.place("b"));
  }
  return { name, a, b };
}

function readEnd(
  bridge: TableReader,
  key: "a" | "b",
  backends: ReadonlySet<string>,
): BridgeEnd | undefined {
  const reader = bridge.table(key);
  if (reader === undefined) {
    if (!bridge.has(key)) bridge.report(`"${key}" is missing: a table of "backend" and "room"`);
    return undefined;
  }
  const backend = reader.requiredText("backend", (text) => {
    if (backends.has(text)) return text;
    throw new RangeError("is not in this configuration");
  });
  const room = reader.requiredText("room", notEmpty);
  reader.end();
  return backend === undefined || room === undefined ? undefined : { backend, room };
}
