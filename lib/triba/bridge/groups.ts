/**
 * Which rooms hear each other. Bridges that share a room make one group: each message goes from its
 * room to every other one directly, so that bridges in a circle do not send it round.
 *
 * @module
 */

import type { BridgeEnd, BridgeSpec } from "../config/mod.ts";

/** Rooms that hear each other. */
export interface BridgeGroup {
  /** The names of its bridges, for the log. */
  readonly names: readonly string[];
  /** Its rooms, each once. */
  readonly ends: readonly BridgeEnd[];
}

/** The groups that bridges make. */
export function groupBridges(bridges: readonly BridgeSpec[]): BridgeGroup[] {
  let groups: BridgeGroup[] = [];
  for (const { name, a, b } of bridges) {
    const touched = groups.filter(({ ends }) => ends.some((end) => same(end, a) || same(end, b)));
    const ends = [...touched.flatMap((group) => group.ends), a, b];
    const merged = {
      names: [...touched.flatMap((group) => group.names), name],
      ends: ends.filter((end, i) => ends.findIndex((other) => same(end, other)) === i),
    };
    groups = [...groups.filter((group) => !touched.includes(group)), merged];
  }
  return groups;
}

function same(one: BridgeEnd, other: BridgeEnd): boolean {
  return one.backend === other.backend && one.room === other.room;
}
