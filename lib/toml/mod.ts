/**
 * TOML 1.0 as a tree with exact numbers, literals and places.
 *
 * @module
 */

export * from "./node.ts";
export { parseToml } from "./parse.ts";
