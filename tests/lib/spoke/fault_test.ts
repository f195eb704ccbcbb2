import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  decodeFailure,
  encodeFailure,
  nameFault,
  SpokeFault,
  type SpokeFaultCode,
} from "../../../lib/spoke/mod.ts";

const TABLE: readonly (readonly [number, SpokeFaultCode, string])[] = [
  [0, "not-in-subgroup", "Point is not on prime-order subgroup"],
  [1, "invalid-client-validator", "Invalid client validator"],
  [2, "invalid-server-validator", "Invalid server validator"],
  [3, "invalid-public", "Invalid public packet"],
  [4, "invalid-secret", "Invalid secret packet"],
];

Deno.test("SpokeFault: bytes, codes and names belong together one to one", async (test) => {
  for (const [byte, code, name] of TABLE) {
    await test.step(name, () => {
      assertEquals(encodeFailure(code), byte);
      assertEquals(decodeFailure(byte), code);
      assertEquals(nameFault(code), name);
      assertEquals(new SpokeFault(code).message, name);
      assertEquals(new SpokeFault(code, "0 rounds").message, `${name}: 0 rounds`);
    });
  }
});

Deno.test("SpokeFault: keeps its cause", () => {
  const cause = new Error("inner");
  const fault = new SpokeFault("not-in-subgroup", "no point", { cause });
  assert(fault.cause === cause);
  assertEquals(fault.name, "SpokeFault");
});

Deno.test("decodeFailure: no other byte names a fault", () => {
  for (let byte = 5; byte <= 255; byte++) assertEquals(decodeFailure(byte), undefined);
});

Deno.test("encodeFailure: an unknown code is a mistake of the caller", () => {
  assertThrows(() => encodeFailure("other" as SpokeFaultCode), TypeError, `"other"`);
});
