/**
 * What a core shows of itself to whoever runs it: user interfaces, bridges, scripts. The driver of
 * this folder carries it out; nothing here does I/O.
 *
 * @module
 */

import type { LogLevel } from "../../log/mod.ts";
import type { BackendEvent, Status } from "../bodies/backend.ts";
import type { ByteOrder } from "../channel/frame.ts";
import type { PacketForm } from "../channel/packet.ts";
import type { CoreCall } from "../session/core_machine.ts";
import type { Answer } from "../session/events.ts";

/** How one backend is started and spoken to. Two specs that are deeply equal are the same run. */
export interface BackendSpec {
  /** The name under which users know it: 1 to 32 of `a-z`, `0-9`, `-`, `_`. */
  readonly name: string;
  /** The program and what comes before the id on its command line; at least one element. */
  readonly command: readonly string[];
  /** What comes after the id. */
  readonly arguments: readonly string[];
  /** Variables beside those of section 3.3. */
  readonly environment: Readonly<Record<string, string>>;
  /** SHA-256 that the program's file must have, 64 hex digits; unchecked unless given. */
  readonly sha256?: string | undefined;
  /** Order of the size's bytes. */
  readonly byteOrder: ByteOrder;
  /** How packets are written. */
  readonly form: PacketForm;
  /** Whether step 9 is done; `plain` for a backend that does not know it. */
  readonly handshake: "versioned" | "plain";
  /** Whether sealed-1 is demanded. */
  readonly seal: "require" | "off";
  /** Number of this side's first packet, 0 unless a backend counts from 1. */
  readonly firstId: 0 | 1;
  /** From the spawn to the connection, in milliseconds. */
  readonly connectMs: number;
  /** Whom to log in as once the session is open; no login of the core's own unless given. */
  readonly account?: BackendAccount | undefined;
}

/** An account of a network. */
export interface BackendAccount {
  /** Its name. */
  readonly name: string;
  /** Path of the file whose first line is the secret; read anew for every login. */
  readonly secretFile: string;
}

/** Where a backend's run stands: the states of section 8, and those between two runs. */
export type BackendState =
  | "spawned"
  | "id"
  | "key"
  | "upgrade"
  | "version"
  | "confirm"
  | "open"
  | "closing"
  | "closed"
  /** Ended; starts again after the delay. */
  | "waiting"
  /** Ended; starts again only if somebody asks for it. */
  | "stopped";

/** What the outside sees of one backend. */
export interface BackendStatus {
  /** Its name. */
  readonly name: string;
  /** Where it stands. */
  readonly state: BackendState;
  /** Process id of the run, if there is one. */
  readonly pid?: number | undefined;
  /** What it says of its network, once it has. */
  readonly network?: Status | undefined;
  /** What it calls itself. */
  readonly agent?: string | undefined;
  /** Agreed API version, `MAJOR.MINOR`, while open. */
  readonly api?: string | undefined;
  /** What it can do, while open. */
  readonly features: readonly string[];
  /** Whether sealed-1 is active. */
  readonly sealed: boolean;
  /** Times that it was started again since somebody started it. */
  readonly restarts: number;
  /** Exit code of the last run, if it ended by one. */
  readonly exit?: number | undefined;
  /** Signal that ended the last run. */
  readonly signal?: string | undefined;
  /** Milliseconds until it starts again, while waiting. */
  readonly restartDelayMs?: number | undefined;
  /** Why the last run ended or no further one is made, one line. */
  readonly reason?: string | undefined;
  /** The last log lines of the run, the oldest first, at most 20. */
  readonly lastLines: readonly string[];
}

/** Something that happened in a core. */
export type CoreNotice =
  /** One backend changed; the whole of its new status. */
  | { readonly type: "backend"; readonly status: BackendStatus }
  /** A backend was taken out of the configuration. */
  | { readonly type: "removed"; readonly backend: string }
  /** A login by the configuration needs more: to be continued with `LoginAnswer`. */
  | {
    readonly type: "login";
    readonly backend: string;
    readonly step: Extract<Answer, { readonly type: "LoginStep" }>;
  }
  /** Something happened on a backend's network. */
  | { readonly type: "event"; readonly backend: string; readonly event: BackendEvent }
  /** A line of a backend's output, or of the core about it. */
  | {
    readonly type: "log";
    readonly backend: string;
    readonly pid?: number | undefined;
    readonly level: LogLevel;
    readonly text: string;
  };

/** What can be done with a running core. */
export interface CoreControl {
  /** All backends, in the order of the configuration. */
  backends(): readonly BackendStatus[];
  /**
   * Sends a request to a backend; an aborted signal cancels it.
   *
   * @throws {CallFault} `not_found` for no such backend, `unavailable` if its session is not open,
   * or what the backend answers.
   */
  request(backend: string, request: CoreCall, signal?: AbortSignal): Promise<Answer>;
  /** Stops a backend if it runs and starts it again at once. @throws {CallFault} `not_found`. */
  restart(backend: string): Promise<void>;
  /** Stops a backend until somebody restarts it. @throws {CallFault} `not_found`. */
  stop(backend: string): Promise<void>;
  /** Calls the function for everything that happens from now on; the result ends that. */
  subscribe(notify: (notice: CoreNotice) => void): () => void;
}
