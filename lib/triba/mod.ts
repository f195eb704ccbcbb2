/**
 * TriBA, the Trinitrix Backend API: the protocol between a chat client's core and the programs that
 * speak the networks. Machines for both sides without any I/O; who embeds one feeds it bytes, the
 * end of the stream and the time, and does what its steps say.
 *
 * @module
 */

export * from "./backend_handshake.ts";
export * from "./backend_machine.ts";
export * from "./bodies_backend.ts";
export * from "./bodies_chat.ts";
export * from "./bodies_core.ts";
export * from "./bodies_handshake.ts";
export * from "./bodies_response.ts";
export * from "./channel.ts";
export * from "./constants.ts";
export * from "./core_handshake.ts";
export * from "./core_machine.ts";
export * from "./enumeration.ts";
export * from "./events.ts";
export * from "./fault.ts";
export * from "./frame.ts";
export * from "./gcm_siv.ts";
export * from "./handshake_io.ts";
export * from "./id.ts";
export * from "./keys.ts";
export * from "./log_lines.ts";
export * from "./machine.ts";
export * from "./minor_version.ts";
export * from "./packet.ts";
export * from "./restart.ts";
export type { AnyRequest, Role, SessionContext } from "./role.ts";
export * from "./rooms_answer.ts";
export * from "./seal.ts";
export * from "./sealed1.ts";
export { Session } from "./session.ts";
export { type Agreement, checkSettings, type Settings } from "./settings.ts";
export * from "./shape.ts";
export * from "./spawns.ts";
