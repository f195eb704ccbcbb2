/**
 * User interfaces at a running core: the lines that both speak, and what the core does with them.
 *
 * @module
 */

export * from "./attachment.ts";
export * from "./chat_json.ts";
export * from "./client.ts";
export * from "./history.ts";
export * from "./hub.ts";
export * from "./line_cutter.ts";
export * from "./line_queue.ts";
export * from "./lines.ts";
export * from "./schema.ts";
export * from "./serve.ts";
export * from "./shape.ts";
export * from "./shared_core.ts";
