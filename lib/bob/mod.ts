/**
 * The bob protocol: packets, and the machines of the relay's two ports.
 *
 * @module
 */

export * from "./constants.ts";
export * from "./fault.ts";
export * from "./identity.ts";
export * from "./packet.ts";
export * from "./packet_decoder.ts";
export * from "./port.ts";
export * from "./relay_machine.ts";
export * from "./rooms.ts";
export * from "./secure_line.ts";
export * from "./secure_machine.ts";
