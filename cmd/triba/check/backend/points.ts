/**
 * All check points for backends, in the order of the protocol's text.
 *
 * @module
 */

import type { Stage } from "../stage.ts";
import type { Point } from "../verdict.ts";
import { API_POINTS } from "./api_points.ts";
import { ARGUMENT_POINTS } from "./argument_points.ts";
import { CLOSING_POINTS } from "./closing_points.ts";
import { END_POINTS } from "./end_points.ts";
import { HANDSHAKE_POINTS } from "./handshake_points.ts";
import { ROOM_POINTS } from "./room_points.ts";
import { SEAL_POINTS } from "./seal_points.ts";
import { START_POINTS } from "./start_points.ts";
import { BREAKING_POINTS } from "../common/breaking_points.ts";
import { MALFORMED_POINTS } from "../common/malformed_points.ts";
import { PACKET_POINTS } from "../common/packet_points.ts";
import { READING_POINTS } from "../common/reading_points.ts";
import { UNKNOWN_POINTS } from "../common/unknown_points.ts";

/** A point for backends. */
export type BackendPoint = Point<Stage>;

/** All of them; each id is there once. */
export const BACKEND_POINTS: readonly BackendPoint[] = [
  ...START_POINTS,
  ...HANDSHAKE_POINTS,
  ...PACKET_POINTS,
  ...READING_POINTS,
  ...API_POINTS,
  ...ROOM_POINTS,
  ...CLOSING_POINTS,
  ...BREAKING_POINTS,
  ...MALFORMED_POINTS,
  ...UNKNOWN_POINTS,
  ...ARGUMENT_POINTS,
  ...END_POINTS,
  ...SEAL_POINTS,
];
