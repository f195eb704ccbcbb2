/**
 * Backends and log lines as one line for people.
 *
 * @module
 */

import { formatDuration } from "../../../lib/cli/mod.ts";
import type { Status } from "../../../lib/triba/bodies/backend.ts";
import type { BackendReport, LogRecord } from "../../../lib/triba/hub/mod.ts";

/** A backend in one line. */
export function describeReport(report: BackendReport): string {
  const { name, state, pid, network, agent, api, sealed, restarts, reason } = report;
  const facts = [
    pid === undefined ? undefined : `pid ${pid}`,
    network === undefined ? undefined : describeNetwork(network),
    agent,
    api === undefined ? undefined : `API ${api}`,
    sealed ? "sealed" : undefined,
    restarts > 0 ? `restarts ${restarts}` : undefined,
    state === "open" || report.exit === undefined ? undefined : `exit ${report.exit}`,
    state === "open" || report.signal === undefined ? undefined : report.signal,
    report.restart_delay_ms === undefined
      ? undefined
      : `again in ${formatDuration(report.restart_delay_ms)}`,
    state === "open" ? undefined : reason,
  ].filter((fact) => fact !== undefined);
  return [`${name}: ${state}`, ...facts].join(", ");
}

/** How a backend stands with its network, in words. */
export function describeNetwork(status: Status): string {
  switch (status.type) {
    case "Connecting":
      return "connecting";
    case "Online":
      return "online";
    case "Offline":
      return `offline (${status.reason})`;
    case "AuthRequired":
      return "needs a login";
    case "Unknown":
      return status.name;
  }
}

/** A log line in one line. */
export function describeLog({ time_ms, level, pid, text }: LogRecord): string {
  const time = new Date(time_ms).toISOString();
  return `${time} ${level}${pid === undefined ? "" : ` [${pid}]`} ${text}`;
}
