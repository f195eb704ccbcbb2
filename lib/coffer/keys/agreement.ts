/**
 * X25519 without choosing who computes it. The only primitive that is worth choosing: the
 * runtime's synchronous one suits a server that seals while it serves, the asynchronous one costs
 * a client nothing to load (x25519_node.ts, x25519_web.ts). So whatever needs a shared secret is
 * written once, as a generator that yields the two keys and goes on with the result.
 *
 * @module
 */

/** Two keys whose shared secret a computation waits for. */
export interface Agreement {
  /** A secret key, 32 bytes, not clamped. */
  readonly secret: Uint8Array;
  /** A public key, 32 bytes. */
  readonly point: Uint8Array;
}

/**
 * X25519: the shared secret of 32 bytes, or undefined for a point of low order, whose result
 * would be zero for everybody.
 */
export type X25519 = (secret: Uint8Array, point: Uint8Array) => Uint8Array | undefined;

/** X25519 that takes its time. */
export type AsyncX25519 = (
  secret: Uint8Array,
  point: Uint8Array,
) => Promise<Uint8Array | undefined>;

/** Something that needs X25519 on its way to a result. */
export type Computation<Result> = Generator<Agreement, Result, Uint8Array | undefined>;

/** The point whose multiples are the public keys: u = 9 (RFC 7748 4.1). */
export const BASE_POINT: Uint8Array = Uint8Array.of(9, ...new Uint8Array(31));

/** Carries a computation out at once. */
export function compute<Result>(computation: Computation<Result>, x25519: X25519): Result {
  let step = computation.next();
  while (!step.done) step = computation.next(x25519(step.value.secret, step.value.point));
  return step.value;
}

/** Carries a computation out with a primitive that takes its time. */
export async function computeAsync<Result>(
  computation: Computation<Result>,
  x25519: AsyncX25519,
): Promise<Result> {
  let step = computation.next();
  while (!step.done) step = computation.next(await x25519(step.value.secret, step.value.point));
  return step.value;
}
