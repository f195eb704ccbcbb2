/**
 * Byte arrays: reading, writing, collecting chunks, comparing.
 *
 * @module
 */

export * from "./chunks.ts";
export * from "./equal.ts";
export * from "./reader.ts";
export * from "./writer.ts";
