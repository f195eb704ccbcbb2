/**
 * Streams, drivers, listeners and their limits.
 *
 * @module
 */

export * from "./accept.ts";
export * from "./address.ts";
export * from "./admission.ts";
export * from "./backoff.ts";
export * from "./connect.ts";
export * from "./deadlines.ts";
export * from "./deno_stream.ts";
export * from "./descriptors.ts";
export type { LookUp } from "./dial.ts";
export * from "./drive.ts";
export * from "./endpoint.ts";
export * from "./forward.ts";
export * from "./gate.ts";
export * from "./machine.ts";
export * from "./notify.ts";
export * from "./outbox.ts";
export * from "./pace.ts";
export * from "./rate.ts";
export * from "./stream.ts";
export * from "./timer.ts";
export * from "./tls.ts";
