/**
 * The map from 32 uniform bytes to the prime-order subgroup of edwards25519 (bob-relay, section
 * 4.3): Elligator 2 as in libsodium's from_uniform without hashing. The maps of RFC 9380 and
 * ristretto255 choose other signs, so noble's own cannot serve.
 *
 * @module
 */

import { FpIsSquare } from "@noble/curves/abstract/modular.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { requireBytes } from "./arguments.ts";
import { POINT_BYTES } from "./constants.ts";
import { Curve, type Point } from "./group.ts";

const { Fp } = Curve;
/** The Montgomery coefficient of curve25519. */
const A = 486662n;
/** Its square root scales between the Montgomery and the Edwards form. */
const SQRT_MINUS_A_MINUS_2 = Fp.sqrt(Fp.neg(A + 2n));

/**
 * Maps bytes to a point of the subgroup; 32 zeros give the identity. Both candidates cost the same,
 * so the time tells little about the bytes.
 *
 * @param uniform 32 bytes: a field element in 255 bits, little-endian and reduced modulo p, and in
 * the top bit the parity of the Edwards x coordinate.
 */
export function mapToCurve(uniform: Uint8Array): Point {
  const bytes = new Uint8Array(requireBytes("the uniform bytes", uniform, POINT_BYTES));
  const odd = (bytes[31] as number) >> 7 === 1;
  bytes[31] = (bytes[31] as number) & 127;
  const { x, y } = mapToMontgomery(Fp.create(bytesToNumberLE(bytes)));
  const edwards = convertToEdwards(x, y);
  // The parity is compared before the cofactor goes (three doublings); afterwards it means nothing.
  const sameParity = ((edwards.x & 1n) === 1n) === odd;
  const point = { x: sameParity ? edwards.x : Fp.neg(edwards.x), y: edwards.y };
  return Curve.fromAffine(point).clearCofactor();
}

/** A point of the Montgomery form; which of the two roots y is does not matter to the caller. */
function mapToMontgomery(t: bigint): { x: bigint; y: bigint } {
  const first = Fp.neg(Fp.div(A, Fp.add(Fp.ONE, Fp.mul(2n, Fp.sqr(t)))));
  const second = Fp.sub(Fp.neg(first), A);
  const x = FpIsSquare(Fp, evaluate(first)) ? first : second;
  return { x, y: Fp.sqrt(evaluate(x)) };
}

/** x^3 + A x^2 + x. */
function evaluate(x: bigint): bigint {
  return Fp.mul(x, Fp.add(Fp.mul(x, Fp.add(x, A)), Fp.ONE));
}

/** (sqrt(-(A+2)) x / y, (x - 1) / (x + 1)), both fractions through one inversion. */
function convertToEdwards(x: bigint, y: bigint): { x: bigint; y: bigint } {
  const next = Fp.add(x, Fp.ONE);
  const denominator = Fp.mul(next, y);
  if (Fp.is0(denominator)) return { x: Fp.ZERO, y: Fp.ONE };
  const inverse = Fp.inv(denominator);
  return {
    x: Fp.mul(Fp.mul(SQRT_MINUS_A_MINUS_2, x), Fp.mul(inverse, next)),
    y: Fp.mul(Fp.sub(x, Fp.ONE), Fp.mul(inverse, y)),
  };
}
