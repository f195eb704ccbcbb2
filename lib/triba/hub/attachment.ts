/**
 * One user interface at a core: reads its requests strictly, answers each exactly once.
 *
 * @module
 */

import { CallFault } from "../call_fault.ts";
import type { CoreCall } from "../session/core_machine.ts";
import { formatMessage, type Hub } from "./hub.ts";
import type { Line } from "./line_cutter.ts";
import {
  type Goodbye,
  type HubMessage,
  type HubRequest,
  type HubResult,
  REQUEST_JSON,
  type RequestId,
} from "./lines.ts";
import { JsonFault } from "./shape.ts";

/** Requests of one user interface that may wait for their answers. */
export const MAX_WAITING_REQUESTS = 64;
/** Log lines of an answer unless the request says otherwise. */
const DEFAULT_LOG_LINES = 100;

/** Where the lines for a user interface go. */
export interface Outlet {
  /** Puts a line in; false if the reader is too slow for it. */
  push(line: string): boolean;
  /** Puts the last line in; `instead` of all that waits, for a reader that is too slow. */
  end(line: string, instead: boolean): void;
}

const GOODBYE_TEXTS: Readonly<Record<Goodbye, string>> = {
  stopped: "The core stops",
  slow_reader: "Too many lines waited to be read; attach again and resume",
  too_many: "Too many user interfaces are attached; try again when one has left",
};

/** Requests that change nothing: nobody misses them when their user interface is gone. */
const READING_CALLS: ReadonlySet<CoreCall["type"]> = new Set([
  "Ping",
  "ListRooms",
  "FetchMessages",
  "ListMembers",
]);

interface Waiting {
  readonly controller: AbortController;
  readonly call: CoreCall["type"] | undefined;
}

/** One user interface. */
export class Attachment {
  /** How others know it. */
  readonly name: string;
  readonly #hub: Hub;
  readonly #outlet: Outlet;
  readonly #onEnd: (reason: Goodbye | undefined) => void;
  readonly #waiting = new Map<RequestId, Waiting>();
  #idle = Promise.withResolvers<void>();
  #subscribed = false;
  #logs = false;
  #ended = false;

  /** Made by {@linkcode Hub.attach}. */
  constructor(
    hub: Hub,
    name: string,
    outlet: Outlet,
    onEnd: (reason: Goodbye | undefined) => void,
  ) {
    this.#hub = hub;
    this.name = name;
    this.#outlet = outlet;
    this.#onEnd = onEnd;
  }

  /** Whether it is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Takes a line of the user interface. */
  receive(line: Line): void {
    if (this.#ended) return;
    if (line.type === "bad") return this.#refuse(null, line.reason);
    let value: unknown;
    try {
      value = JSON.parse(line.text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return this.#refuse(null, "The line is not JSON"); // the parser's message quotes it
    }
    let request: HubRequest;
    try {
      request = REQUEST_JSON.read(value, { path: "", strict: true, depth: 0 });
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      return this.#refuse(idOf(value), error.message);
    }
    this.#carryOut(request);
  }

  /** All notices behind this number, and those to come, without being asked. */
  subscribeFrom(sequence: number): void {
    this.#subscribed = true;
    for (const line of this.#hub.history.after(sequence) ?? []) this.#push(line);
  }

  /** Passes a notice on. */
  notify(line: string): void {
    if (this.#subscribed) this.#push(line);
  }

  /** Passes a log line on. */
  notifyLog(line: string): void {
    if (this.#logs) this.#push(line);
  }

  /** Sends a message. */
  send(message: HubMessage): void {
    this.#push(formatMessage(message));
  }

  /** Resolves when no request waits for its answer. */
  async idle(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#ended) await this.#idle.promise;
  }

  /** The user interface is gone: gives up what it only wanted to know. */
  end(): void {
    if (!this.#ended) this.#endFor(undefined);
  }

  #endFor(reason: Goodbye | undefined): void {
    this.#ended = true;
    for (const { controller, call } of this.#waiting.values()) {
      if (call !== undefined && READING_CALLS.has(call)) controller.abort();
    }
    this.#wake();
    this.#onEnd(reason);
  }

  /** Says goodbye. */
  endWith(reason: Goodbye): void {
    if (this.#ended) return;
    const slow = reason === "slow_reader";
    this.#outlet.end(formatGoodbye(reason), slow);
    this.#endFor(reason);
  }

  #push(line: string): void {
    if (!this.#ended && !this.#outlet.push(line)) this.endWith("slow_reader");
  }

  #refuse(id: RequestId | null, message: string): void {
    this.send({ type: "error", id, code: "invalid_argument", message });
  }

  #carryOut(request: HubRequest): void {
    const { id } = request;
    if (this.#waiting.has(id)) return this.#refuse(id, "A request with this id still waits");
    switch (request.type) {
      case "subscribe":
        this.#logs = request.logs ?? false;
        this.#snapshot(id, null);
        return;
      case "resume":
        this.#resume(request);
        return;
      case "cancel":
        this.#waiting.get(request.request)?.controller.abort();
        this.#reply(id, { type: "done" });
        return;
      case "status":
        this.#status(request);
        return;
      case "logs":
        if (!this.#knows(id, request.backend)) return;
        this.#reply(id, {
          type: "logs",
          lines: this.#hub.logs(request.backend, request.lines ?? DEFAULT_LOG_LINES),
        });
        return;
      case "call":
      case "restart":
      case "stop":
        this.#start(request);
    }
  }

  #snapshot(id: RequestId, lost: "too_old" | "other_run" | null): void {
    this.#subscribed = true;
    const { sequence } = this.#hub.history;
    this.#reply(id, { type: "snapshot", sequence, backends: this.#hub.reports(), lost });
  }

  #resume(request: Extract<HubRequest, { readonly type: "resume" }>): void {
    const { history, run } = this.#hub;
    if (request.run === run && request.sequence > history.sequence) {
      return this.#refuse(request.id, `Notice ${history.sequence} is the last one so far`);
    }
    this.#logs = request.logs ?? false;
    const missed = request.run === run ? history.after(request.sequence) : undefined;
    if (missed === undefined) {
      return this.#snapshot(request.id, request.run === run ? "too_old" : "other_run");
    }
    this.#reply(request.id, { type: "resumed", sequence: history.sequence });
    this.#subscribed = true;
    for (const line of missed) this.#push(line);
  }

  #status({ id, backend }: Extract<HubRequest, { readonly type: "status" }>): void {
    if (backend !== undefined && !this.#knows(id, backend)) return;
    const reports = this.#hub.reports();
    this.#reply(id, {
      type: "status",
      sequence: this.#hub.history.sequence,
      backends: backend === undefined ? reports : reports.filter(({ name }) => name === backend),
    });
  }

