/**
 * Streams, drivers, listeners and their limits.
 *
 * @module
 */

export * from "./deno_stream.ts";
export * from "./drive.ts";
export * from "./machine.ts";
export * from "./outbox.ts";
export * from "./stream.ts";
