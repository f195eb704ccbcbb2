/**
 * The bob protocol: packets, the machines of the relay's two ports, those of the peers, and the
 * records of the encrypted channel.
 *
 * @module
 */

export * from "./constants.ts";
export * from "./fault.ts";
export * from "./guesses.ts";
export * from "./identity.ts";
export * from "./meet.ts";
export * from "./packet.ts";
export * from "./packet_decoder.ts";
export * from "./peer_machine.ts";
export * from "./port.ts";
export * from "./receiver_machine.ts";
export * from "./receive_document.ts";
export * from "./record.ts";
export * from "./record_decoder.ts";
export * from "./record_ending.ts";
export * from "./record_reader.ts";
export * from "./record_writer.ts";
export * from "./relay.ts";
export * from "./relay_machine.ts";
export * from "./rooms.ts";
export * from "./secure_line.ts";
export * from "./secure_machine.ts";
export * from "./secure_peer.ts";
export * from "./secure_peer_machine.ts";
export * from "./sender_machine.ts";
export * from "./send_document.ts";
