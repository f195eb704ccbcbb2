import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  computePacketKey,
  formatIdArgument,
  makeId,
  makeKeyPair,
  parseIdArgument,
  TribaFault,
} from "../../../lib/triba/mod.ts";
import { describeId } from "../../../lib/triba/id.ts";
import { vectors } from "./support.ts";

interface Keys {
  x25519: Record<
    "core_secret" | "core_public" | "cbs_secret" | "cbs_public" | "shared" | "packet_key",
    string
  >;
  high_bit_ignored: Record<"peer_public" | "with_secret" | "shared", string>;
  low_order: Record<"peer_public" | "expect", string>[];
  uuid_argument: {
    raw: string;
    canonical: string;
    accept: Record<"arg" | "raw" | "note", string>[];
    reject: Record<"arg" | "why", string>[];
  };
}

const KEYS = vectors<Keys>("keys");

Deno.test("keys.json: x25519", () => {
  const { core_secret, core_public, cbs_secret, cbs_public, shared, packet_key } = KEYS.x25519;
  const core = makeKeyPair(() => decodeHex(core_secret));
  const backend = makeKeyPair(() => decodeHex(cbs_secret));
  assertEquals(encodeHex(core.publicKey), core_public);
  assertEquals(encodeHex(backend.publicKey), cbs_public);
  assertEquals(shared, packet_key);
  assertEquals(encodeHex(computePacketKey(core.secretKey, backend.publicKey)), packet_key);
  assertEquals(encodeHex(computePacketKey(backend.secretKey, core.publicKey)), packet_key);
});

Deno.test("keys.json: high_bit_ignored", () => {
  const { peer_public, with_secret, shared } = KEYS.high_bit_ignored;
  const key = computePacketKey(decodeHex(with_secret), decodeHex(peer_public));
  assertEquals(encodeHex(key), shared);
});

Deno.test("keys.json: low_order", async (t) => {
  const secret = decodeHex(KEYS.x25519.core_secret);
  for (const { peer_public, expect } of KEYS.low_order) {
    await t.step(peer_public, () => {
      assertEquals(expect, "reject");
      const refused = () => computePacketKey(secret, decodeHex(peer_public));
      assertEquals(assertThrows(refused, TribaFault).code, "low-order");
    });
  }
});

Deno.test("computePacketKey: agrees with the runtime's own X25519", async () => {
  const theirs = await crypto.subtle.generateKey("X25519", true, ["deriveBits"]) as CryptoKeyPair;
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("raw", theirs.publicKey));
  const ours = makeKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
  const imported = await crypto.subtle.importKey(
    "raw",
    new Uint8Array(ours.publicKey),
    "X25519",
    true,
    [],
  );
  const bits = await crypto.subtle.deriveBits(
    { name: "X25519", public: imported },
    theirs.privateKey,
    256,
  );
  assertEquals(computePacketKey(ours.secretKey, publicKey), new Uint8Array(bits));
});

Deno.test("computePacketKey: keys of other lengths are the caller's mistake", () => {
  assertThrows(() => computePacketKey(new Uint8Array(31), new Uint8Array(32)), RangeError, "31");
  assertThrows(() => computePacketKey(new Uint8Array(32), new Uint8Array(33)), RangeError, "33");
});

Deno.test("keys.json: uuid_argument", async (t) => {
  const { raw, canonical, accept, reject } = KEYS.uuid_argument;
  assertEquals(formatIdArgument(decodeHex(raw)), canonical);
  for (const entry of accept) {
    await t.step(`accept ${entry.note}`, () => {
      assertEquals(encodeHex(parseIdArgument(entry.arg)), entry.raw);
    });
  }
  for (const entry of reject) {
    await t.step(`reject ${entry.why}`, () => {
      const fault = assertThrows(() => parseIdArgument(entry.arg), TribaFault);
      assertEquals(fault.code, "id-argument");
      assertEquals(entry.arg !== "" && fault.message.includes(entry.arg), false, "not repeated");
    });
  }
});

Deno.test("parseIdArgument: refuses what is close to an accepted form", () => {
  const wrong = [
    "ABEiM0RVRneImaq7zN3u/w===", // padding too long
    "ABEiM0RVRneImaq7zN3u/w==\n",
    "ABEiM0RVRneImaq7zN3u/w==ABEiM0RVRneImaq7zN3u/w==",
    "ABEi=M0RVRneImaq7zN3u/w=",
    "--------T_-__________w=",
    "A",
    btoa("00112233-4455-4677-8899-aabbccddeefg"),
    btoa("00112233445546778899aabbccddeeff0000"),
    btoa("{0112233-4455-4677-8899-aabbccddee}"),
  ];
  for (const argument of wrong) {
    const fault = assertThrows(() => parseIdArgument(argument), TribaFault, undefined, argument);
    assertEquals(fault.code, "id-argument");
  }
});

Deno.test("parseIdArgument: takes the text of a UUID in capitals and in the URL-safe alphabet", () => {
  const text = "00112233-4455-4677-8899-AABBCCDDEEFF";
  assertEquals(encodeHex(parseIdArgument(btoa(text))), KEYS.uuid_argument.raw);
  assertEquals(btoa(text).includes("+"), false);
});

Deno.test("makeId: version 4, variant 1, all else random", () => {
  assertEquals(encodeHex(makeId(() => new Uint8Array(16))), "00000000000040008000000000000000");
  const all = makeId(() => new Uint8Array(16).fill(0xff));
  assertEquals(encodeHex(all), "ffffffffffff4fffbfffffffffffffff");
});

Deno.test("formatIdArgument: any id comes back", () => {
  for (let i = 0; i < 100; i++) {
    const id = crypto.getRandomValues(new Uint8Array(16));
    assertEquals(parseIdArgument(formatIdArgument(id)), id);
  }
  assertThrows(() => formatIdArgument(new Uint8Array(15)), RangeError, "15");
});

Deno.test("describeId: shows four digits and no more", () => {
  assertEquals(describeId(decodeHex(KEYS.uuid_argument.raw)), "0011...");
});
