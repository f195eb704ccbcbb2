/**
 * The bodies of the handshake (section 7.1).
 *
 * @module
 */

import { type ArgumentShape, fields, unit } from "./enumeration.ts";
import { list, text, u16 } from "./shape.ts";

/** Step 7, of the backend: packets from here. */
export interface HandshakeUpgradeConnection {
  /** The name on the wire. */
  readonly type: "HandshakeUpgradeConnection";
}

/** Step 10, of the core: the session may open. */
export interface HandshakeSuccess {
  /** The name on the wire. */
  readonly type: "HandshakeSuccess";
}

/** Step 9: what a side speaks. The core asks with it, the backend answers with it. */
export interface ApiVersion {
  /** The name on the wire. */
  readonly type: "ApiVersion";
  /** Different major versions do not talk to each other. */
  readonly major: number;
  /** The lower of both minor versions counts. */
  readonly minor: number;
  /** `NAME/VERSION`, at most 64 bytes, for logs only. */
  readonly agent: string;
  /** Of the core: what it allows. Of the backend: which of these it will use. */
  readonly features: readonly string[];
}

/** The argument of {@linkcode ApiVersion}. */
export const API_VERSION: ArgumentShape<Omit<ApiVersion, "type">> = fields({
  major: u16,
  minor: u16,
  agent: text,
  features: list(text),
});

/** The argument of both steps that have none. */
export const HANDSHAKE_STEP: ArgumentShape<object> = unit;

/** Requests that have their place in the handshake and nowhere else. */
export const HANDSHAKE_REQUESTS: ReadonlySet<string> = new Set([
  "HandshakeUpgradeConnection",
  "ApiVersion",
  "HandshakeSuccess",
]);
