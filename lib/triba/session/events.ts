/**
 * What the machines of both sides report.
 *
 * @module
 */

import type { LogLevel } from "../../log/mod.ts";
import type { ErrorCode, ErrorResponse, Response } from "../bodies/response.ts";
import type { TribaFault } from "../fault.ts";
import type { Agreement } from "./settings.ts";

/** A response that says that a request was carried out. */
export type Answer = Exclude<Response, ErrorResponse>;

/** What happened; `Received` are the requests of the peer. */
export type SessionEvent<Received> =
  /** The handshake is through: calls are possible from now on. */
  | { readonly type: "open"; readonly agreement: Agreement }
  /** The peer asks for something; to be answered with `respond` under this id. */
  | { readonly type: "request"; readonly id: number; readonly body: Received }
  /** The peer no longer wants request `id`; it has been answered, the work may stop. */
  | { readonly type: "cancel"; readonly id: number }
  /** The core asks the backend to end; to be answered with `stop` when it is ready. */
  | { readonly type: "shutdown" }
  /** Call number `call` was carried out. */
  | { readonly type: "answer"; readonly call: number; readonly response: Answer }
  /** Call number `call` failed: the peer says so, or it never came to an answer. */
  | {
    readonly type: "failure";
    readonly call: number;
    readonly code: ErrorCode;
    /** One line for people, safe to show. */
    readonly message: string;
    /** Whether the peer answered so. */
    readonly answered: boolean;
  }
  /** Something for the log. */
  | { readonly type: "log"; readonly level: LogLevel; readonly message: string }
  /** The last event of a connection that ended as agreed. */
  | { readonly type: "end" }
  /** The last event of a connection that ended otherwise. */
  | { readonly type: "fault"; readonly fault: TribaFault };
