/**
 * What a session knows throughout: which side it is, the channel, what was agreed, and where to put
 * what is to be done.
 *
 * @module
 */

import type { LogLevel } from "../../log/mod.ts";
import { BACKEND_REQUESTS, type BackendRequest } from "../bodies/backend.ts";
import { CORE_REQUESTS, type CoreRequest } from "../bodies/core.ts";
import type { Response } from "../bodies/response.ts";
import type { PacketChannel } from "../channel/channel.ts";
import type { Enumeration, Variant } from "../bodies/enumeration.ts";
import type { SessionEvent } from "./events.ts";
import { TribaFault } from "../fault.ts";
import type { Agreement } from "./settings.ts";
import { requiredMinor } from "../bodies/minor_version.ts";

/** A request of either side. */
export type AnyRequest = CoreRequest | BackendRequest;

/** Which requests a side sends, and which it receives. */
export interface Role {
  /** The side. */
  readonly side: "core" | "backend";
  /** What belongs to this side. */
  readonly sent: Enumeration<Variant>;
  /** What belongs to the peer. */
  readonly received: Enumeration<Variant>;
}

/** The core's part. */
export const CORE_ROLE: Role = asRole("core", CORE_REQUESTS, BACKEND_REQUESTS);
/** The backend's part. */
export const BACKEND_ROLE: Role = asRole("backend", BACKEND_REQUESTS, CORE_REQUESTS);

/** What the parts of a session share. */
export interface SessionContext {
  /** The side. */
  readonly role: Role;
  /** The packets. */
  readonly channel: PacketChannel;
  /** What both sides found out about each other. */
  readonly agreement: Agreement;
  /** Puts bytes to be written. */
  send(bytes: Uint8Array): void;
  /** Reports what happened. */
  emit(event: SessionEvent<AnyRequest>): void;
}

/** Reports something for the log. */
export function log(context: SessionContext, level: LogLevel, message: string): void {
  context.emit({ type: "log", level, message });
}

/**
 * Checks that the peer knows a body, which must have its shape (section 7.3).
 *
 * @throws {TribaFault} `argument` if it needs a newer version than agreed.
 */
export function checkMinor(context: SessionContext, body: AnyRequest | Response): void {
  const { major, minor } = context.agreement;
  const needed = requiredMinor(body);
  if (needed <= minor) return;
  throw new TribaFault(
    "argument",
    `Cannot send ${body.type}: it needs API 1.${needed}, agreed is ${major}.${minor}`,
  );
}

/** Whether a fault of sending is one of the body and not of the connection. */
export function isLocal(fault: TribaFault): boolean {
  return fault.code === "argument" || fault.code === "too-large";
}

function asRole<S extends Variant, R extends Variant>(
  side: Role["side"],
  sent: Enumeration<S>,
  received: Enumeration<R>,
): Role {
  // Which variants a side may use is checked by name, at run time for the peer's.
  return {
    side,
    sent: sent as unknown as Enumeration<Variant>,
    received: received as unknown as Enumeration<Variant>,
  };
}
