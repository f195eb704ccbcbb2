/**
 * The lines between a core and its user interfaces, version 1: each is one JSON object. A user
 * interface ignores messages, notices and keys that it does not know; a core refuses them.
 *
 * @module
 */

import { LOG_LEVELS, type LogLevel } from "../../log/mod.ts";
import type { BackendEvent, Status } from "../bodies/backend.ts";
import { ERROR_CODES, type ErrorCode } from "../bodies/response.ts";
import type { BackendState, BackendStatus } from "../core/control.ts";
import type { CoreCall } from "../session/core_machine.ts";
import type { Answer } from "../session/events.ts";
import {
  ANSWER_JSON,
  CALL_JSON,
  CHAT_DEFINITIONS,
  EVENT_JSON,
  LOGIN_STEP_JSON,
  STATUS_JSON,
} from "./chat_json.ts";
import {
  bool,
  either,
  type JsonShape,
  list,
  named,
  nullable,
  object,
  oneOf,
  optional,
  shortText,
  text,
  union,
  whole,
} from "./shape.ts";

/** The name in a core's first line. */
export const HUB_PROTOCOL = "triba-core";
/** The version of the lines: another one means other lines. */
export const HUB_VERSION = 1;
/** Most log lines that a core keeps of one backend. */
export const MAX_KEPT_LOG_LINES = 1000;

/** Why a core ends a connection; `too_many` comes instead of the first line. */
export const GOODBYES = ["stopped", "slow_reader", "too_many"] as const;
/** Why a core ends a connection. */
export type Goodbye = (typeof GOODBYES)[number];

/** What a user interface calls a request; the answer has the same. */
export type RequestId = string | number;

/** What a user interface asks for; `id` is not that of a request that still waits. */
export type HubRequest =
  /** All notices from now on, and log lines if wanted. Answered by `snapshot`. */
  | { readonly type: "subscribe"; readonly id: RequestId; readonly logs?: boolean | undefined }
  /**
   * All notices behind this one of that run. Answered by `resumed`, or by `snapshot` if the core
   * no longer has them.
   */
  | {
    readonly type: "resume";
    readonly id: RequestId;
    readonly run: string;
    readonly sequence: number;
    readonly logs?: boolean | undefined;
  }
  /** Sends a request to a backend. Answered by `answer`. */
  | {
    readonly type: "call";
    readonly id: RequestId;
    readonly backend: string;
    readonly call: CoreCall;
  }
  /** Gives a call up; it is answered all the same. */
  | { readonly type: "cancel"; readonly id: RequestId; readonly request: RequestId }
  /** How all backends are, or one of them. */
  | { readonly type: "status"; readonly id: RequestId; readonly backend?: string | undefined }
  /** Stops a backend if it runs, and starts it. */
  | { readonly type: "restart"; readonly id: RequestId; readonly backend: string }
  /** Stops a backend until somebody restarts it. */
  | { readonly type: "stop"; readonly id: RequestId; readonly backend: string }
  /** The last lines of a backend's log. */
  | {
    readonly type: "logs";
    readonly id: RequestId;
    readonly backend: string;
    readonly lines?: number | undefined;
  };

/** A backend's status as JSON. */
export interface BackendReport {
  /** Its name. */
  readonly name: string;
  /** Where it stands. */
  readonly state: BackendState;
  /** Process id of the run. */
  readonly pid?: number | undefined;
  /** What it says of its network. */
  readonly network?: Status | undefined;
  /** What it calls itself. */
  readonly agent?: string | undefined;
  /** Agreed API version. */
  readonly api?: string | undefined;
  /** What it can do. */
  readonly features: readonly string[];
  /** Whether sealed-1 is active. */
  readonly sealed: boolean;
  /** Times that it was started again. */
  readonly restarts: number;
  /** Exit code of the last run. */
  readonly exit?: number | undefined;
  /** Signal that ended the last run. */
  readonly signal?: string | undefined;
  /** Milliseconds until it starts again. */
  readonly restart_delay_ms?: number | undefined;
  /** Why the last run ended, or no further one is made. */
  readonly reason?: string | undefined;
  /** The last log lines of the run. */
  readonly last_lines: readonly string[];
}

/** Something that happened; notices are numbered. */
export type HubNotice =
  /** A backend changed; the whole of its new status. */
  | { readonly type: "backend"; readonly backend: BackendReport }
  /** A backend was taken out of the configuration. */
  | { readonly type: "removed"; readonly backend: string }
  /** A login by the configuration needs more: to be continued with `LoginAnswer`. */
  | {
    readonly type: "login";
    readonly backend: string;
    readonly step: Extract<Answer, { readonly type: "LoginStep" }>;
  }
  /** Something happened on a network. */
  | { readonly type: "event"; readonly backend: string; readonly event: BackendEvent }
  /** A user interface, or a bridge, changed something: messages sent are no events. */
  | {
    readonly type: "done";
    readonly backend: string;
    readonly by: string;
    readonly call: CoreCall;
    readonly answer: Answer;
  };

/** A line of a backend's log. */
export interface LogRecord {
  /** Milliseconds since 1970. */
  readonly time_ms: number;
  /** How important it is. */
  readonly level: LogLevel;
  /** Process id of the run. */
  readonly pid?: number | undefined;
  /** The line. */
  readonly text: string;
}

