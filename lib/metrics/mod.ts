/**
 * Numbers that a monitoring system reads.
 *
 * @module
 */

export * from "./http.ts";
export * from "./registry.ts";
