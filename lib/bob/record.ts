/**
 * One record of the encrypted channel: its layout, its nonce and its protection with AES-256-GCM
 * (bob protocol, section 6.1). Two generations of the protocol differ in the nonce alone.
 *
 * @module
 */

import { createCipheriv, createDecipheriv } from "node:crypto";

/** Bytes of the length in front of a record. */
export const RECORD_HEADER_BYTES = 2;
/** Bytes of the authentication tag behind a record's ciphertext. */
export const RECORD_TAG_BYTES = 16;
/** Most plaintext bytes of one record; larger lengths are never written and not accepted. */
export const MAX_RECORD_BYTES = 32767;
/** Bytes of a channel key: cipher key, nonce secret, and 20 that nobody uses. */
export const CHANNEL_KEY_BYTES = 64;
/** What stands where a record's length would: the channel is closed. Neither sealed nor signed. */
export const CLOSE_MARKER: Readonly<Uint8Array> = Uint8Array.of(0xff, 0xff, 0xff, 0xff);

const CIPHER_KEY_BYTES = 32;
const NONCE_SECRET_BYTES = 12;
const SEQUENCE_BYTES = 8;
const RECORD_VERSION = 1;

/** The revisions of the protocol that write different records, named after their nonce's bytes. */
export type Generation = "nonce12" | "nonce20";

/** Both generations, the more common one first. */
export const GENERATIONS: readonly Generation[] = ["nonce12", "nonce20"];

/** Seals and opens the records of one direction. */
export interface RecordCipher {
  /**
   * Ciphertext and tag of the record with this number. The plaintext is read before the call
   * returns, so its buffer may be used again at once.
   */
  seal(sequence: number, plaintext: Uint8Array): Promise<Uint8Array>;
  /**
   * The plaintext of the record with this number, or undefined when its tag is wrong. The bytes
   * are read before the call returns.
   */
  open(sequence: number, sealed: Uint8Array): Promise<Uint8Array | undefined>;
}

/**
 * The cipher for one direction of a channel.
 *
 * @param key `key_client` or `key_server` of the exchange, 64 bytes.
 */
export async function createRecordCipher(
  key: Uint8Array,
  generation: Generation,
): Promise<RecordCipher> {
  if (key.length !== CHANNEL_KEY_BYTES) {
    throw new RangeError(`Cannot use a key of ${key.length} bytes: it has ${CHANNEL_KEY_BYTES}`);
  }
  const cipherKey = key.slice(0, CIPHER_KEY_BYTES);
  const secret = key.slice(CIPHER_KEY_BYTES, CIPHER_KEY_BYTES + NONCE_SECRET_BYTES);
  switch (generation) {
    case "nonce12": {
      const usages: KeyUsage[] = ["encrypt", "decrypt"];
      const imported = await crypto.subtle.importKey("raw", cipherKey, "AES-GCM", false, usages);
      return new Nonce12Cipher(imported, secret);
    }
    case "nonce20":
      return new Nonce20Cipher(cipherKey, secret);
  }
}

/** The runtime's WebCrypto: works beside the program, several records at a time. */
class Nonce12Cipher implements RecordCipher {
  readonly #key: CryptoKey;
  readonly #secret: Uint8Array;

  constructor(key: CryptoKey, secret: Uint8Array) {
    this.#key = key;
    this.#secret = secret;
  }

  async seal(sequence: number, plaintext: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const parameters = this.#parameters(sequence, plaintext.length);
    return new Uint8Array(await crypto.subtle.encrypt(parameters, this.#key, plaintext));
  }

  async open(
    sequence: number,
    sealed: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array | undefined> {
    const parameters = this.#parameters(sequence, sealed.length - RECORD_TAG_BYTES);
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, this.#key, sealed));
    } catch (error) {
      if (error instanceof DOMException && error.name === "OperationError") return undefined;
      throw error;
    }
  }

  #parameters(sequence: number, length: number): AesGcmParams {
    return {
      name: "AES-GCM",
      iv: nonce12(this.#secret, sequence),
      additionalData: additionalData(length),
    };
  }
}

/** `node:crypto`, because the runtime's WebCrypto refuses a nonce of 20 bytes. */
class Nonce20Cipher implements RecordCipher {
  readonly #key: Uint8Array;
  readonly #secret: Uint8Array;

  constructor(key: Uint8Array, secret: Uint8Array) {
    this.#key = key;
    this.#secret = secret;
  }

  seal(sequence: number, plaintext: Uint8Array): Promise<Uint8Array> {
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce20(this.#secret, sequence));
    cipher.setAAD(additionalData(plaintext.length));
    const sealed = new Uint8Array(plaintext.length + RECORD_TAG_BYTES);
    sealed.set(cipher.update(plaintext));
    cipher.final();
    sealed.set(cipher.getAuthTag(), plaintext.length);
    return Promise.resolve(sealed);
  }

  open(sequence: number, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    const length = sealed.length - RECORD_TAG_BYTES;
    const cipher = createDecipheriv("aes-256-gcm", this.#key, nonce20(this.#secret, sequence));
    cipher.setAAD(additionalData(length));
    cipher.setAuthTag(sealed.subarray(length));
    const plaintext = cipher.update(sealed.subarray(0, length));
    try {
      cipher.final();
    } catch {
      return Promise.resolve(undefined); // its only reason to throw is the tag
    }
    const { buffer, byteOffset } = plaintext; // a Buffer, whose methods differ
    return Promise.resolve(new Uint8Array(buffer, byteOffset, length));
  }
}

/** Version and plaintext length, which the tag protects too. */
function additionalData(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0, RECORD_VERSION, length >> 8, length & 0xff);
}

/** The sequence number goes over the last bytes of the secret. */
function nonce12(secret: Uint8Array, sequence: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(secret);
  const view = new DataView(nonce.buffer, NONCE_SECRET_BYTES - SEQUENCE_BYTES);
  view.setBigUint64(0, view.getBigUint64(0) ^ BigInt(sequence));
  return nonce;
}

/** The sequence number stands behind the secret. */
function nonce20(secret: Uint8Array, sequence: number): Uint8Array<ArrayBuffer> {
  const nonce = new Uint8Array(NONCE_SECRET_BYTES + SEQUENCE_BYTES);
  nonce.set(secret);
  new DataView(nonce.buffer).setBigUint64(NONCE_SECRET_BYTES, BigInt(sequence));
  return nonce;
}
