import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { gcmsiv } from "@noble/ciphers/aes.js";
import {
  createPlainCipher,
  createSealed1Cipher,
  GcmSivKey,
  makePacketNonce,
  TribaFault,
} from "../../../lib/triba/mod.ts";
import { Random } from "../../support/fuzz.ts";
import { vectors } from "./support.ts";

interface Vector {
  key: string;
  nonce: string;
  aad: string;
  plaintext: string;
  result: string;
}

Deno.test("gcm-siv.json: the standard's vectors", async (t) => {
  const { vectors: list } = vectors<{ vectors: Vector[] }>("gcm-siv");
  assertEquals(list.length, 26);
  let own = 0;
  for (const [i, vector] of list.entries()) {
    const [key, nonce, aad, plaintext, result] = [
      vector.key,
      vector.nonce,
      vector.aad,
      vector.plaintext,
      vector.result,
    ].map((hex) => decodeHex(hex)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const name = `${i}: ${plaintext.length} bytes, ${aad.length} of associated data`;
    await t.step(name, () => {
      assertEquals(gcmsiv(key, nonce, aad).encrypt(plaintext), result, "the reference");
      if (aad.length > 0) return; // TriBA has none, and our cipher takes none
      own++;
      const cipher = new GcmSivKey(key).forNonce(nonce);
      assertEquals(cipher.seal(plaintext), result);
      assertEquals(cipher.open(result), plaintext);
    });
  }
  assertEquals(own, 10);
});

Deno.test("GcmSiv: agrees with noble's gcmsiv on every length, message after message", () => {
  const random = new Random(11);
  const key = random.bytes(32);
  const nonce = random.bytes(12);
  const cipher = new GcmSivKey(key).forNonce(nonce);
  const lengths = [...Array.from({ length: 130 }, (_, i) => i), 1023, 1024, 1025, 65536, 100_001];
  for (const length of lengths) {
    const plaintext = random.bytes(length);
    const sealed = cipher.seal(plaintext);
    assertEquals(encodeHex(sealed), encodeHex(gcmsiv(key, nonce).encrypt(plaintext)), `${length}`);
    assertEquals(cipher.open(sealed), plaintext);
  }
});

Deno.test("GcmSiv: takes views at any offset and changes nothing of its input", () => {
  const random = new Random(12);
  const generator = new GcmSivKey(random.bytes(32));
  const nonce = random.bytes(12);
  const cipher = generator.forNonce(nonce, 100);
  const plaintext = random.bytes(77);
  const expected = cipher.seal(plaintext);
  for (let offset = 0; offset < 9; offset++) {
    const shift = (bytes: Uint8Array) => {
      const room = new Uint8Array(bytes.length + offset + 3);
      room.set(bytes, offset);
      return room.subarray(offset, offset + bytes.length);
    };
    const [input, sealed] = [shift(plaintext), shift(expected)];
    assertEquals(cipher.seal(input), expected);
    assertEquals(cipher.open(sealed), plaintext);
    assertEquals([input, sealed], [plaintext, expected]);
    assertEquals(generator.forNonce(shift(nonce)).seal(input), expected);
  }
});

Deno.test("GcmSiv.open: refuses every single flipped bit, and goes on afterwards", () => {
  const cipher = new GcmSivKey(new Uint8Array(32).fill(1)).forNonce(new Uint8Array(12).fill(2));
  const plaintext = new TextEncoder().encode("attack at dawn, tomorrow");
  const sealed = cipher.seal(plaintext);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const damaged = sealed.slice();
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    assertEquals(cipher.open(damaged), undefined, `bit ${bit}`);
  }
  assertEquals(cipher.open(sealed), plaintext);
  assertThrows(() => cipher.open(new Uint8Array(15)), RangeError, "15");
});

Deno.test("GcmSivKey: keys and nonces of other lengths are the caller's mistake", () => {
  assertThrows(() => new GcmSivKey(new Uint8Array(16)), RangeError, "16");
  assertThrows(() => new GcmSivKey(new Uint8Array(32)).forNonce(new Uint8Array(8)), RangeError);
});

Deno.test("GcmSiv.wipe: nothing can be sealed afterwards", () => {
  const generator = new GcmSivKey(new Uint8Array(32));
  const cipher = generator.forNonce(new Uint8Array(12));
  cipher.wipe();
  assertThrows(() => cipher.seal(new Uint8Array(1)));
});

Deno.test("createPlainCipher: one nonce for all packets, and a fault that names the packet", () => {
  const random = new Random(13);
  const [key, nonce] = [random.bytes(32), random.bytes(12)];
  const cipher = createPlainCipher(key, nonce);
  const plaintext = random.bytes(20);
  assertEquals(cipher.seal(plaintext, 3), cipher.seal(plaintext, 4));
  assertEquals(cipher.open(cipher.seal(plaintext, 3), 9), plaintext);
  const fault = assertThrows(() => cipher.open(random.bytes(36), 9), TribaFault, "packet 9");
  assertEquals(fault.code, "cipher");
});

Deno.test("createSealed1Cipher: the packet's number is its nonce, so another number fails", () => {
  const random = new Random(14);
  const key = random.bytes(32);
  const cipher = createSealed1Cipher(key);
  const plaintext = random.bytes(20);
  for (const id of [0, 1, 255, 65536, 2 ** 32 - 1]) {
    const sealed = cipher.seal(plaintext, id);
    assertEquals(sealed, gcmsiv(key, makePacketNonce(id)).encrypt(plaintext));
    assertEquals(cipher.open(sealed, id), plaintext);
    const fault = assertThrows(() => cipher.open(sealed, id + 1), TribaFault, "replayed");
    assertEquals(fault.code, "cipher");
    assert(fault.message.includes(String(id + 1)));
  }
});

Deno.test("createSealed1Cipher: what was prepared is used once, for its packet, and changes no byte", () => {
  const random = new Random(15);
  const key = random.bytes(32);
  const cipher = createSealed1Cipher(key);
  const expected = (plaintext: Uint8Array, id: number) =>
    gcmsiv(key, makePacketNonce(id)).encrypt(plaintext);
  for (const length of [1, 100, 1024, 1025, 5000]) {
    const plaintext = random.bytes(length);
    for (const [prepared, used] of [[7, 7], [7, 8], [8, 8]] as const) {
      cipher.prepare(prepared);
      cipher.prepare(prepared);
      assertEquals(cipher.seal(plaintext, used), expected(plaintext, used));
      assertEquals(cipher.seal(plaintext, used), expected(plaintext, used), "and without");
      cipher.prepare(prepared);
      assertEquals(cipher.open(expected(plaintext, used), used), plaintext);
    }
  }
});

Deno.test("makePacketNonce: 4 zero bytes and the id in 8 bytes, big-endian", () => {
  assertEquals(encodeHex(makePacketNonce(3)), "000000000000000000000003");
  assertEquals(encodeHex(makePacketNonce(2 ** 32 - 1)), "0000000000000000ffffffff");
  assertEquals(encodeHex(makePacketNonce(2 ** 40 + 1)), "000000000000010000000001");
});
