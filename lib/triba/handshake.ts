/**
 * What the handshakes of both sides have in common: what they agree on, and what a machine needs
 * of them (section 4).
 *
 * @module
 */

import { ChunkBuffer } from "../bytes/mod.ts";
import { API_MAJOR, API_MINOR, MAX_AGENT_BYTES, SEALED_1 } from "./constants.ts";
import type { ApiVersion } from "./bodies_handshake.ts";
import { type ErrorResponse, type Response, RESPONSES } from "./bodies_response.ts";
import type { PacketChannel } from "./channel.ts";
import type { Enumeration, Variant } from "./enumeration.ts";
import { TribaFault } from "./fault.ts";
import type { Packet, RequestPacket } from "./packet.ts";
import { oneLine, quote } from "./quote.ts";

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

/** A handshake that went through: what the session goes on with. */
export interface Opened {
  /** Holds what has arrived beyond the handshake. */
  readonly channel: PacketChannel;
  /** What both sides found out. */
  readonly agreement: Agreement;
}

/**
 * One side's steps, in the order of the document. Stops (`yield`) where it needs more bytes, and is
 * resumed when some have come. What it throws ends the connection.
 */
export type Steps = Generator<void, Opened | undefined, void>;

/** What the steps of a handshake work with: bytes in, bytes out, and where it stands. */
export class HandshakeIo {
  /** What has arrived and was not taken. */
  readonly buffer: ChunkBuffer = new ChunkBuffer();
  #outgoing: Uint8Array[] = [];
  #state: string;

  /** Stands at first where the machine begins. */
  constructor(state: string) {
    this.#state = state;
  }

  /** Where the handshake stands, in the words of section 8. */
  get state(): string {
    return this.#state;
  }

  /** Goes on to the next state. */
  enter(state: string): void {
    this.#state = state;
  }

  /** Sends bytes. */
  send(bytes: Uint8Array): void {
    this.#outgoing.push(bytes);
  }

  /** Takes what was sent since the last call. */
  drain(): Uint8Array[] {
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    return outgoing;
  }

  /** Waits for that many raw bytes. */
  *take(length: number): Generator<void, Uint8Array<ArrayBuffer>, void> {
    for (;; yield) {
      const bytes = this.buffer.take(length);
      if (bytes !== undefined) return bytes.slice();
    }
  }

  /** Waits for a packet. */
  *packet(channel: PacketChannel): Generator<void, Packet, void> {
    for (;; yield) {
      const packet = channel.next();
      if (packet !== undefined) return packet;
    }
  }
}

/** What a side says of itself in step 9. */
export interface Introduction {
  /** `NAME/VERSION`, at most 64 bytes. */
  readonly agent: string;
  /**
   * What a core allows, all that the document has unless given; or what a backend can do, nothing
   * unless given. Without sealed-1, which follows from the spawn secret.
   */
  readonly features?: readonly string[] | undefined;
  /** The minor version of the API that it speaks, if not the newest. */
  readonly minor?: number | undefined;
}

/** What is agreed without step 9: the set of the peer is not known. */
export const NO_VERSION: Agreement = {
  major: 0,
  minor: 0,
  agent: undefined,
  features: new Set(),
  sealed: false,
};

/** Checks what a program says of itself. */
export function checkIntroduction(introduction: Introduction): void {
  const { agent, features = [] } = introduction;
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
}

/** The body that a side sends in step 9. */
export function makeApiVersion(
  introduction: Introduction,
  features: readonly string[],
): ApiVersion {
  return {
    type: "ApiVersion",
    major: API_MAJOR,
    minor: introduction.minor ?? API_MINOR,
    agent: introduction.agent,
    features,
  };
}

/** The features that a side lists or picks from; `otherwise` if it names none. */
export function ownFeatures(
  introduction: Introduction,
  sealed: boolean,
  otherwise: readonly string[],
): readonly string[] {
  const features = introduction.features ?? otherwise;
  return sealed ? [...features, SEALED_1] : features;
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

/**
 * Checks that a packet is `Success` to this request, in steps 8 and 11.
 *
 * @throws {TribaFault} `unmatched`, `out-of-place`, `rejected` or `response`.
 */
export function expectSuccess(packet: Packet, request: number, step: string): void {
  const response = expectResponse(packet, request, step);
  if (response.type === "Success") return;
  throw response.type === "Error" ? rejected(step, response) : unsuitable(step, response.type);
}

/**
 * Reads the response to this request of the handshake.
 *
 * @throws {TribaFault} `unmatched`, `out-of-place` or `response`.
 */
export function expectResponse(
  packet: Packet,
  request: number,
  step: string,
): Response {
  if (packet.kind === "request") throw outOfPlace(packet.name, step);
  if (packet.req !== request) throw unmatched(packet.req);
  if (!RESPONSES.has(packet.name)) {
    throw unsuitable(step, packet.name);
  }
  try {
    return RESPONSES.decode(packet.name, packet.argument);
  } catch (error) {
    if (!(error instanceof TribaFault)) throw error;
    throw new TribaFault("response", `Cannot go on after ${step}: ${error.message}`, {
      cause: error,
    });
  }
}

/** A request's body, or what to answer if its argument is wrong. */
export function tryDecode<V extends Variant>(
  requests: Enumeration<V>,
  packet: RequestPacket,
): { readonly body?: V; readonly error?: ErrorResponse } {
  try {
    return { body: requests.decode(packet.name, packet.argument) };
  } catch (error) {
    if (!(error instanceof TribaFault)) throw error;
    return { error: { type: "Error", code: "invalid_argument", message: error.message } };
  }
}

/** The fault for a response that does not belong to its request. */
export function unsuitable(step: string, answer: string): TribaFault {
  return new TribaFault(
    "response",
    `Cannot go on after ${step}: ${quote(answer)} is no answer to it`,
  );
}

/** The fault for an answer `Error` to a step. */
export function rejected(
  step: string,
  error: { readonly code: string; readonly message: string },
): TribaFault {
  return new TribaFault(
    "rejected",
    `Cannot go on after ${step}: the peer answers ${error.code}, ${quote(error.message)}`,
  );
}

/** The fault for a request that does not belong here. */
export function outOfPlace(name: string, place: string): TribaFault {
  return new TribaFault("out-of-place", `Cannot take request ${quote(name)}: not after ${place}`);
}

/** The fault for a response to nothing. */
export function unmatched(req: number): TribaFault {
  return new TribaFault(
    "unmatched",
    `Cannot take a response to request ${req}: none of this number waits for one`,
  );
}
