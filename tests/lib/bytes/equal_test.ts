import { assertEquals } from "@std/assert";
import { equalConstantTime, wipe } from "../../../lib/bytes/mod.ts";

Deno.test("equalConstantTime compares every byte and the length", () => {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => i);
  assertEquals(equalConstantTime(secret, secret.slice()), true);
  for (let i = 0; i < secret.length; i++) {
    for (const bit of [0x01, 0x80]) {
      const other = secret.slice();
      other[i] = (other[i] as number) ^ bit;
      assertEquals(equalConstantTime(secret, other), false, `byte ${i}`);
    }
  }
  assertEquals(equalConstantTime(secret, secret.subarray(1)), false);
  assertEquals(equalConstantTime(secret.subarray(0, 31), secret), false);
  assertEquals(equalConstantTime(new Uint8Array(), new Uint8Array()), true);
  assertEquals(equalConstantTime(new Uint8Array(), Uint8Array.of(0)), false);
});

Deno.test("equalConstantTime does not let differences cancel out", () => {
  assertEquals(equalConstantTime(Uint8Array.of(1, 1), Uint8Array.of(0, 0)), false);
  assertEquals(equalConstantTime(Uint8Array.of(1, 255), Uint8Array.of(255, 1)), false);
});

Deno.test("wipe clears all that it is given and nothing around it", () => {
  const memory = Uint8Array.of(1, 2, 3, 4);
  const other = Uint8Array.of(5);
  wipe(memory.subarray(1, 3), other);
  assertEquals(memory, Uint8Array.of(1, 0, 0, 4));
  assertEquals(other, Uint8Array.of(0));
});
