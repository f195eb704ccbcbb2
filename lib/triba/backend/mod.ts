/**
 * The backend's side of TriBA with its I/O: who writes a backend for a network implements
 * {@linkcode Backend} and hands it to {@linkcode runBackend}. `cmd/triba/echo` is one to begin with.
 *
 * ```ts
 * import { createLogger } from "../../log/mod.ts";
 * import { type Backend, runBackend } from "./mod.ts";
 *
 * const silent: Backend = {
 *   features: [],
 *   open: (core) => void core.status({ type: "Online" }),
 *   handle: () => Promise.resolve({ type: "Success" }),
 *   close: () => Promise.resolve(),
 * };
 * const code = await runBackend(() => silent, {
 *   args: Deno.args,
 *   environment: (name) => Deno.env.get(name),
 *   agent: "silent/1.0",
 *   log: createLogger({ format: "text", level: "info", write: (line) => console.error(line) }),
 * });
 * Deno.exit(code);
 * ```
 *
 * @module
 */

export * from "./core_link.ts";
export * from "./fit_answer.ts";
export * from "./handler.ts";
export type { Answer } from "../session/events.ts";
export * from "./run.ts";
export * from "./session.ts";
export * from "./socket_address.ts";
export * from "./spawn_secret.ts";
