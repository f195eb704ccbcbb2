/**
 * Numbers that a monitoring system reads.
 *
 * @module
 */

export * from "./registry.ts";
