/**
 * Logging, and making texts safe to show.
 *
 * @module
 */

export * from "./escape.ts";
export * from "./logger.ts";
