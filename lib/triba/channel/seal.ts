/**
 * How packets of one direction are sealed: under one nonce for the whole connection as the
 * original has it (section 5), or under a nonce for each packet with sealed-1 (section 10).
 *
 * @module
 */

import { NONCE_BYTES } from "../constants.ts";
import { TribaFault } from "../fault.ts";
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
  /** Derives now what the next packet of this number will need, if it needs anything of its own. */
  prepare(id: number): void;
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
    prepare: () => {},
    wipe: () => cipher.wipe(),
  };
}

/** Payloads for which a prepared cipher, with its small table, is the best one. */
const SMALL_PAYLOAD_BYTES = 1024;

/** The cipher of one direction under sealed-1: its own key, the packet's id as nonce. */
export function createSealed1Cipher(key: Uint8Array): PacketCipher {
  const generator = new GcmSivKey(key);
  let ready: { readonly id: number; readonly cipher: GcmSiv } | undefined;

  /** Uses the cipher of a packet once. */
  const use = <T>(id: number, bytes: number, action: (cipher: GcmSiv) => T): T => {
    const prepared = ready?.id === id && bytes <= SMALL_PAYLOAD_BYTES ? ready.cipher : undefined;
    if (prepared !== undefined) ready = undefined;
    const cipher = prepared ?? generator.forNonce(makePacketNonce(id), bytes);
    const result = action(cipher);
    cipher.wipe();
    return result;
  };

  return {
    seal: (plaintext, id) => use(id, plaintext.length, (cipher) => cipher.seal(plaintext)),
    open: (payload, id) => {
      const plaintext = use(id, payload.length, (cipher) => cipher.open(payload));
      if (plaintext !== undefined) return plaintext;
      throw new TribaFault(
        "cipher",
        `Cannot decrypt packet ${id}: another key, or another packet than number ${id} (replayed, dropped or swapped)`,
      );
    },
    prepare: (id) => {
      if (ready?.id === id) return;
      ready?.cipher.wipe();
      ready = { id, cipher: generator.forNonce(makePacketNonce(id), SMALL_PAYLOAD_BYTES) };
    },
    wipe: () => {
      ready?.cipher.wipe();
      ready = undefined;
      generator.wipe();
    },
  };
}

/** The nonce of a packet under sealed-1: 4 zero bytes and the id, big-endian. */
export function makePacketNonce(id: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(NONCE_BYTES);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(id));
  return nonce;
}
