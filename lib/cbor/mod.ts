/**
 * A strict codec for a subset of CBOR (RFC 8949): what coffer's key files, requests and replies
 * need, byte for byte.
 *
 * @module
 */

export * from "./decode.ts";
export * from "./encode.ts";
export * from "./item.ts";
