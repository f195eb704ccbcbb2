/**
 * The backend's side of TriBA with its I/O: who writes a backend for a network implements
 * {@linkcode Backend} and hands it to {@linkcode runBackend}.
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
