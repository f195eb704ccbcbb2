/**
 * From a file's bytes to the text that is parsed.
 *
 * @module
 */

import { TomlFault } from "./node.ts";

const LINE_FEED = 0x0a;

/**
 * The text of a file; a byte-order mark stays in front.
 *
 * @throws {TomlFault} with the first line that is not UTF-8.
 */
export function decodeTomlSource(file: Uint8Array): string {
  try {
    return decoder().decode(file);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TomlFault({ line: firstBadLine(file), column: 1 }, "not UTF-8");
  }
}

/** No character spans lines, so the line is bad by itself. */
function firstBadLine(file: Uint8Array): number {
  let line = 1;
  for (let start = 0; start < file.length; line++) {
    const end = file.indexOf(LINE_FEED, start);
    const stop = end < 0 ? file.length : end;
    try {
      decoder().decode(file.subarray(start, stop));
    } catch {
      return line;
    }
    start = stop + 1;
  }
  return line;
}

function decoder(): TextDecoder {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
}
