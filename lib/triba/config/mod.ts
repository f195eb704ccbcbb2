/**
 * The configuration of a core: which backends it runs, and which rooms it joins.
 *
 * @module
 */

export * from "./config.ts";
export * from "./fault.ts";
