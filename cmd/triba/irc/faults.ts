/**
 * What the core is told when the network refuses something.
 *
 * @module
 */

import type { ErrorCode } from "../../../lib/triba/bodies/response.ts";
import { CallFault } from "../../../lib/triba/call_fault.ts";
import { IrcFault, type IrcFaultCode } from "../../../lib/irc/mod.ts";

const CODES: Readonly<Partial<Record<IrcFaultCode, ErrorCode>>> = {
  argument: "invalid_argument",
  "too-long": "invalid_argument",
  full: "busy",
  unauthenticated: "unauthenticated",
};

/** Errors of servers by their numbers (RFC 2812 section 5.2 and those that networks added). */
const NUMERICS: readonly (readonly [readonly string[], ErrorCode])[] = [
  [["401", "402", "403", "406", "441", "442"], "not_found"],
  [["405", "407", "439"], "busy"],
  [["437"], "unavailable"],
  [["412", "414", "461", "476", "479"], "invalid_argument"],
];

/** Refusals of a channel that pass by themselves, or with a login: the user wants it still. */
const PASSING: ReadonlySet<string> = new Set(["405", "437", "439", "471", "477", "480"]);

/** Whether a channel that refuses us now may take us later. */
export function mayPass(numeric: string): boolean {
  return PASSING.has(numeric);
}

/** A refusal of the server; everything without a code of its own is not permitted. */
export function refusal(action: string, numeric: string, text: string): CallFault {
  const code = NUMERICS.find(([numbers]) => numbers.includes(numeric))?.[1] ?? "denied";
  return new CallFault(code, `Cannot ${action}: the server says "${text}" (${numeric})`);
}

/** A fault of the connection, or of what was to be sent, for the core. */
export function toCallFault(error: unknown): unknown {
  if (!(error instanceof IrcFault)) return error;
  return new CallFault(CODES[error.code] ?? "unavailable", error.message, { cause: error });
}

/** There is no connection at the moment. */
export function offline(): CallFault {
  return new CallFault("unavailable", "Not connected to the network");
}
