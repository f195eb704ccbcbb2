/**
 * What all user interfaces of a core have in common: the numbered notices, the kept log lines, and
 * who is attached.
 *
 * @module
 */

import { toJson } from "../../log/mod.ts";
import type { CoreNotice } from "../core/control.ts";
import { Attachment, type Outlet } from "./attachment.ts";
import { History } from "./history.ts";
import {
  type BackendReport,
  HUB_PROTOCOL,
  HUB_VERSION,
  type HubMessage,
  type HubNotice,
  type LogRecord,
  MAX_KEPT_LOG_LINES,
  toReport,
} from "./lines.ts";
import type { SharedCore, SharedNotice } from "./shared_core.ts";

/** What a hub needs. */
export interface HubOptions {
  /** The core. */
  readonly core: SharedCore;
  /** A text that no other run of a core has. */
  readonly run: string;
  /** What the core calls itself. */
  readonly agent: string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The notices that are kept, if not the usual number. */
  readonly history?: History | undefined;
  /** Called when a user interface that reads too slowly is given up. */
  readonly onDropped?: ((name: string) => void) | undefined;
  /** Called with what nobody expects a core to throw. */
  readonly onDefect?: ((error: unknown) => void) | undefined;
}

/** The side of a core that user interfaces attach to. */
export class Hub {
  /** The core. */
  readonly core: SharedCore;
  /** Tells this run from others. */
  readonly run: string;
  /** The notices that are kept. */
  readonly history: History;
  readonly #options: HubOptions;
  readonly #attachments = new Set<Attachment>();
  readonly #logs = new Map<string, LogRecord[]>();
  readonly #unsubscribe: () => void;
  #count = 0;

  /** Listens to the core until it is closed. */
  constructor(options: HubOptions) {
    this.#options = options;
    this.core = options.core;
    this.run = options.run;
    this.history = options.history ?? new History();
    this.#unsubscribe = options.core.subscribe((notice) => this.#take(notice));
  }

  /** Takes a user interface in, and greets it. */
  attach(outlet: Outlet): Attachment {
    const name = `interface-${++this.#count}`;
    const attachment = new Attachment(this, name, outlet, (reason) => {
      this.#attachments.delete(attachment);
      if (reason === "slow_reader") this.#options.onDropped?.(name);
    });
    this.#attachments.add(attachment);
    attachment.send({
      type: "hello",
      protocol: HUB_PROTOCOL,
      version: HUB_VERSION,
      run: this.run,
      agent: this.#options.agent,
      name,
      sequence: this.history.sequence,
    });
    return attachment;
  }

  /** How many user interfaces are attached. */
  get attached(): number {
    return this.#attachments.size;
  }

  /** How all backends are. */
  reports(): BackendReport[] {
    return this.core.backends().map(toReport);
  }

  /** The last lines of a backend's log, the oldest first. */
  logs(backend: string, most: number): readonly LogRecord[] {
    return (this.#logs.get(backend) ?? []).slice(-most);
  }

  /** Passes on what a request threw and nobody expected; the user interface gets no detail. */
  reportDefect(error: unknown): void {
    this.#options.onDefect?.(error);
  }

  /** Says goodbye to all. */
  close(): void {
    this.#unsubscribe();
    for (const attachment of [...this.#attachments]) attachment.endWith("stopped");
  }

  #take(notice: SharedNotice): void {
    if (notice.type === "log") {
      this.#takeLog(notice);
      return;
    }
    if (notice.type === "removed") this.#logs.delete(notice.backend);
    const time_ms = this.#options.clock();
    const shown = toHubNotice(notice);
    const line = this.history.add((sequence) =>
      formatMessage({ type: "notice", sequence, time_ms, notice: shown })
    );
    for (const attachment of [...this.#attachments]) attachment.notify(line);
  }

  #takeLog(notice: Extract<CoreNotice, { readonly type: "log" }>): void {
    const { backend, level, pid, text } = notice;
    const record = { time_ms: this.#options.clock(), level, pid, text };
    const kept = this.#logs.get(backend) ?? [];
    this.#logs.set(backend, kept);
    kept.push(record);
    if (kept.length > MAX_KEPT_LOG_LINES) kept.shift();
    const line = formatMessage({ type: "log", backend, ...record });
    for (const attachment of [...this.#attachments]) attachment.notifyLog(line);
  }
}

/** A message as a line. */
export function formatMessage(message: HubMessage): string {
  return toJson(message);
}

function toHubNotice(notice: Exclude<SharedNotice, { readonly type: "log" }>): HubNotice {
  if (notice.type !== "backend") return notice;
  return { type: "backend", backend: toReport(notice.status) };
}
