/**
 * Transfer codes.
 *
 * @module
 */

export * from "./words.ts";
