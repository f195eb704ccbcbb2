// A log that a test can look at.

import type { Logger } from "../../lib/log/mod.ts";

/** Keeps `LEVEL: EVENT` of each. */
export class TestLog implements Logger {
  readonly lines: string[] = [];
  error = (event: string) => void this.lines.push(`error: ${event}`);
  warn = (event: string) => void this.lines.push(`warn: ${event}`);
  info = (event: string) => void this.lines.push(`info: ${event}`);
  debug = (event: string) => void this.lines.push(`debug: ${event}`);
}
