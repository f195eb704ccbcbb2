/**
 * The backend's machine: its one connection to the core.
 *
 * @module
 */

import type { Step } from "../../net/mod.ts";
import { type BackendHandshakeOptions, runBackendHandshake } from "./backend_handshake.ts";
import type { BackendRequest } from "../bodies/backend.ts";
import type { CoreRequest } from "../bodies/core.ts";
import type { Timeouts } from "../constants.ts";
import type { SessionEvent } from "./events.ts";
import { TribaFault } from "../fault.ts";
import type { HandshakeIo } from "./handshake_io.ts";
import { TribaMachine } from "./machine.ts";
import { BACKEND_ROLE } from "./role.ts";

/** What happened on the backend's side. */
export type BackendMachineEvent = SessionEvent<CoreRequest>;

/** What the backend's machine takes. */
export interface BackendMachineOptions extends BackendHandshakeOptions {
  /** Time-outs that differ from those of the document. */
  readonly timeouts?: Partial<Timeouts> | undefined;
}

/** The backend's side of its connection. */
export class BackendMachine extends TribaMachine<BackendRequest, CoreRequest> {
  /** Shows its id when started. */
  constructor(options: BackendMachineOptions) {
    super({
      role: BACKEND_ROLE,
      state: "core-key",
      steps: (io) => runBackendHandshake(io, options),
      endFault,
    }, options.timeouts);
  }

  /** Ends: answers `Shutdown` if the core asked for it, then closes. */
  stop(): Step<BackendMachineEvent> {
    return this.run((session) => {
      session?.agreeToEnd();
      this.finish();
    });
  }
}

/** F01: a core that closes right after the id has refused it. */
function endFault(io: HandshakeIo): TribaFault {
  if (io.state === "core-key" && io.buffer.length === 0) {
    return new TribaFault("refused", "Stream ended right after the id: the core refuses it");
  }
  return new TribaFault("lost", `Stream ended in the handshake, in state "${io.state}"`);
}
