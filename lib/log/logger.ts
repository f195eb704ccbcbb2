/**
 * A log that is handed to whoever writes to it: lines of text or JSON objects, one event each.
 * Secrets are never put into fields; texts from peers are escaped.
 *
 * @module
 */

import { escapeControls, toJson } from "./escape.ts";

/** Levels, the most important first. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
/** How important an event is. */
export type LogLevel = (typeof LOG_LEVELS)[number];
/** Details of an event; undefined ones are left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What parts of a program write their events to. */
export interface Logger {
  /** The program or one of its jobs failed. */
  error(event: string, fields?: LogFields): void;
  /** Something that its operator should look at. */
  warn(event: string, fields?: LogFields): void;
  /** Normal events worth a line. */
  info(event: string, fields?: LogFields): void;
  /** Everything else. */
  debug(event: string, fields?: LogFields): void;
}

/** How {@linkcode createLogger} writes. */
export interface LoggerOptions {
  /** `json`: one object a line with `time`, `level`, `event`; `text`: for people, the level in front where it is not info. */
  readonly format: "text" | "json";
  /** Events below this level are dropped. */
  readonly level: LogLevel;
  /** Writes one line, without its line feed. */
  readonly write: (line: string) => void;
  /** The time of an event. */
  readonly clock?: () => Date;
}

/** A logger that writes lines. */
export function createLogger(options: LoggerOptions): Logger {
  const clock = options.clock ?? (() => new Date());
  const most = LOG_LEVELS.indexOf(options.level);
  const at = (level: LogLevel) => (event: string, fields: LogFields = {}) => {
    if (LOG_LEVELS.indexOf(level) > most) return;
    options.write(
      options.format === "json"
        ? toJson({ time: clock().toISOString(), level, event, ...fields })
        : formatText(level, event, fields),
    );
  };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

/** A logger that drops everything. */
export const SILENT: Logger = createLogger({ format: "text", level: "error", write: () => {} });

function formatText(level: LogLevel, event: string, fields: LogFields): string {
  const details = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${formatValue(value)}`)
    .join("");
  const prefix = level === "info" ? "" : `${level}: `;
  return prefix + escapeControls(event) + details;
}

function formatValue(value: unknown): string {
  const text = typeof value === "string" ? value : toJson(value);
  return escapeControls(/[\s"=]/.test(text) && typeof value === "string" ? toJson(text) : text);
}