  #knows(id: RequestId, backend: string): boolean {
    if (this.#hub.core.backends().some(({ name }) => name === backend)) return true;
    this.send({
      type: "error",
      id,
      code: "not_found",
      message: "No backend has this name",
    });
    return false;
  }

  /** What takes time; answers may overtake each other. */
  #start(request: Extract<HubRequest, { readonly type: "call" | "restart" | "stop" }>): void {
    const { id } = request;
    if (this.#waiting.size >= MAX_WAITING_REQUESTS) {
      const message = `${MAX_WAITING_REQUESTS} requests wait for their answers`;
      this.send({ type: "error", id, code: "busy", message });
      return;
    }
    const controller = new AbortController();
    const call = request.type === "call" ? request.call.type : undefined;
    this.#waiting.set(id, { controller, call });
    this.#run(request, controller.signal).then(
      (result) => this.#finish(id, () => this.#reply(id, result)),
      (error) => this.#finish(id, () => this.#fail(id, error)),
    );
  }

  async #run(
    request: Extract<HubRequest, { readonly type: "call" | "restart" | "stop" }>,
    signal: AbortSignal,
  ): Promise<HubResult> {
    const { core } = this.#hub;
    if (request.type === "call") {
      const answer = await core.request(this.name, request.backend, request.call, signal);
      return { type: "answer", answer };
    }
    if (request.type === "restart") await core.restart(request.backend);
    else await core.stop(request.backend);
    return { type: "done" };
  }

  #finish(id: RequestId, tell: () => void): void {
    this.#waiting.delete(id);
    tell();
    this.#wake();
  }

  #wake(): void {
    this.#idle.resolve();
    this.#idle = Promise.withResolvers<void>();
  }

  #reply(id: RequestId, result: HubResult): void {
    this.send({ type: "reply", id, result });
  }

  #fail(id: RequestId, error: unknown): void {
    if (error instanceof CallFault) {
      this.send({ type: "error", id, code: error.code, message: error.message });
      return;
    }
    this.#hub.reportDefect(error);
    const message = "The core failed, see its log";
    this.send({ type: "error", id, code: "internal", message });
  }
}

/** The last line of a core. */
export function formatGoodbye(reason: Goodbye): string {
  return formatMessage({ type: "end", reason, message: GOODBYE_TEXTS[reason] });
}

/** The id of a line that is wrong otherwise. */
function idOf(value: unknown): RequestId | null {
  if (typeof value !== "object" || value === null || !("id" in value)) return null;
  const { id } = value;
  const fits = typeof id === "string"
    ? id.length >= 1 && id.length <= 64
    : typeof id === "number" && Number.isSafeInteger(id) && id >= 0;
  return fits ? id as RequestId : null;
}
