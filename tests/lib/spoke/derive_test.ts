import { assertEquals, assertNotEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { blake2b } from "@noble/hashes/blake2.js";
import { createHash } from "node:crypto";
import {
  deriveAll,
  deriveMainKey,
  deriveSubKey,
  type Transcript,
  wipeKeys,
} from "../../../lib/spoke/derive.ts";
import { cipher, type Handshake, handshakes, hex, sample } from "./support.ts";

function transcriptOf(vector: Handshake): Transcript {
  return {
    clientIdentity: hex(vector.client_identity_hex),
    serverIdentity: hex(vector.server_identity_hex),
    X: hex(vector.X),
    Y: hex(vector.Y),
    Z: hex(vector.Z),
    hK: hex(vector.h_K),
    V: hex(vector.V),
  };
}

Deno.test("deriveAll: each handshake's main key, keys and validators", async (test) => {
  for (const vector of handshakes) {
    await test.step(vector.name, () => {
      const transcript = transcriptOf(vector);
      assertEquals(encodeHex(deriveMainKey(transcript)), vector.main_key);
      const ciphers = { cipher0: cipher(vector.cipher0), cipher1: cipher(vector.cipher1) };
      const { keys, firstValidator, secondValidator } = deriveAll(transcript, ciphers);
      assertEquals(encodeHex(keys.clientKey), vector.key_client);
      assertEquals(encodeHex(keys.serverKey), vector.key_server);
      assertEquals(encodeHex(firstValidator), vector.first_validator);
      assertEquals(encodeHex(secondValidator), vector.second_validator);
      assertEquals([keys.cipher0, keys.cipher1], [ciphers.cipher0, ciphers.cipher1]);
    });
  }
});

Deno.test("deriveMainKey: agrees with BLAKE2b of node:crypto", async (test) => {
  for (const vector of handshakes) {
    await test.step(vector.name, () => {
      const hash = createHash("blake2b512").update(Uint8Array.of(1, 0));
      const { clientIdentity, serverIdentity, X, Y, Z, hK, V } = transcriptOf(vector);
      for (const field of [clientIdentity, serverIdentity, X, Y, Z, hK, V]) hash.update(field);
      assertEquals(encodeHex(deriveMainKey(transcriptOf(vector))), hash.digest("hex"));
    });
  }
});

Deno.test("deriveMainKey: every field changes the key", () => {
  const transcript = transcriptOf(sample);
  const key = encodeHex(deriveMainKey(transcript));
  for (const field of Object.keys(transcript) as (keyof Transcript)[]) {
    const changed = transcript[field].slice();
    changed[0] = (changed[0] as number) ^ 1;
    assertNotEquals(encodeHex(deriveMainKey({ ...transcript, [field]: changed })), key);
  }
});

// Computed by another implementation (the BLAKE2 reference code inside CPython's hashlib).
const KEYED = [
  [
    "",
    "10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568",
  ],
  [
    "000102",
    "33d0825dddf7ada99b0e7e307104ad07ca9cfd9692214f1561356315e784f3e5a17e364ae9dbb14cb2036df932b77f4b292761365fb328de7afdc6d8998f5fc1",
  ],
] as const;

Deno.test("BLAKE2b with a key: noble agrees with the reference code", () => {
  const key = Uint8Array.from({ length: 64 }, (_, at) => at);
  for (const [message, expected] of KEYED) {
    assertEquals(encodeHex(blake2b(hex(message), { key, dkLen: 64 })), expected);
  }
});

Deno.test("deriveSubKey: is the keyed hash of 32 bytes, context and number", () => {
  const main = Uint8Array.from({ length: 64 }, (_, at) => at);
  assertEquals(
    encodeHex(deriveSubKey(main, 0x0102)),
    "f67c9ebe349d6d5e8c0fa4a1699a3317621888f4f3bb7458c3901c9ae94e05c6b3f2e416c5d57772e58de39dbdfd6b9ccfc9d2f6dfb411beb75d240c3187b732",
  );
});

Deno.test("wipeKeys: nothing of the keys is left", () => {
  const { keys } = deriveAll(transcriptOf(sample), {
    cipher0: "aes-256-gcm",
    cipher1: "aes-256-gcm",
  });
  wipeKeys(keys);
  assertEquals([...keys.clientKey, ...keys.serverKey].some((byte) => byte !== 0), false);
});
