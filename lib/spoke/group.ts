/**
 * The group: edwards25519 through @noble/curves, with the checks that spoke asks for (bob-relay,
 * section 4.3). Only the subgroup of prime order l is used; every failure is the one fault
 * "Point is not on prime-order subgroup".
 *
 * @module
 */

import type { EdwardsPoint } from "@noble/curves/abstract/edwards.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { bytesToNumberLE } from "@noble/curves/utils.js";
import { drawBytes, type RandomBytes, requireBytes } from "./arguments.ts";
import { POINT_BYTES, SCALAR_BYTES } from "./constants.ts";
import { SpokeFault } from "./fault.ts";

/** A point of the curve. */
export type Point = EdwardsPoint;

/** Points, base point and both fields, as noble has them. */
export const { Point: Curve } = ed25519;

/** A sound generator gives 32 zeros with a chance of 2^-252; more than a few in a row is broken. */
const MAX_DRAWS = 8;

/**
 * Decodes a point that a peer sent.
 *
 * The subgroup is checked on the received point and not on its difference to M or N as the
 * reference does: M and N are in the subgroup, so the answer is the same, and the one computation
 * whose time depends on its input (noble's) sees public bytes only.
 *
 * @param bytes 32 bytes.
 * @throws {SpokeFault} with code `not-in-subgroup` for an encoding that is not canonical or names
 * no point, for a point of small order and for one outside the subgroup.
 */
export function decodePoint(bytes: Uint8Array): Point {
  requireBytes("the point", bytes, POINT_BYTES);
  const point = decodeCanonical(bytes);
  if (point.is0()) throw notInSubgroup("the identity was received");
  if (!point.isTorsionFree()) throw notInSubgroup("a point with a torsion part was received");
  return point;
}

/**
 * The difference of two points of the subgroup.
 *
 * @throws {SpokeFault} with code `not-in-subgroup` when they are equal: a product with the identity
 * would be known to everybody.
 */
export function subtractPoints(from: Point, point: Point): Point {
  const difference = from.subtract(point);
  if (difference.is0()) throw notInSubgroup("the received point cancels out");
  return difference;
}

/**
 * Multiplies a point of the subgroup, in a time that does not depend on the scalar as far as big
 * integers of the runtime allow.
 *
 * @param scalar 32 bytes, little-endian; reduced modulo l, which changes nothing in the subgroup.
 * @throws {SpokeFault} with code `not-in-subgroup` when the product is the identity.
 */
export function multiplyPoint(scalar: Uint8Array, point: Point): Point {
  requireBytes("the scalar", scalar, SCALAR_BYTES);
  const reduced = Curve.Fn.create(bytesToNumberLE(scalar));
  if (reduced === 0n) throw notInSubgroup("the scalar is zero");
  if (point.is0()) throw notInSubgroup("the point is the identity");
  return point.multiply(reduced);
}

/** The product of the scalar (32 bytes, little-endian) and the base point. */
export function multiplyBase(scalar: Uint8Array): Point {
  return multiplyPoint(scalar, Curve.BASE);
}

/** A copy of 32 bytes as a scalar that is a multiple of 8 with bit 254 set and bit 255 clear. */
export function clampScalar(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const scalar = maskScalar(bytes);
  scalar[31] = (scalar[31] as number) | 64;
  return scalar;
}

/**
 * A random scalar: a multiple of 8 below 2^255, not zero.
 *
 * @throws {Error} when the generator gives nothing but zeros.
 */
export function drawScalar(randomBytes: RandomBytes): Uint8Array<ArrayBuffer> {
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const scalar = maskScalar(drawBytes(randomBytes, SCALAR_BYTES));
    if (scalar.some((byte) => byte !== 0)) return scalar;
  }
  throw new Error("Cannot draw a scalar: the random generator gives zeros");
}

function maskScalar(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const scalar = new Uint8Array(requireBytes("the scalar", bytes, SCALAR_BYTES));
  scalar[0] = (scalar[0] as number) & 248;
  scalar[31] = (scalar[31] as number) & 127;
  return scalar;
}

function decodeCanonical(bytes: Uint8Array): Point {
  try {
    return Curve.fromBytes(bytes, false);
  } catch (error) {
    throw notInSubgroup("the received bytes encode no point", { cause: error });
  }
}

function notInSubgroup(detail: string, options?: ErrorOptions): SpokeFault {
  return new SpokeFault("not-in-subgroup", detail, options);
}
