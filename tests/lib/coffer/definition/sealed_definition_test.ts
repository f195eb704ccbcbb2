import nacl from "tweetnacl";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  CofferFault,
  compute,
  type DefinitionTrust,
  openDefinition,
  sealAuthenticatedDefinition,
  sealDefinition,
} from "../../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../../lib/coffer/keys/x25519_node.ts";
import {
  type AuthenticatedVectors,
  definition,
  keyPair,
  random,
  readVectors,
  scriptedRandom,
  utf8,
} from "../../../support/coffer.ts";

const vectors = readVectors<AuthenticatedVectors>("authenticated.json");
const [server, companion] = [keyPair(vectors.server), keyPair(vectors.companion)];
const file = decodeHex(vectors.definition.fileHex);
const sealTime = BigInt(vectors.definition.time);

function open(bytes: Uint8Array, trust: DefinitionTrust = {}, pair = server) {
  return compute(openDefinition(bytes, pair, trust), x25519Node);
}

function refusal(bytes: Uint8Array, trust: DefinitionTrust = {}, pair = server): string {
  const fault = assertThrows(() => open(bytes, trust, pair), CofferFault);
  assertEquals(fault.code, "bad-seal");
  assert(!fault.message.includes("TOKEN"));
  return fault.message.replace("Cannot open the definition: ", "");
}

Deno.test("openDefinition opens each recorded file", async (t) => {
  for (const name of ["project-sample", "typed", "own-sealing"]) {
    await t.step(name, () => {
      const vector = definition(name);
      const opened = open(decodeHex(vector.sealedHex), {}, keyPair(vector.sealedTo));
      assertEquals(new TextDecoder().decode(opened.toml), vector.toml);
      assertEquals(opened.origin, undefined);
    });
  }
});

Deno.test("sealDefinition adds 48 bytes and takes any content", () => {
  for (const toml of [new Uint8Array(), utf8("[a]\n"), Uint8Array.of(0xff)]) {
    const sealed = compute(sealDefinition(toml, server.publicKey, random), x25519Node);
    assertEquals(sealed.length, toml.length + 48);
    assertEquals(open(sealed), { toml, origin: undefined });
  }
});

Deno.test("sealAuthenticatedDefinition gives the bytes of authenticated.json", () => {
  const scripted = scriptedRandom(vectors.definition.nonceHex);
  const sealing = sealAuthenticatedDefinition(
    utf8(vectors.toml),
    server.publicKey,
    companion,
    sealTime,
    scripted,
  );
  assertEquals(encodeHex(compute(sealing, x25519Node)), vectors.definition.fileHex);
  const content = nacl.box.open(
    file.subarray(64),
    file.subarray(40, 64),
    companion.publicKey,
    server.secretKey,
  );
  assertEquals(content?.subarray(8), utf8(vectors.toml));
});

Deno.test("openDefinition: an authenticated file says who made it and when", () => {
  for (const companions of [undefined, [], [keyPair("web").publicKey, companion.publicKey]]) {
    const opened = open(file, companions === undefined ? {} : { companions });
    assertEquals(opened, {
      toml: utf8(vectors.toml),
      origin: { companion: companion.publicKey, time: sealTime },
    });
  }
});

Deno.test("openDefinition refuses what the server is not to trust", async (t) => {
  const plain = compute(sealDefinition(utf8("x"), server.publicKey, random), x25519Node);
  const companions = [companion.publicKey];
  const foreign = compute(
    sealAuthenticatedDefinition(utf8("x"), server.publicKey, keyPair("web"), sealTime, random),
    x25519Node,
  );
  const own = compute(
    sealAuthenticatedDefinition(utf8("x"), server.publicKey, server, sealTime, random),
    x25519Node,
  );
  // Names the companion without having its secret key.
  const forged = foreign.slice();
  forged.set(companion.publicKey, 8);
  const lowOrder = file.slice();
  lowOrder.fill(0, 8, 40);
  const cases: Record<string, [string, string]> = {
    "a plain box where a companion is demanded": [
      refusal(plain, { companions }),
      "it names no companion, and one is demanded",
    ],
    "a companion that was not named": [
      refusal(foreign, { companions }),
      "it comes from a companion that was not named",
    ],
    "a forged name": [refusal(forged, { companions }), "not made for this key, or damaged"],
    "the server's own key as companion": [
      refusal(own),
      "its companion has the server's own key",
    ],
    "a companion of low order": [refusal(lowOrder), "not made for this key, or damaged"],
    "older than the running one": [
      refusal(file, { notBefore: sealTime + 1n }),
      "it is older than the running one",
    ],
    "sealed to another server": [
      refusal(plain, {}, keyPair("db")),
      "not sealed to this key, or damaged",
    ],
    "authenticated for another server": [
      refusal(file, {}, keyPair("db")),
      "not made for this key, or damaged",
    ],
    "an empty file": [refusal(new Uint8Array()), "not sealed to this key, or damaged"],
  };
  for (const [name, [actual, expected]] of Object.entries(cases)) {
    await t.step(name, () => assertEquals(actual, expected));
  }
});

Deno.test("openDefinition takes the running definition again, and a newer one", () => {
  for (const notBefore of [sealTime, sealTime - 1n]) {
    assertEquals(open(file, { notBefore }).origin?.time, sealTime);
  }
});

Deno.test("openDefinition refuses every truncation and every changed byte", () => {
  for (let length = 0; length < file.length; length++) refusal(file.subarray(0, length));
  for (let at = 0; at < file.length; at++) {
    const changed = file.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    refusal(changed);
  }
});

Deno.test("sealDefinition and sealAuthenticatedDefinition refuse a server key of low order", () => {
  const low = new Uint8Array(32);
  for (
    const sealing of [
      sealDefinition(utf8("x"), low, random),
      sealAuthenticatedDefinition(utf8("x"), low, companion, 0n, random),
    ]
  ) {
    const fault = assertThrows(() => compute(sealing, x25519Node), CofferFault, "low order");
    assertEquals(fault.code, "bad-key");
  }
});
