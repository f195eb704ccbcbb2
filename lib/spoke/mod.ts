/**
 * spoke: the password-authenticated key exchange of bob, SPAKE2+EE over edwards25519 (bob-relay,
 * section 4). Pure: randomness comes in as an argument.
 *
 * @module
 */

export type { RandomBytes } from "./arguments.ts";
export * from "./client.ts";
export * from "./constants.ts";
export type { SharedKeys } from "./derive.ts";
export * from "./fault.ts";
export * from "./public.ts";
export * from "./server.ts";
