/**
 * TriBA, the Trinitrix Backend API: the protocol between a chat client's core and the programs that
 * speak the networks. Machines for both sides without any I/O; who embeds one feeds it bytes, the
 * end of the stream and the time, and does what its steps say.
 *
 * @module
 */

export * from "./bodies/backend.ts";
export * from "./bodies/chat.ts";
export * from "./bodies/core.ts";
export * from "./bodies/enumeration.ts";
export * from "./bodies/handshake.ts";
export * from "./bodies/minor_version.ts";
export * from "./bodies/request_text.ts";
export * from "./bodies/response.ts";
export * from "./bodies/rooms_answer.ts";
export * from "./bodies/shape.ts";
export * from "./call_fault.ts";
export * from "./channel/channel.ts";
export * from "./channel/frame.ts";
export * from "./channel/gcm_siv.ts";
export * from "./channel/keys.ts";
export * from "./channel/packet.ts";
export * from "./channel/seal.ts";
export * from "./channel/sealed1.ts";
export * from "./constants.ts";
export * from "./core/log_lines.ts";
export * from "./core/restart.ts";
export * from "./core/spawns.ts";
export * from "./fault.ts";
export * from "./id.ts";
export * from "./match_room.ts";
export * from "./session/backend_handshake.ts";
export * from "./session/backend_machine.ts";
export * from "./session/core_handshake.ts";
export * from "./session/core_machine.ts";
export * from "./session/events.ts";
export * from "./session/handshake_io.ts";
export * from "./session/machine.ts";
export type { AnyRequest, Role, SessionContext } from "./session/role.ts";
export { Session } from "./session/session.ts";
export { type Agreement, checkSettings, type Settings } from "./session/settings.ts";
