/**
 * What the handshakes of both sides check alike, and the faults for it (section 8).
 *
 * @module
 */

import { type ErrorResponse, type Response, RESPONSES } from "../bodies/response.ts";
import type { Enumeration, Variant } from "../bodies/enumeration.ts";
import { TribaFault } from "../fault.ts";
import type { Packet, RequestPacket } from "../channel/packet.ts";
import { quote } from "../quote.ts";

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
