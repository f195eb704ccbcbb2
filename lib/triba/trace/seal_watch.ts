/**
 * When the keys of sealed-1 come into force, as a third party sees it (section 10).
 *
 * @module
 */

import { createSealed1Ciphers, type Sealed1Input } from "../channel/sealed1.ts";
import { SEALED_1 } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import type { ObservedPacket } from "./packet_stream.ts";
import { featuresOf, type Side } from "./packet_view.ts";

/** Watches step 9, to know when the keys of sealed-1 come into force (section 10). */
export class SealWatch {
  /** Numbers of requests `ApiVersion` of the core that list the feature. */
  readonly #offers = new Set<number>();

  /** Takes note of a packet; whether all that follow it, in both directions, are under other keys. */
  note(from: Side, { content }: ObservedPacket): boolean {
    if (content.packet === undefined) return false;
    const { view } = content;
    if (!featuresOf(view)?.includes(SEALED_1)) return false;
    if (from === "core" && view.kind === "request") this.#offers.add(view.id);
    return from === "backend" && view.req !== undefined && this.#offers.delete(view.req);
  }
}

/** What a third party may know of the input of the keys. */
export type KnownSealed1Input = {
  readonly [K in keyof Sealed1Input]: Sealed1Input[K] | undefined;
};

/**
 * The ciphers of both directions.
 *
 * @throws {TribaFault} `policy` if there is no spawn secret.
 */
export function makeObservedCiphers(
  known: KnownSealed1Input,
): ReturnType<typeof createSealed1Ciphers> {
  if (isComplete(known)) return createSealed1Ciphers(known);
  throw new TribaFault("policy", "Cannot go on under sealed-1: there is no spawn secret");
}

function isComplete(known: KnownSealed1Input): known is Sealed1Input {
  return Object.values(known).every((value) => value !== undefined);
}
