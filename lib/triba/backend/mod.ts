/**
 * The backend's side of TriBA with its I/O: who writes a backend for a network implements
 * {@linkcode Backend} and hands it over.
 *
 * @module
 */

export * from "./handler.ts";
