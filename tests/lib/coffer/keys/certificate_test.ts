import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  CofferFault,
  compute,
  computeAsync,
  decodeKeyFile,
  encodeKeyFile,
  formatId,
  KEY_FILE_BYTES,
  makeKeyPair,
  x25519Web,
} from "../../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../../lib/coffer/keys/x25519_node.ts";
import { type CertificateVectors, keyPair, random, readVectors } from "../../../support/coffer.ts";

const { certificates, readerVariants } = readVectors<CertificateVectors>("certificates.json");
/** What the original reads and nobody ever wrote (spec section 6). */
const STRICTER = ["array", "index-keys", "int-array", "mismatch"];

Deno.test("decodeKeyFile reads each recorded key file, encodeKeyFile writes it", async (t) => {
  for (const vector of certificates) {
    await t.step(vector.name, async () => {
      const file = decodeHex(vector.fileHex);
      const pair = compute(decodeKeyFile(file), x25519Node);
      assertEquals(encodeHex(pair.publicKey), vector.publicKeyHex);
      assertEquals(encodeHex(pair.secretKey), vector.secretKeyHex);
      assertEquals(formatId(pair.publicKey), vector.id);
      assertEquals(encodeKeyFile(pair), file);
      assertEquals(file.length, KEY_FILE_BYTES);
      assertEquals(await computeAsync(decodeKeyFile(file), x25519Web), pair);
    });
  }
});

Deno.test("decodeKeyFile reads what the original reads, but for what nobody wrote", async (t) => {
  for (const variant of readerVariants) {
    await t.step(variant.id, () => {
      const read = () => compute(decodeKeyFile(decodeHex(variant.fileHex)), x25519Node);
      if (variant.accepted && !STRICTER.includes(variant.id)) {
        assertEquals(formatId(read().publicKey), variant.publicKey);
      } else {
        const fault = assertThrows(read, CofferFault, "Cannot read the key file: ");
        assertEquals(fault.code, "bad-key-file");
        assert(!fault.message.includes("0001020304"));
      }
    });
  }
});

Deno.test("decodeKeyFile refuses a repeated half", () => {
  const file = encodeHex(encodeKeyFile(keyPair("fixed")));
  const half = file.slice(2, 2 + 2 * 45);
  const repeated = decodeHex(`a3${file.slice(2)}${half}`);
  const read = () => compute(decodeKeyFile(repeated), x25519Node);
  assertThrows(read, CofferFault, "more than one public_key");
});

Deno.test("decodeKeyFile refuses halves that do not belong together", () => {
  const mixed = { publicKey: keyPair("web").publicKey, secretKey: keyPair("app").secretKey };
  const read = () => compute(decodeKeyFile(encodeKeyFile(mixed)), x25519Node);
  assertThrows(read, CofferFault, "do not belong together");
});

Deno.test("makeKeyPair makes a pair that a key file holds", () => {
  const pair = compute(makeKeyPair(random(32)), x25519Node);
  assertEquals(compute(decodeKeyFile(encodeKeyFile(pair)), x25519Node), pair);
});
