/**
 * What happened on a connection as lines, for people and for scripts.
 *
 * @module
 */

import { escapeControls, toJson } from "../../log/mod.ts";
import type { TraceEvent } from "./trace_viewer.ts";

/** One line of text: time, direction, kind, numbers, body as JSON. */
export function formatTraceText(event: TraceEvent, at: number): string {
  const time = new Date(at).toISOString();
  const direction = event.from === undefined ? "-" : `${event.from}>${otherSide(event.from)}`;
  // A trace may come from anybody: nothing in it may steer a terminal.
  if (event.type === "note") return `${time} ${direction} ${escapeControls(event.text)}`;
  const { kind, id, req, body, wrong } = event.view;
  const numbers = req === undefined ? `${id}` : `${id} to ${req}`;
  const remark = wrong === undefined ? "" : ` (${escapeControls(wrong)})`;
  return `${time} ${direction} ${kind} ${numbers} ${toJson(body)}${remark}`;
}

/** One JSON object: `time`, `from`, and `note`, or `kind`, `id`, `req`, `form`, `body`, `wrong`. */
export function formatTraceJson(event: TraceEvent, at: number): string {
  const time = new Date(at).toISOString();
  const { from } = event;
  return toJson(
    event.type === "note" ? { time, from, note: event.text } : { time, from, ...event.view },
  );
}

function otherSide(side: "core" | "backend"): string {
  return side === "core" ? "backend" : "core";
}
