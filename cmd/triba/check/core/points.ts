/**
 * All check points for cores, in the order of the protocol's text.
 *
 * @module
 */

import type { CoreStage } from "./core_stage.ts";
import type { Point } from "../verdict.ts";
import { CORE_CLOSING_POINTS } from "./closing_points.ts";
import { CORE_END_POINTS } from "./end_points.ts";
import { CORE_HANDSHAKE_POINTS } from "./handshake_points.ts";
import { CORE_REQUEST_POINTS } from "./request_points.ts";
import { CORE_START_POINTS } from "./start_points.ts";
import { BREAKING_POINTS } from "../common/breaking_points.ts";
import { MALFORMED_POINTS } from "../common/malformed_points.ts";
import { PACKET_POINTS } from "../common/packet_points.ts";
import { READING_POINTS } from "../common/reading_points.ts";
import { UNKNOWN_POINTS } from "../common/unknown_points.ts";

/** A point for cores. */
export type CorePoint = Point<CoreStage>;

/** All of them; each id is there once. */
export const CORE_POINTS: readonly CorePoint[] = [
  ...CORE_START_POINTS,
  ...CORE_HANDSHAKE_POINTS,
  ...PACKET_POINTS,
  ...READING_POINTS,
  ...CORE_REQUEST_POINTS,
  ...CORE_CLOSING_POINTS,
  ...BREAKING_POINTS,
  ...MALFORMED_POINTS,
  ...UNKNOWN_POINTS,
  ...CORE_END_POINTS,
];
