/**
 * The core's side of TriBA with its I/O: backends are started, spoken to, watched and started again.
 *
 * @module
 */

export * from "./control.ts";
