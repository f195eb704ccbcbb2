/**
 * The coffer protocol: a server that hands each client its own secrets. Where to look first: the
 * machines of both sides, then `desk.ts` for what a server answers and `reply.ts` for what a client
 * makes of it.
 *
 * X25519 at once is in `keys/x25519_node.ts`, which is not exported here: it loads `node:crypto`,
 * which costs a short program more than the rest of its work. Of everything else a bundled program
 * carries what it uses.
 *
 * @module
 */

export * from "./keys/agreement.ts";
export * from "./authenticated.ts";
export * from "./keys/certificate.ts";
export * from "./client.ts";
export * from "./client_machine.ts";
export * from "./constants.ts";
export * from "./definition/convert.ts";
export * from "./values/date.ts";
export * from "./definition/definition.ts";
export * from "./definition/definition_check.ts";
export * from "./desk.ts";
export * from "./definition/diff.ts";
export * from "./definition/edit.ts";
export * from "./definition/literal.ts";
export * from "./values/entries.ts";
export * from "./values/environment.ts";
export * from "./fault.ts";
export * from "./frame.ts";
export * from "./keys/keyring.ts";
export * from "./message.ts";
export * from "./keys/public_key.ts";
export * from "./values/render.ts";
export * from "./replay.ts";
export * from "./reply.ts";
export * from "./keys/seal.ts";
export * from "./definition/sealed_definition.ts";
export * from "./server.ts";
export * from "./server_machine.ts";
export * from "./shards.ts";
export * from "./values/value.ts";
export * from "./values/value_codec.ts";
export * from "./keys/x25519_web.ts";
