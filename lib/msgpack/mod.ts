/**
 * MessagePack for input that is not trusted: a strict reader by type, and a writer.
 *
 * @module
 */

export { checkMsgpack, MAX_DEPTH } from "./check.ts";
export * from "./encode.ts";
export * from "./fault.ts";
export type { MsgpackType } from "./format.ts";
export * from "./reader.ts";
