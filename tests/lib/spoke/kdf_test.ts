import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { createHmac, pbkdf2Sync } from "node:crypto";
import { derivePbkdf2 } from "../../../lib/spoke/kdf.ts";
import vectors from "../../vectors/spoke/kdf.json" with { type: "json" };
import { handshakes, hex } from "./support.ts";

Deno.test("derivePbkdf2: each vector's bytes come out", async (test) => {
  for (const vector of vectors) {
    const { password_hex, salt, iterations, length, out } = vector;
    const name = `password "${password_hex}", salt ${salt}, ${iterations} rounds, ${length} bytes`;
    await test.step(name, () => {
      assertEquals(
        encodeHex(derivePbkdf2(hex(password_hex), hex(salt), iterations, length)),
        out,
      );
    });
  }
});

Deno.test("derivePbkdf2: each handshake's password gives its bytes", async (test) => {
  for (const vector of handshakes) {
    await test.step(vector.name, () => {
      const { password_hex, salt, iterations, pbkdf2_out } = vector;
      assertEquals(
        encodeHex(derivePbkdf2(hex(password_hex), hex(salt), iterations, 128)),
        pbkdf2_out,
      );
    });
  }
});

/** The definition of section 4.2 word for word, on another HMAC and with a chosen counter. */
function deriveSlowly(
  password: Uint8Array,
  salt: Uint8Array,
  rounds: number,
  blocks: number,
  littleEndian: boolean,
): string {
  let out = "";
  for (let number = 1; number <= blocks; number++) {
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, number, littleEndian);
    let u = createHmac("sha256", password).update(salt).update(counter).digest();
    let sum = BigInt("0x" + u.toString("hex"));
    for (let round = 2; round <= rounds; round++) {
      u = createHmac("sha256", password).update(u).digest();
      sum ^= BigInt("0x" + u.toString("hex"));
    }
    out += sum.toString(16).padStart(64, "0");
  }
  return out;
}

const PASSWORD = new TextEncoder().encode("lusabag-gutihuz");
const SALT = Uint8Array.from({ length: 16 }, (_, at) => at);

Deno.test("derivePbkdf2: agrees with the definition written over node:crypto", () => {
  for (const rounds of [1, 2, 3, 16, 100]) {
    assertEquals(
      encodeHex(derivePbkdf2(PASSWORD, SALT, rounds, 160)),
      deriveSlowly(PASSWORD, SALT, rounds, 5, true),
    );
  }
});

Deno.test("derivePbkdf2: differs from the standard function by the counter's order alone", () => {
  const standard = encodeHex(pbkdf2Sync(PASSWORD, SALT, 16, 128, "sha256"));
  assertEquals(deriveSlowly(PASSWORD, SALT, 16, 4, false), standard);
  assertNotEquals(encodeHex(derivePbkdf2(PASSWORD, SALT, 16, 128)), standard);
});

Deno.test("derivePbkdf2: leaves password and salt as they were", () => {
  const [password, salt] = [PASSWORD.slice(), SALT.slice()];
  derivePbkdf2(password, salt, 2, 32);
  assertEquals([password, salt], [PASSWORD, SALT]);
});

Deno.test("derivePbkdf2: refuses rounds and lengths out of range", () => {
  for (const rounds of [0, -1, 1.5, NaN, 2 ** 53]) {
    assertThrows(() => derivePbkdf2(PASSWORD, SALT, rounds, 32), RangeError, "the rounds");
  }
  for (const length of [0, 0.5, 65537]) {
    assertThrows(() => derivePbkdf2(PASSWORD, SALT, 1, length), RangeError, "the length");
  }
});
