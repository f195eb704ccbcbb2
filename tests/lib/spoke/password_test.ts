import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { clampScalar, multiplyBase } from "../../../lib/spoke/group.ts";
import { hashPassword } from "../../../lib/spoke/password.ts";
import { handshakes, hex } from "./support.ts";

Deno.test("hashPassword: each handshake's M, N, h_K, h_L, L and secret", async (test) => {
  for (const vector of handshakes) {
    await test.step(vector.name, () => {
      const { M, N, hK, hL } = hashPassword(
        hex(vector.password_hex),
        hex(vector.salt),
        vector.iterations,
      );
      const parts = [
        encodeHex(M.toBytes()),
        encodeHex(N.toBytes()),
        encodeHex(hK),
        encodeHex(multiplyBase(clampScalar(hL)).toBytes()),
      ];
      assertEquals(parts, [vector.M, vector.N, vector.h_K, vector.L]);
      assertEquals(encodeHex(hL), vector.h_L);
      assertEquals(vector.public + parts.join(""), vector.secret);
    });
  }
});

Deno.test("hashPassword: bytes count as they are, without normalising or trimming", () => {
  const hash = (text: string) =>
    encodeHex(hashPassword(new TextEncoder().encode(text), new Uint8Array(16), 1).hK);
  const forms = ["toto", "toto ", " toto", "Toto", "toto\n", "", "é", "e\u0301"];
  assertEquals(new Set(forms.map(hash)).size, forms.length);
});
