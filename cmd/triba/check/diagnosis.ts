/**
 * What is wrong with a first packet that cannot be read: the usual misunderstandings are tried.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { concat } from "@std/bytes/concat";
import {
  type ByteOrder,
  createPlainCipher,
  SIZE_BYTES,
  TAG_BYTES,
  TribaFault,
} from "../../../lib/triba/mod.ts";

/** The first packet as it came, and what it should open with. */
export interface FirstPacket {
  /** The four bytes of the size. */
  readonly head: Uint8Array;
  /** What follows, as far as it came. */
  readonly rest: Uint8Array;
  /** The key of step 6. */
  readonly packetKey: Uint8Array;
  /** The nonce of step 5. */
  readonly nonce: Uint8Array;
  /** The order of the size's bytes that was expected. */
  readonly byteOrder: ByteOrder;
}

/** A misunderstanding that explains the packet. */
export interface Diagnosis {
  /** What was seen. */
  readonly seen: string;
  /** What to do. */
  readonly advice: string;
}

/** Tries what could explain the packet; undefined if nothing does. */
export function diagnoseFirstPacket(first: FirstPacket): Diagnosis | undefined {
  const { head, rest, packetKey, nonce, byteOrder } = first;
  const hashed = new Uint8Array(createHash("sha256").update(packetKey).digest());
  for (const [order, surplus] of sizesThatFit(head, rest.length)) {
    const payload = rest.subarray(0, readSize(head, order) - surplus);
    const rotated = concat([payload.subarray(TAG_BYTES), payload.subarray(0, TAG_BYTES)]);
    const texts = [
      order === byteOrder ? undefined : describeOrder(order),
      surplus === 0 ? undefined : SIZE_TOO_LARGE,
    ];
    const tries: readonly (readonly [Uint8Array, Uint8Array, Diagnosis | undefined])[] = [
      [packetKey, payload, undefined],
      [hashed, payload, HASHED_KEY],
      [packetKey, rotated, TAG_FIRST],
    ];
    for (const [key, bytes, diagnosis] of tries) {
      if (!opens(key, nonce, bytes)) continue;
      const found = [...texts, diagnosis].filter((text) => text !== undefined);
      if (found.length === 0) continue;
      return {
        seen: found.map(({ seen }) => seen).join("; "),
        advice: found.map(({ advice }) => advice).join(". "),
      };
    }
  }
  return undefined;
}

const SIZE_TOO_LARGE: Diagnosis = {
  seen: "a size that counts its own four bytes",
  advice: "Count ciphertext and tag and nothing else",
};
const HASHED_KEY: Diagnosis = {
  seen: "a packet under the SHA-256 of the shared secret",
  advice: "Use the raw 32 bytes of X25519 as key",
};
const TAG_FIRST: Diagnosis = {
  seen: "a tag in front of the ciphertext",
  advice: "Put the tag behind the ciphertext, as RFC 8452 and libraries do",
};

function describeOrder(order: ByteOrder): Diagnosis {
  return {
    seen: `a size in byte order "${order}"`,
    advice: `Write sizes with the highest byte first, or check with --byte-order ${order}`,
  };
}

/** Readings of the size under which the payload came completely. */
function* sizesThatFit(head: Uint8Array, length: number): Iterable<[ByteOrder, number]> {
  for (const order of ["big", "little"] as const) {
    for (const surplus of [0, SIZE_BYTES]) {
      const size = readSize(head, order) - surplus;
      if (size > TAG_BYTES && size <= length) yield [order, surplus];
    }
  }
}

function readSize(head: Uint8Array, order: ByteOrder): number {
  return new DataView(head.buffer, head.byteOffset, SIZE_BYTES).getUint32(0, order === "little");
}

function opens(key: Uint8Array, nonce: Uint8Array, payload: Uint8Array): boolean {
  const cipher = createPlainCipher(key, nonce);
  try {
    cipher.open(payload, 0);
    return true;
  } catch (error) {
    if (error instanceof TribaFault) return false;
    throw error;
  } finally {
    cipher.wipe();
  }
}
