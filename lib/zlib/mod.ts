/**
 * Writing zlib streams at the speed of the memory where deflating does not pay.
 *
 * @module
 */

export * from "./adler32.ts";
export * from "./compression.ts";
export * from "./encoder.ts";
