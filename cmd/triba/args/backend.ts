/**
 * What the command lines of all backends have in common (triba.md, section 8).
 *
 * @module
 */

import { oneOf, value } from "../../../lib/cli/mod.ts";
import { EXIT_CODES } from "../../../lib/triba/constants.ts";

/** What a backend's exit codes mean, for its help. */
export const BACKEND_EXITS: Readonly<Record<number, string>> = {
  [EXIT_CODES.stopped]: "asked to stop",
  [EXIT_CODES.usage]: "wrong arguments",
  [EXIT_CODES.unavailable]: "core not reachable or gone",
  [EXIT_CODES.protocol]: "the core broke the protocol",
  [EXIT_CODES.refused]: "the core did not know the id",
  [EXIT_CODES.configuration]: "wrong configuration",
};

/** How packets look, for a core that differs from the usual. */
export const WIRE_OPTIONS = {
  byteOrder: value({
    help: "Order of the bytes of a packet's size, for a core that differs: big or little",
    value: "ORDER",
    default: "big",
    parse: oneOf("big", "little"),
  }),
  form: value({
    help: "Form of the first packet: compact or tagged; then that of the core",
    value: "FORM",
    default: "compact",
    parse: oneOf("compact", "tagged"),
  }),
} as const;
