import { x25519 } from "@noble/curves/ed25519.js";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { BASE_POINT, isLowOrderPoint, x25519Web } from "../../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../../lib/coffer/keys/x25519_node.ts";
import { random } from "../../../support/coffer.ts";

// The seven encodings below 2^255; each also with the top bit, which X25519 ignores.
const LOW_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

const PRIMITIVES = { x25519Node, x25519Web };

for (const [name, primitive] of Object.entries(PRIMITIVES)) {
  Deno.test(`${name} agrees with noble on random keys`, async () => {
    for (let round = 0; round < 20; round++) {
      const [secret, point] = [random(32), x25519.getPublicKey(random(32))];
      const shared = await primitive(secret, point);
      assertEquals(shared && encodeHex(shared), encodeHex(x25519.getSharedSecret(secret, point)));
      const publicKey = await primitive(secret, BASE_POINT);
      assertEquals(publicKey && encodeHex(publicKey), encodeHex(x25519.getPublicKey(secret)));
    }
  });

  // RFC 7748 5.2 and 6.1; the second point has its top bit set.
  Deno.test(`${name} gives the results of RFC 7748`, async () => {
    const cases = [
      [
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
      ],
      [
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
      ],
    ];
    for (const [secret = "", point = "", expected = ""] of cases) {
      const shared = await primitive(decodeHex(secret), decodeHex(point));
      assertEquals(shared && encodeHex(shared), expected);
    }
  });

  Deno.test(`${name} gives nothing for points of low order`, async () => {
    for (const hex of LOW_ORDER) {
      const point = decodeHex(hex);
      assertEquals(await primitive(random(32), point), undefined, hex);
      point[31] = (point[31] ?? 0) | 0x80;
      assertEquals(await primitive(random(32), point), undefined, `${hex} with the top bit`);
    }
  });

  Deno.test(`${name} refuses keys of other lengths`, async () => {
    for (const [secret, point] of [[31, 32], [33, 32], [32, 31], [32, 33]] as const) {
      await assertRejects(
        async () => await primitive(random(secret), random(point)),
        RangeError,
        "bytes instead of 32",
      );
    }
  });
}

Deno.test("isLowOrderPoint: noble fails for each of them and for no other small point", () => {
  for (let first = 0; first < 256; first++) {
    const point = new Uint8Array(32);
    point[0] = first;
    let fails = false;
    try {
      x25519.getSharedSecret(new Uint8Array(32).fill(7), point);
    } catch {
      fails = true;
    }
    assertEquals(isLowOrderPoint(point), fails, `first byte ${first}`);
  }
  for (const hex of LOW_ORDER) {
    assertThrows(() => x25519.getSharedSecret(random(32), decodeHex(hex)));
  }
});
