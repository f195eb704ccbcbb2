/**
 * The bob protocol: packets, relay.
 *
 * @module
 */

export * from "./constants.ts";
export * from "./fault.ts";
export * from "./packet.ts";
export * from "./packet_decoder.ts";
