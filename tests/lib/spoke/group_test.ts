import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { ED25519_TORSION_SUBGROUP } from "@noble/curves/ed25519.js";
import { SpokeFault } from "../../../lib/spoke/fault.ts";
import {
  clampScalar,
  Curve,
  decodePoint,
  drawScalar,
  multiplyBase,
  multiplyPoint,
  subtractPoints,
} from "../../../lib/spoke/group.ts";
import { given, hex } from "./support.ts";

const NAME = "Point is not on prime-order subgroup";
const SEVEN = scalar(7n);

function scalar(value: bigint): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(32);
  for (let at = 0; at < 32; at++) bytes[at] = Number((value >> BigInt(8 * at)) & 255n);
  return bytes;
}

function assertRefused(run: () => unknown, detail = ""): void {
  const fault = assertThrows(run, SpokeFault, `${NAME}: ${detail}`);
  assertEquals(fault.code, "not-in-subgroup");
}

Deno.test("decodePoint: reads back a point of the subgroup", () => {
  const point = multiplyBase(SEVEN);
  assert(decodePoint(point.toBytes()).equals(point));
});

Deno.test("decodePoint: refuses each of the eight points of small order", async (test) => {
  assertEquals(ED25519_TORSION_SUBGROUP.length, 8);
  for (const encoded of ED25519_TORSION_SUBGROUP) {
    await test.step(encoded, () => assertRefused(() => decodePoint(hex(encoded))));
  }
});

Deno.test("decodePoint: refuses a point of the subgroup plus each point of small order", () => {
  const point = multiplyBase(SEVEN);
  for (const encoded of ED25519_TORSION_SUBGROUP) {
    const torsion = Curve.fromHex(encoded);
    if (torsion.is0()) continue;
    const sum = point.add(torsion).toBytes();
    assertRefused(() => decodePoint(sum), "a point with a torsion part was received");
  }
});

Deno.test("decodePoint: refuses every y from p to 2^255 - 1, with either top bit", () => {
  const p = Curve.Fp.ORDER;
  for (let y = p; y < 2n ** 255n; y++) {
    for (const top of [0n, 2n ** 255n]) {
      assertRefused(() => decodePoint(scalar(y + top)), "the received bytes encode no point");
    }
  }
});

Deno.test("decodePoint: refuses bytes that name no point, and x = 0 with the odd bit", () => {
  const detail = "the received bytes encode no point";
  assertRefused(() => decodePoint(scalar(2n)), detail);
  assertRefused(() => decodePoint(scalar(1n + 2n ** 255n)), detail);
});

Deno.test("decodePoint: another length or type is a mistake of the caller", () => {
  assertThrows(() => decodePoint(new Uint8Array(33)), RangeError, "32 bytes are needed, got 33");
  const text = "00" as unknown as Uint8Array;
  assertThrows(() => decodePoint(text), TypeError, "a byte array is needed, got string");
});

Deno.test("subtractPoints: refuses equal points and subtracts others", () => {
  const [seven, two] = [multiplyBase(SEVEN), multiplyBase(scalar(2n))];
  assertRefused(() => subtractPoints(seven, seven), "the received point cancels out");
  assert(subtractPoints(seven, two).equals(multiplyBase(scalar(5n))));
});

Deno.test("multiplyPoint: the scalar counts modulo the group's order", () => {
  const order = Curve.Fn.ORDER;
  const point = multiplyBase(SEVEN);
  const product = multiplyPoint(scalar(1000n), point);
  assert(product.equals(point.multiplyUnsafe(1000n)));
  assert(multiplyPoint(scalar(1000n + 3n * order), point).equals(product));
});

Deno.test("multiplyPoint: refuses what would give the identity", () => {
  const point = multiplyBase(SEVEN);
  assertRefused(() => multiplyPoint(scalar(0n), point), "the scalar is zero");
  assertRefused(() => multiplyPoint(scalar(Curve.Fn.ORDER), point), "the scalar is zero");
  assertRefused(() => multiplyPoint(SEVEN, Curve.ZERO), "the point is the identity");
});

Deno.test("clampScalar: sets bit 254, clears bit 255 and the lowest three, copies", () => {
  const bytes = new Uint8Array(32).fill(0xff);
  const clamped = clampScalar(bytes);
  assertEquals([clamped[0], clamped[30], clamped[31]], [0xf8, 0xff, 0x7f]);
  assertEquals(bytes, new Uint8Array(32).fill(0xff));
  assertEquals([clampScalar(new Uint8Array(32))[0], clampScalar(new Uint8Array(32))[31]], [0, 64]);
});

Deno.test("drawScalar: masks, does not force bit 254, and leaves the drawn bytes alone", () => {
  const drawn = new Uint8Array(32).fill(0xbf);
  const scalar = drawScalar(given(drawn));
  assertEquals([scalar[0], scalar[1], scalar[31]], [0xb8, 0xbf, 0x3f]);
  assertEquals(drawn, new Uint8Array(32).fill(0xbf));
});

Deno.test("drawScalar: draws again when masking leaves nothing, but not for ever", () => {
  const masked = new Uint8Array(32);
  masked[0] = 7;
  masked[31] = 128;
  const good = new Uint8Array(32).fill(8);
  assertEquals(drawScalar(given(masked, new Uint8Array(32), good)), good);
  assertThrows(() => drawScalar((length) => new Uint8Array(length)), Error, "gives zeros");
});

Deno.test("drawScalar: refuses a generator that gives another number of bytes", () => {
  assertThrows(() => drawScalar(() => new Uint8Array(31)), RangeError, "the random bytes");
});

Deno.test("bob-relay 10.12: scalars come from the generator handed in and from nothing else", () => {
  const [first, second] = [new Uint8Array(32).fill(0x10), new Uint8Array(32).fill(0x20)];
  const lengths: number[] = [];
  const values = [first, second, first];
  const randomBytes = (length: number) => {
    lengths.push(length);
    return values.shift() as Uint8Array;
  };
  const drawn = [drawScalar(randomBytes), drawScalar(randomBytes), drawScalar(randomBytes)];
  assertEquals(lengths, [32, 32, 32]);
  assertEquals(drawn[0], drawn[2]);
  assertNotEquals(drawn[0], drawn[1]);
});
