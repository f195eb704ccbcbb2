/**
 * The core's machine: one connection of a backend.
 *
 * @module
 */

import type { Step } from "../../net/mod.ts";
import type { BackendRequest } from "../bodies/backend.ts";
import type { CoreRequest } from "../bodies/core.ts";
import type { Timeouts } from "../constants.ts";
import { type CoreHandshakeOptions, runCoreHandshake } from "./core_handshake.ts";
import type { SessionEvent } from "./events.ts";
import { TribaFault } from "../fault.ts";
import type { HandshakeIo } from "./handshake_io.ts";
import { TribaMachine } from "./machine.ts";
import { CORE_ROLE } from "./role.ts";

/** What happened on the core's side. */
export type CoreEvent = SessionEvent<BackendRequest>;

/** What a program may ask for with `request`; the rest has methods of its own. */
export type CoreCall = Exclude<CoreRequest, { readonly type: "Shutdown" | "Cancel" }>;

/** What the core's machine takes. */
export interface CoreMachineOptions extends CoreHandshakeOptions {
  /** Time-outs that differ from those of the document. */
  readonly timeouts?: Partial<Timeouts> | undefined;
}

/** The core's side of one connection. */
export class CoreMachine extends TribaMachine<CoreCall, BackendRequest> {
  /** Waits for the id that the backend shows. */
  constructor(options: CoreMachineOptions) {
    super({
      role: CORE_ROLE,
      state: "id",
      steps: (io) => runCoreHandshake(io, options),
      endFault,
    }, options.timeouts);
  }

  /** Asks the backend to give up a call; its answer or failure is reported all the same. */
  cancel(call: number, now: number): Step<CoreEvent> {
    return this.run((session) => session?.cancel(call, now));
  }

  /**
   * Asks the backend to end. The end of the stream is then the event `end`; after the time for it a
   * fault. A backend that has not said its version is not asked: the connection ends at once, and
   * the child must be stopped by a signal (section 4.2).
   */
  shutdown(now: number): Step<CoreEvent> {
    return this.run((session) => {
      if (session?.knowsShutdown) session.askToEnd(now);
      else this.finish();
    });
  }
}

/** F01: a child that did not get through. */
function endFault(io: HandshakeIo): TribaFault {
  const hint = io.state === "version"
    ? ', on the version exchange; if it knows none, set handshake = "plain"'
    : "";
  return new TribaFault("lost", `Stream ended in the handshake, in state "${io.state}"${hint}`);
}
