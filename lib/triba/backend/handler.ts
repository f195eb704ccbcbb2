/**
 * What the author of a backend writes: the answers to the core's requests. The driver of this
 * folder does the rest.
 *
 * @module
 */

import type { BackendEvent, Status } from "../bodies/backend.ts";
import type { CoreCall } from "../session/core_machine.ts";
import type { Answer } from "../session/events.ts";
import type { Agreement } from "../session/settings.ts";

/** What a core asks of a backend, without what the driver answers by itself. */
export type ServedRequest = Exclude<CoreCall, { readonly type: "Ping" }>;

/** The open session, as a backend sees it. */
export interface CoreLink {
  /** What both sides agreed on. */
  readonly agreement: Agreement;
  /**
   * Tells how the network stands; resolves when the core has acknowledged it.
   *
   * @throws {CallFault} if the core refuses it, or the session is over.
   */
  status(status: Status): Promise<void>;
  /**
   * Tells what happened on the network; resolves when the core has acknowledged it, so that who
   * awaits it is slowed down by a slow core. Events keep the order of the calls. Who does not await
   * it need not handle its failure, which is logged.
   *
   * @throws {CallFault} if the core refuses it, or the session is over.
   */
  event(event: BackendEvent): Promise<void>;
}

/** A backend: one chat network. */
export interface Backend {
  /** What it can do, as in step 9 (section 7.2); without sealed-1. */
  readonly features: readonly string[];
  /** The session is open; called once, before any request. */
  open(core: CoreLink): void;
  /**
   * Carries out a request; several may run at once, those that change one room one after the other
   * in the order of arrival. The signal says that the core no longer wants it, or is gone. Rooms or
   * messages that do not fit into one packet are cut, so that the core can ask for the others.
   *
   * @throws {CallFault} to answer `Error`; anything else is answered `internal`, and logged.
   */
  handle(request: ServedRequest, signal: AbortSignal): Promise<Answer>;
  /**
   * The core asked it to end, or is gone: give up what is open. Called once if the session was open;
   * the process ends after 4 s in any case.
   */
  close(): Promise<void>;
}
