/**
 * Bridges: rooms of different backends whose messages are forwarded to each other.
 *
 * @module
 */

export * from "./bridge.ts";
export * from "./copies.ts";
export * from "./groups.ts";
export * from "./outgoing.ts";
export * from "./station.ts";
export * from "./translate.ts";
