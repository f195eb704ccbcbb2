/**
 * What can go wrong in an exchange, and the byte that tells the peer (bob-relay, section 1,
 * packet Spoke_failure).
 *
 * @module
 */

/** The closed set of faults, in the order of their bytes 00 to 04. */
export type SpokeFaultCode =
  | "not-in-subgroup" // a point is malformed, of small order or outside the prime-order subgroup
  | "invalid-client-validator" // found by the client: the server holds another password
  | "invalid-server-validator" // found by the server: the client holds another password
  | "invalid-public" // the public element is malformed or asks for too much
  | "invalid-secret"; // the server's stored secret is malformed; ours stores none

/** Each fault's name in the protocol; the position is the byte of Spoke_failure. */
const FAULTS: readonly (readonly [SpokeFaultCode, string])[] = [
  ["not-in-subgroup", "Point is not on prime-order subgroup"],
  ["invalid-client-validator", "Invalid client validator"],
  ["invalid-server-validator", "Invalid server validator"],
  ["invalid-public", "Invalid public packet"],
  ["invalid-secret", "Invalid secret packet"],
];

/** A fault of the peer's bytes, or a password that differs from the peer's. */
export class SpokeFault extends Error {
  /** The class's name, for messages. */
  override readonly name = "SpokeFault";
  /** Which fault. */
  readonly code: SpokeFaultCode;

  /**
   * The message is the fault's name in the protocol, then the detail.
   *
   * @param detail What was found, for the log; never a secret.
   */
  constructor(code: SpokeFaultCode, detail?: string, options?: ErrorOptions) {
    const name = nameFault(code);
    super(detail === undefined ? name : `${name}: ${detail}`, options);
    this.code = code;
  }
}

/** The fault's name in the protocol. */
export function nameFault(code: SpokeFaultCode): string {
  return find(code)[1];
}

/** The byte of Spoke_failure that tells the peer. */
export function encodeFailure(code: SpokeFaultCode): number {
  return FAULTS.indexOf(find(code));
}

/** The fault that a byte of Spoke_failure names; undefined when none is registered. */
export function decodeFailure(byte: number): SpokeFaultCode | undefined {
  return FAULTS[byte]?.[0];
}

function find(code: SpokeFaultCode): readonly [SpokeFaultCode, string] {
  const fault = FAULTS.find(([known]) => known === code);
  if (fault === undefined) throw new TypeError(`Cannot name a fault: unknown code "${code}"`);
  return fault;
}
