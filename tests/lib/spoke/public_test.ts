import { assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import {
  type Cipher,
  decodePublic,
  encodePublic,
  nameFault,
  type PublicElement,
  SpokeFault,
} from "../../../lib/spoke/mod.ts";
import { cipher, faultVectors, handshakes, hex, sample } from "./support.ts";

const ELEMENT: PublicElement = {
  version: 1,
  rounds: 16,
  cipher0: "aes-256-gcm",
  cipher1: "chacha20-poly1305",
  salt: Uint8Array.from({ length: 16 }, (_, at) => at),
};

/** The element with 8 bytes of rounds. */
function withRounds(rounds: bigint): Uint8Array {
  const bytes = encodePublic(ELEMENT);
  new DataView(bytes.buffer).setBigUint64(4, rounds);
  return bytes;
}

function assertInvalid(run: () => unknown, detail: string): void {
  const fault = assertThrows(run, SpokeFault, `Invalid public packet: ${detail}`);
  assertEquals(fault.code, "invalid-public");
}

Deno.test("encodePublic, decodePublic: each handshake's element, both ways", async (test) => {
  for (const vector of handshakes) {
    await test.step(vector.name, () => {
      const element: PublicElement = {
        version: 1,
        rounds: vector.iterations,
        cipher0: cipher(vector.cipher0),
        cipher1: cipher(vector.cipher1),
        salt: hex(vector.salt),
      };
      assertEquals(encodeHex(encodePublic(element)), vector.public);
      assertEquals(decodePublic(hex(vector.public)), element);
    });
  }
});

Deno.test("decodePublic: each vector of a mistaken element ends as recorded", async (test) => {
  const vectors = faultVectors.filter((vector) => vector.public && !vector.secret);
  assertEquals(vectors.length, 8);
  for (const vector of vectors) {
    await test.step(vector.name, () => {
      const expected = vector.ours ?? vector.result;
      if (expected === "ok") {
        assertEquals(encodeHex(encodePublic(decodePublic(hex(vector.public)))), vector.public);
      } else {
        const fault = assertThrows(() => decodePublic(hex(vector.public)), SpokeFault, expected);
        assertEquals(nameFault(fault.code), expected);
      }
    });
  }
});

Deno.test("decodePublic: 0 rounds are a fault of the peer, not an exception", () => {
  assertInvalid(() => decodePublic(withRounds(0n)), "0 rounds");
});

Deno.test("decodePublic: rounds count up to the bound, exactly, in all 64 bits", () => {
  assertEquals(decodePublic(withRounds(1024n), 1024).rounds, 1024);
  assertInvalid(() => decodePublic(withRounds(1025n), 1024), "1025 rounds, more than 1024");
  assertEquals(decodePublic(withRounds(65536n)).rounds, 65536);
  assertInvalid(() => decodePublic(withRounds(65537n)), "65537 rounds, more than 65536");
  for (const rounds of [2n ** 32n + 16n, 2n ** 53n, 2n ** 64n - 1n]) {
    assertInvalid(() => decodePublic(withRounds(rounds)), `${rounds} rounds`);
  }
  assertInvalid(
    () => decodePublic(withRounds(2n ** 53n), Number.MAX_SAFE_INTEGER),
    "9007199254740992 rounds",
  );
});

Deno.test("decodePublic: refuses every length but 34", () => {
  const bytes = hex(sample.public + "0000");
  for (let length = 0; length <= 36; length++) {
    if (length === 34) continue;
    assertInvalid(() => decodePublic(bytes.subarray(0, length)), `${length} bytes instead of 34`);
  }
});

Deno.test("decodePublic: the salt does not change with the input", () => {
  const bytes = encodePublic(ELEMENT);
  const decoded = decodePublic(bytes);
  bytes.fill(0xff);
  assertEquals(decoded.salt, ELEMENT.salt);
});

Deno.test("decodePublic: a bound that is no count is a mistake of the caller", () => {
  for (const bound of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => decodePublic(encodePublic(ELEMENT), bound), RangeError, "bound on rounds");
  }
});

Deno.test("encodePublic: refuses fields that do not fit", () => {
  const encode = (change: Partial<PublicElement>) => () => encodePublic({ ...ELEMENT, ...change });
  assertThrows(encode({ salt: new Uint8Array(15) }), RangeError, "16 bytes are needed, got 15");
  assertThrows(encode({ rounds: 0 }), RangeError, "the rounds");
  assertThrows(encode({ rounds: 2 ** 53 }), RangeError, "the rounds");
  assertThrows(encode({ version: 65536 }), RangeError, "65536");
  assertThrows(encode({ cipher1: "rot13" as Cipher }), TypeError, `"rot13" is unknown`);
});
