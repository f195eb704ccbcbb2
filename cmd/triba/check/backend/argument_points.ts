/**
 * Known requests with wrong arguments: a backend answers and lives (section 8, F17).
 *
 * @module
 */

import type { BackendPoint } from "./points.ts";
import { type Bytes, float, join, PING, text, variant } from "../common/bytes.ts";
import { argumentPoints } from "../common/argument_points.ts";

/** None of them could be carried out by a backend that does not look closely, but for the last. */
const WRONG: readonly (readonly [title: string, bytes: Bytes])[] = [
  ["a number for a text", (id) => variant(id, "JoinRoom", 5)],
  ["no argument", (id) => join(0x92, id, text("JoinRoom"))],
  ["nil for a text", (id) => variant(id, "JoinRoom", 0xc0)],
  ["bin for a text", (id) => variant(id, "JoinRoom", 0xc4, 1, 0x61)],
  ["a field too few", (id) => variant(id, "SetTyping", 0x91, text("triba-check"))],
  ["a number for true or false", (id) => variant(id, "SetTyping", 0x92, text("triba-check"), 1)],
  [
    "a float for an integer",
    (id) => variant(id, "FetchMessages", 0x93, text("triba-check"), 0xc0, float(5)),
  ],
  [
    "an integer above its range",
    (id) =>
      variant(id, "FetchMessages", 0x93, text("triba-check"), 0xc0, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0),
  ],
  [
    "a field twice",
    (id) =>
      variant(
        id,
        "SetTyping",
        ...[0x83, text("room"), text("a"), text("room"), text("b"), text("typing"), 0xc2],
      ),
  ],
  [
    "a content that it does not know",
    (id) =>
      variant(
        id,
        "SendMessage",
        ...[0x93, text("triba-check"), text("txn"), 0x81, text("Poll"), text("x")],
      ),
  ],
  ["a value where none belongs", (id) => join(0x92, id, 0x81, PING, 1)],
];

/** Points about wrong arguments. */
export const ARGUMENT_POINTS: readonly BackendPoint[] = argumentPoints(WRONG);
