/**
 * Checks of what our own code passes in: misuse is an error of the runtime's classes, so that it
 * is never taken for a fault of the peer.
 *
 * @module
 */

/** Where salt and scalars come from: `length` fresh, unpredictable bytes per call. */
export type RandomBytes = (length: number) => Uint8Array;

/**
 * Passes bytes of the right type and length.
 *
 * @throws {TypeError} for anything but a byte array.
 * @throws {RangeError} for another length than the wanted one, if one is wanted.
 */
export function requireBytes(name: string, value: Uint8Array, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`Cannot use ${name}: a byte array is needed, got ${typeof value}`);
  }
  if (length !== undefined && value.length !== length) {
    throw new RangeError(`Cannot use ${name}: ${length} bytes are needed, got ${value.length}`);
  }
  return value;
}

/**
 * Passes an identity. Identities enter the transcript without length or delimiter; packets end
 * them with a NUL, which therefore cannot be part of one.
 *
 * @throws {TypeError} for anything but a byte array.
 * @throws {RangeError} for an identity with a NUL.
 */
export function requireIdentity(name: string, value: Uint8Array): Uint8Array {
  if (requireBytes(name, value).includes(0)) {
    throw new RangeError(`Cannot use ${name}: it contains a NUL`);
  }
  return value;
}

/**
 * Passes a whole number in a range.
 *
 * @throws {RangeError} for anything else.
 */
export function requireCount(name: string, value: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > most) {
    throw new RangeError(
      `Cannot use ${name}: a whole number from 1 to ${most} is needed, got ${value}`,
    );
  }
  return value;
}

/**
 * Draws fresh random bytes.
 *
 * @throws {TypeError} when the generator gives anything but a byte array.
 * @throws {RangeError} when it gives another number of bytes.
 */
export function drawBytes(randomBytes: RandomBytes, length: number): Uint8Array {
  return requireBytes("the random bytes", randomBytes(length), length);
}
