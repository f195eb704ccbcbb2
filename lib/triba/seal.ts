/**
 * How packets of one direction are sealed: under one nonce for the whole connection as the
 * original has it (section 5), or under a nonce for each packet with sealed-1 (section 10).
 *
 * @module
 */

import { NONCE_BYTES } from "./constants.ts";
import { TribaFault } from "./fault.ts";
import { type GcmSiv, GcmSivKey } from "./gcm_siv.ts";

/** The cipher of one direction. */
export interface PacketCipher {
  /** The payload for a packet: ciphertext and tag. */
  seal(plaintext: Uint8Array, id: number): Uint8Array<ArrayBuffer>;
  /**
   * The plaintext of a payload of at least 17 bytes that should be packet `id`.
   *
   * @throws {TribaFault} `cipher`.
   */
  open(payload: Uint8Array, id: number): Uint8Array<ArrayBuffer>;
  /** Overwrites the keys; nothing can be sealed or opened afterwards. */
  wipe(): void;
}

/**
 * The cipher of both directions: key (32 bytes) and nonce (12 bytes) stay the same. Two packets
 * never meet under it with equal plaintexts in one direction, as each holds its id.
 */
export function createPlainCipher(key: Uint8Array, nonce: Uint8Array): PacketCipher {
  const generator = new GcmSivKey(key);
  const cipher = generator.forNonce(nonce);
  generator.wipe();
  return {
    seal: (plaintext) => cipher.seal(plaintext),
    open: (payload, id) => {
      const plaintext = cipher.open(payload);
      if (plaintext !== undefined) return plaintext;
      throw new TribaFault("cipher", `Cannot decrypt packet ${id}: its tag does not verify`);
    },
    wipe: () => cipher.wipe(),
  };
}

/** The cipher of one direction under sealed-1: its own key, the packet's id as nonce. */
export function createSealed1Cipher(key: Uint8Array): PacketCipher {
  const generator = new GcmSivKey(key);
  const forPacket = (id: number, bytes: number): GcmSiv =>
    generator.forNonce(makePacketNonce(id), bytes);
  return {
    seal: (plaintext, id) => {
      const cipher = forPacket(id, plaintext.length);
      const payload = cipher.seal(plaintext);
      cipher.wipe();
      return payload;
    },
    open: (payload, id) => {
      const cipher = forPacket(id, payload.length);
      const plaintext = cipher.open(payload);
      cipher.wipe();
      if (plaintext !== undefined) return plaintext;
      throw new TribaFault(
        "cipher",
        `Cannot decrypt packet ${id}: another key, or another packet than number ${id} (replayed, dropped or swapped)`,
      );
    },
    wipe: () => generator.wipe(),
  };
}

/** The nonce of a packet under sealed-1: 4 zero bytes and the id, big-endian. */
export function makePacketNonce(id: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(id));
  return nonce;
}
