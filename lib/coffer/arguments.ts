/**
 * Texts that coffer's programs read from their command lines and environments. Not exported by
 * mod.ts, since it is no part of the protocol.
 *
 * @module
 */

import { LOG_LEVELS, type LogLevel } from "../log/logger.ts";
import { CofferFault } from "./fault.ts";
import { parseId } from "./keys/public_key.ts";

/** Reads one public key, or several with commas between: the environment holds one text. */
export function parseKeys(text: string): readonly Uint8Array[] {
  try {
    return text.split(",").map(parseId);
  } catch (error) {
    if (!(error instanceof CofferFault)) throw error;
    throw new RangeError(`must be 64 hexadecimal digits: ${error.message.replace(/^[^:]*: /, "")}`);
  }
}

/** Reads the word of `RUST_LOG` that stands for everything; filters of single modules are passed over. */
export function parseRustLog(text: string): LogLevel | undefined {
  const word = text.split(",").find((part) => !part.includes("="))?.trim().toLowerCase();
  return word === "trace" ? "debug" : LOG_LEVELS.find((level) => level === word);
}
