/**
 * How a side talks to its peer, and what both found out about each other (sections 4.2, 7.1 and 10).
 *
 * @module
 */

import type { ApiVersion } from "../bodies/handshake.ts";
import {
  API_MAJOR,
  API_MINOR,
  MAX_AGENT_BYTES,
  SEALED_1,
  SPAWN_SECRET_BYTES,
} from "../constants.ts";
import type { ByteOrder } from "../channel/frame.ts";
import type { PacketForm } from "../channel/packet.ts";
import { oneLine, quote } from "../quote.ts";

/** How a side talks to its peer, and what it says of itself in step 9. */
export interface Settings {
  /** `NAME/VERSION`, at most 64 bytes. */
  readonly agent: string;
  /**
   * What a core allows, all that the document has unless given; or what a backend can do, nothing
   * unless given. Without sealed-1, which follows from the spawn secret.
   */
  readonly features?: readonly string[] | undefined;
  /** The minor version of the API that it speaks, if not the newest. */
  readonly minor?: number | undefined;
  /** Order of the size's bytes; `big` unless given. */
  readonly byteOrder?: ByteOrder | undefined;
  /**
   * How packets are written, `compact` unless given; a backend goes on in the form of the core's
   * first packet.
   */
  readonly form?: PacketForm | undefined;
  /** Number of this side's first packet, 0 unless a peer counts from 1. */
  readonly firstId?: 0 | 1 | undefined;
  /**
   * The secret of this spawn, 32 bytes; sealed-1 is required exactly when it is there. Not changed:
   * whose it is wipes it.
   */
  readonly spawnSecret?: Uint8Array | undefined;
}

/** What both sides found out about each other. */
export interface Agreement {
  /** The major version that both speak; 0 if the version was not exchanged. */
  readonly major: number;
  /** The lower of both minor versions; 0 if the version was not exchanged. */
  readonly minor: number;
  /** What the peer calls itself, safe to log; undefined if the version was not exchanged. */
  readonly agent: string | undefined;
  /** What both will use. */
  readonly features: ReadonlySet<string>;
  /** Whether sealed-1 is active. */
  readonly sealed: boolean;
}

/** What is agreed without step 9: the set of the peer is not known. */
export const NO_VERSION: Agreement = {
  major: 0,
  minor: 0,
  agent: undefined,
  features: new Set(),
  sealed: false,
};

/**
 * Checks how a program wants to talk to a peer.
 *
 * @throws {RangeError} for what the document does not allow.
 */
export function checkSettings(settings: Settings): void {
  const { agent, features = [], spawnSecret } = settings;
  const length = new TextEncoder().encode(agent).length;
  if (length > MAX_AGENT_BYTES || oneLine(agent) !== agent) {
    throw new RangeError(
      `Cannot use the agent ${
        quote(agent)
      }: at most ${MAX_AGENT_BYTES} bytes, no control characters`,
    );
  }
  if (features.includes(SEALED_1)) {
    throw new RangeError(`Cannot list "${SEALED_1}": it follows from the spawn secret`);
  }
  if (spawnSecret !== undefined && spawnSecret.length !== SPAWN_SECRET_BYTES) {
    throw new RangeError(
      `Cannot use a spawn secret of ${spawnSecret.length} bytes: it must have ${SPAWN_SECRET_BYTES}`,
    );
  }
}

/** The body that a side sends in step 9. */
export function makeApiVersion(
  settings: Settings,
  features: readonly string[],
): ApiVersion {
  return {
    type: "ApiVersion",
    major: API_MAJOR,
    minor: settings.minor ?? API_MINOR,
    agent: settings.agent,
    features,
  };
}

/** The features that a side lists or picks from; `otherwise` if it names none. */
export function ownFeatures(
  { features, spawnSecret }: Settings,
  otherwise: readonly string[],
): readonly string[] {
  const listed = features ?? otherwise;
  return spawnSecret === undefined ? listed : [...listed, SEALED_1];
}

/** What follows from the peer's version; `features` are those of the backend's answer. */
export function agreeOn(own: ApiVersion, peer: ApiVersion, features: readonly string[]): Agreement {
  return {
    major: peer.major,
    minor: Math.min(own.minor, peer.minor),
    agent: oneLine(peer.agent),
    features: new Set(features),
    sealed: features.includes(SEALED_1),
  };
}
