import { assert, assertEquals, assertThrows } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { Curve } from "../../../lib/spoke/group.ts";
import { mapToCurve } from "../../../lib/spoke/map_to_curve.ts";
import vectors from "../../vectors/spoke/map-to-curve.json" with { type: "json" };
import { hex } from "./support.ts";

Deno.test("mapToCurve: each vector's point comes out, and lies in the subgroup", async (test) => {
  for (const vector of vectors) {
    await test.step(vector.in, () => {
      const point = mapToCurve(hex(vector.in));
      assertEquals(encodeHex(point.toBytes()), vector.out);
      assert(point.isTorsionFree());
    });
  }
});

Deno.test("mapToCurve: 32 zeros give the identity", () => {
  assert(mapToCurve(new Uint8Array(32)).is0());
});

Deno.test("mapToCurve: the top bit turns a point into its negative", () => {
  const uniform = new Uint8Array(32).fill(7);
  const point = mapToCurve(uniform);
  uniform[31] = 0x87;
  assert(mapToCurve(uniform).equals(point.negate()));
});

Deno.test("mapToCurve: a value and its negative modulo p give one point", () => {
  const uniform = new Uint8Array(32).fill(9);
  const value = Curve.Fp.fromBytes(uniform);
  const negative = Curve.Fp.toBytes(Curve.Fp.neg(value));
  assert(mapToCurve(negative).equals(mapToCurve(uniform)));
});

Deno.test("mapToCurve: refuses another length and leaves its input alone", () => {
  assertThrows(() => mapToCurve(new Uint8Array(31)), RangeError, "32 bytes are needed, got 31");
  const uniform = new Uint8Array(32).fill(0xff);
  mapToCurve(uniform);
  assertEquals(uniform, new Uint8Array(32).fill(0xff));
});
