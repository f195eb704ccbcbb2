/**
 * TOML 1.0 as a tree with exact numbers, literals and places, and what reads configurations from it.
 *
 * @module
 */

export * from "./node.ts";
export { parseToml } from "./parse.ts";
export * from "./source.ts";
export * from "./table_reader.ts";
