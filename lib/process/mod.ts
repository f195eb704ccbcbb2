/**
 * Processes: looking commands up, becoming one, keeping one as a child, and what is inherited.
 *
 * @module
 */

export * from "./fault.ts";
export * from "./find_command.ts";
export * from "./libc.ts";
export * from "./limits.ts";
export * from "./replace.ts";
export * from "./signals.ts";
export * from "./supervisor.ts";
