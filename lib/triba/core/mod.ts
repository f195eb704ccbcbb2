/**
 * The core's side of TriBA with its I/O: backends are started, spoken to, watched and started again.
 *
 * @module
 */

export * from "./child.ts";
export * from "./child_checksum.ts";
export * from "./child_environment.ts";
export * from "./child_output.ts";
export * from "./control.ts";
export * from "./core.ts";
export * from "./socket.ts";
export * from "./trace.ts";
