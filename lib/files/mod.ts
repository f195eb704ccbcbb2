/**
 * Local files: received names, complete-or-nothing creation, room on the disk, faults.
 *
 * @module
 */

export * from "./fault.ts";
export * from "./names.ts";
export * from "./read.ts";
export * from "./secret_file.ts";
export * from "./space.ts";
export * from "./temporary.ts";
export * from "./walk.ts";
