/**
 * What all command lines share: tables of options, help, messages, exit statuses, signals.
 *
 * @module
 */

export * from "./command.ts";
export * from "./console.ts";
export * from "./daemon.ts";
export * from "./exit.ts";
export * from "./format.ts";
export * from "./help.ts";
export * from "./options.ts";
export * from "./permissions.ts";
export * from "./prompt.ts";
export * from "./run.ts";
export * from "./signals.ts";
export * from "./version.ts";
