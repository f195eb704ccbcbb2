/**
 * IRC, the Internet Relay Chat protocol, for clients: RFC 1459 and 2812 with message tags, server
 * time, labels, echoes and SASL PLAIN of IRCv3. Nothing here does I/O.
 *
 * @module
 */

export * from "./client/client_machine.ts";
export type { Outgoing } from "./client/deliveries.ts";
export type * from "./client/events.ts";
export type * from "./client/options.ts";
export * from "./codec/casemapping.ts";
export * from "./codec/ctcp.ts";
export * from "./codec/formatting.ts";
export * from "./codec/isupport.ts";
export * from "./codec/line_decoder.ts";
export * from "./codec/message.ts";
export * from "./codec/names.ts";
export * from "./codec/sasl.ts";
export * from "./codec/source.ts";
export * from "./codec/split.ts";
export * from "./codec/tags.ts";
export * from "./codec/text.ts";
export * from "./constants.ts";
export * from "./fault.ts";