/** What a request is answered with. */
export type HubResult =
  /** All that is so after notice `sequence`; `lost` says why a resume became a snapshot. */
  | {
    readonly type: "snapshot";
    readonly sequence: number;
    readonly backends: readonly BackendReport[];
    readonly lost: "too_old" | "other_run" | null;
  }
  /** The missed notices follow, those up to `sequence` at once. */
  | { readonly type: "resumed"; readonly sequence: number }
  /** What the backend answered. */
  | { readonly type: "answer"; readonly answer: Answer }
  /** How backends are after notice `sequence`. */
  | {
    readonly type: "status";
    readonly sequence: number;
    readonly backends: readonly BackendReport[];
  }
  /** The oldest first. */
  | { readonly type: "logs"; readonly lines: readonly LogRecord[] }
  /** Carried out. */
  | { readonly type: "done" };

/** What a core says. */
export type HubMessage =
  /** The first line. `run` is of this run of the core, `name` of this user interface. */
  | {
    readonly type: "hello";
    readonly protocol: string;
    readonly version: number;
    readonly run: string;
    readonly agent: string;
    readonly name: string;
    readonly sequence: number;
  }
  /** A request was carried out. */
  | { readonly type: "reply"; readonly id: RequestId; readonly result: HubResult }
  /** A request failed; the id is null where the line had none that could be read. */
  | {
    readonly type: "error";
    readonly id: RequestId | null;
    readonly code: ErrorCode;
    readonly message: string;
  }
  /** Something happened; each has the number behind that of the one before. */
  | {
    readonly type: "notice";
    readonly sequence: number;
    readonly time_ms: number;
    readonly notice: HubNotice;
  }
  /** A line of a backend's log, for whoever asked for them. Without a number: `logs` has the last. */
  | (LogRecord & { readonly type: "log"; readonly backend: string })
  /** The last line. */
  | {
    readonly type: "end";
    readonly reason: Goodbye;
    readonly message: string;
  };

const STATES: readonly BackendState[] = [
  "spawned",
  "id",
  "key",
  "upgrade",
  "version",
  "confirm",
  "open",
  "closing",
  "closed",
  "waiting",
  "stopped",
];

const requestId: JsonShape<RequestId> = either(
  shortText(64),
  whole(0),
  "a text of 1 to 64 characters or a whole number",
);
const count = whole(0);

/** A request. */
export const REQUEST_JSON: JsonShape<HubRequest> = union<HubRequest>({
  subscribe: { id: requestId, logs: optional(bool) },
  resume: { id: requestId, run: text, sequence: count, logs: optional(bool) },
  call: { id: requestId, backend: text, call: CALL_JSON },
  cancel: { id: requestId, request: requestId },
  status: { id: requestId, backend: optional(text) },
  restart: { id: requestId, backend: text },
  stop: { id: requestId, backend: text },
  logs: { id: requestId, backend: text, lines: optional(whole(1, MAX_KEPT_LOG_LINES)) },
});

/** A backend's status. */
const REPORT_BODY = object<BackendReport>({
  name: text,
  state: oneOf(...STATES),
  pid: optional(count),
  network: optional(STATUS_JSON),
  agent: optional(text),
  api: optional(text),
  features: list(text),
  sealed: bool,
  restarts: count,
  exit: optional(count),
  signal: optional(text),
  restart_delay_ms: optional(count),
  reason: optional(text),
  last_lines: list(text),
});
const report: JsonShape<BackendReport> = named("backend", () => REPORT_BODY);

const NOTICE_BODY = union<HubNotice>({
  backend: { backend: report },
  removed: { backend: text },
  login: { backend: text, step: LOGIN_STEP_JSON },
  event: { backend: text, event: EVENT_JSON },
  done: { backend: text, by: text, call: CALL_JSON, answer: ANSWER_JSON },
});

const LOG_FIELDS = {
  time_ms: count,
  level: oneOf(...LOG_LEVELS),
  pid: optional(count),
  text,
};

const RESULT_BODY = union<HubResult>({
  snapshot: {
    sequence: count,
    backends: list(report),
    lost: nullable(oneOf("too_old", "other_run")),
  },
  resumed: { sequence: count },
  answer: { answer: ANSWER_JSON },
  status: { sequence: count, backends: list(report) },
  logs: { lines: list(object<LogRecord>(LOG_FIELDS)) },
  done: {},
});

/** A message. */
export const MESSAGE_LINE_JSON: JsonShape<HubMessage> = union<HubMessage>({
  hello: {
    protocol: text,
    version: whole(1),
    run: text,
    agent: text,
    name: text,
    sequence: count,
  },
  reply: { id: requestId, result: named("result", () => RESULT_BODY) },
  error: { id: nullable(requestId), code: oneOf(...ERROR_CODES), message: text },
  notice: { sequence: whole(1), time_ms: count, notice: named("notice", () => NOTICE_BODY) },
  log: { backend: text, ...LOG_FIELDS },
  end: { reason: oneOf(...GOODBYES), message: text },
});

/** The bodies behind the names, for the schema. */
export const LINE_DEFINITIONS: Readonly<Record<string, JsonShape<unknown>>> = {
  request: REQUEST_JSON,
  message: MESSAGE_LINE_JSON,
  result: RESULT_BODY,
  notice: NOTICE_BODY,
  backend: REPORT_BODY,
  ...CHAT_DEFINITIONS,
};

/** A status as JSON. */
export function toReport(status: BackendStatus): BackendReport {
  const { restartDelayMs, lastLines, ...rest } = status;
  return {
    ...rest,
    ...(restartDelayMs === undefined ? {} : { restart_delay_ms: Math.round(restartDelayMs) }),
    last_lines: lastLines,
  };
}

/** The status behind a report. */
export function fromReport(
  { restart_delay_ms, last_lines, ...rest }: BackendReport,
): BackendStatus {
  return { ...rest, restartDelayMs: restart_delay_ms, lastLines: last_lines };
}
