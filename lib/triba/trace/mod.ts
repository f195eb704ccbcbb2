/**
 * Looking into connections: packets as people read them, traces of a core and their files.
 *
 * @module
 */

export * from "./format.ts";
export * from "./packet_stream.ts";
export * from "./packet_view.ts";
export * from "./seal_watch.ts";
export * from "./tap_machine.ts";
export * from "./trace_codec.ts";
export * from "./trace_viewer.ts";
