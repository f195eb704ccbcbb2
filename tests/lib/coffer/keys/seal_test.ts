import nacl from "tweetnacl";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  agreeBoxKey,
  closeBox,
  CofferFault,
  compute,
  derivePublicKey,
  hashNonce,
  type KeyPair,
  openBox,
  openSealedBox,
  SEAL_OVERHEAD_BYTES,
  sealBox,
} from "../../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../../lib/coffer/keys/x25519_node.ts";
import { keyPair, random, readVectors, scriptedRandom, utf8 } from "../../../support/coffer.ts";

interface SealedBox {
  readonly recipient: { readonly publicKeyHex: string; readonly secretKeyHex: string };
  readonly ephemeral: { readonly publicKeyHex: string; readonly secretKeyHex: string };
  readonly x25519SharedHex: string;
  readonly boxKeyHex: string;
  readonly nonceHex: string;
  readonly plaintextHex: string;
  readonly sealedHex: string;
}

const vector = readVectors<SealedBox>("sealedbox.json");
const recipient: KeyPair = {
  publicKey: decodeHex(vector.recipient.publicKeyHex),
  secretKey: decodeHex(vector.recipient.secretKeyHex),
};
const ephemeral: KeyPair = {
  publicKey: decodeHex(vector.ephemeral.publicKeyHex),
  secretKey: decodeHex(vector.ephemeral.secretKeyHex),
};

Deno.test("sealBox goes through every intermediate value of the vector", async (t) => {
  await t.step("x25519SharedHex", () => {
    const shared = x25519Node(ephemeral.secretKey, recipient.publicKey);
    assertEquals(shared && encodeHex(shared), vector.x25519SharedHex);
  });
  await t.step("boxKeyHex", () => {
    const key = compute(agreeBoxKey(ephemeral.secretKey, recipient.publicKey), x25519Node);
    assertEquals(key && encodeHex(key), vector.boxKeyHex);
  });
  await t.step("boxKeyHex from the other side", () => {
    const key = compute(agreeBoxKey(recipient.secretKey, ephemeral.publicKey), x25519Node);
    assertEquals(key && encodeHex(key), vector.boxKeyHex);
  });
  await t.step("nonceHex", () => {
    assertEquals(encodeHex(hashNonce(ephemeral.publicKey, recipient.publicKey)), vector.nonceHex);
  });
  await t.step("ephemeral public key", () => {
    const publicKey = compute(derivePublicKey(ephemeral.secretKey), x25519Node);
    assertEquals(encodeHex(publicKey), vector.ephemeral.publicKeyHex);
  });
  await t.step("sealedHex", () => {
    const secret = scriptedRandom(vector.ephemeral.secretKeyHex)(32);
    const sealing = sealBox(decodeHex(vector.plaintextHex), recipient.publicKey, secret);
    assertEquals(encodeHex(compute(sealing, x25519Node)), vector.sealedHex);
    assertEquals(secret, new Uint8Array(32), "the ephemeral secret is wiped");
  });
  await t.step("opened again", () => {
    const opened = compute(openSealedBox(decodeHex(vector.sealedHex), recipient), x25519Node);
    assertEquals(opened && encodeHex(opened), vector.plaintextHex);
  });
});

Deno.test("closeBox makes what tweetnacl opens, and openBox opens what tweetnacl makes", () => {
  const [web, server] = [keyPair("web"), keyPair("server")];
  const key = compute(agreeBoxKey(web.secretKey, server.publicKey), x25519Node);
  assert(key !== undefined);
  for (const length of [0, 1, 31, 32, 33, 64, 1000, 70_000]) {
    const [nonce, message] = [random(24), crypto.getRandomValues(new Uint8Array(length % 65536))];
    const theirs = nacl.box(message, nonce, server.publicKey, web.secretKey);
    assertEquals(closeBox(key, nonce, message), theirs);
    assertEquals(openBox(key, nonce, theirs), message);
    assertEquals(
      nacl.box.open(closeBox(key, nonce, message), nonce, web.publicKey, server.secretKey),
      message,
    );
  }
});

Deno.test("openSealedBox refuses other keys, truncation and every changed bit", () => {
  const sealed = decodeHex(vector.sealedHex);
  const open = (bytes: Uint8Array, pair = recipient) =>
    compute(openSealedBox(bytes, pair), x25519Node);
  assertEquals(open(sealed, keyPair("web")), undefined);
  assertEquals(open(sealed, { ...recipient, publicKey: keyPair("web").publicKey }), undefined);
  for (let length = 0; length < sealed.length; length++) {
    assertEquals(open(sealed.subarray(0, length)), undefined);
  }
  // The last bit of the ephemeral key does not count for X25519, but it does for the nonce.
  for (let bit = 0; bit < 8 * sealed.length; bit += 5) {
    const changed = sealed.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assertEquals(open(changed), undefined, `bit ${bit}`);
  }
});

Deno.test("openSealedBox takes a low-order ephemeral key for an ordinary failure", () => {
  const sealed = decodeHex(vector.sealedHex);
  sealed.fill(0, 0, 32);
  assertEquals(compute(openSealedBox(sealed, recipient), x25519Node), undefined);
});

Deno.test("sealBox seals an empty message to 48 bytes", () => {
  const sealed = compute(sealBox(new Uint8Array(), recipient.publicKey, random(32)), x25519Node);
  assertEquals(sealed.length, SEAL_OVERHEAD_BYTES);
  assertEquals(sealed.length, 48);
  assertEquals(compute(openSealedBox(sealed, recipient), x25519Node), new Uint8Array());
});

Deno.test("sealBox refuses a recipient of low order", () => {
  const sealing = sealBox(utf8("canary"), new Uint8Array(32), random(32));
  const fault = assertThrows(() => compute(sealing, x25519Node), CofferFault, "low order");
  assertEquals(fault.code, "bad-key");
});

Deno.test("openBox refuses a box shorter than its tag", () => {
  assertEquals(openBox(new Uint8Array(32), new Uint8Array(24), new Uint8Array(15)), undefined);
});
