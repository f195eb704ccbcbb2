/**
 * The driver of bob's relay: both ports behind the gate of the process.
 *
 * @module
 */

import type { Logger } from "../log/mod.ts";
import type { Registry } from "../metrics/mod.ts";
import type { BufferBudget, Gate, Listening } from "../net/mod.ts";
import { JoinedPair } from "./joined_pair.ts";
import type { MainAction, SecureAction } from "./port.ts";
import { type OnAction, PortDriver } from "./port_driver.ts";
import { RelayMachine } from "./relay_machine.ts";
import { Rooms } from "./rooms.ts";
import { SecureMachine } from "./secure_machine.ts";

/** Name of the protocol in limits, log and numbers. */
const PROTOCOL = "bob";
/** Pairs are looked at this often for having been idle too long. */
const IDLE_CHECK_MS = 30_000;

/** Limits of bob's relay; times in milliseconds. */
export interface BobRelayLimits {
  /** Most peers and pairs that wait. */
  readonly maxRooms: number;
  /** Most waiting peers of one address. */
  readonly maxWaiting: number;
  /** From connecting to the hello, or to the line of the secure port. */
  readonly handshakeTimeout: number;
  /** How long a peer may wait. */
  readonly waitTimeout: number;
  /** How long a joined pair may be without a byte. */
  readonly idleTimeout: number;
}

/** What bob's relay needs. */
export interface BobRelayOptions {
  /** Main port. */
  readonly main: Listening;
  /** Secure port. */
  readonly secure: Listening;
  /** The gate of the process. */
  readonly gate: Gate;
  /** Memory for forwarding, shared with other protocols. */
  readonly budget: BufferBudget;
  /** Where events go; addresses are named at level debug only. */
  readonly log: Logger;
  /** Where numbers go. */
  readonly registry: Registry;
  /** Limits. */
  readonly limits: BobRelayLimits;
}

/** Serves both ports until the gate is closed. */
export async function runBobRelay(options: BobRelayOptions): Promise<void> {
  const { gate, limits, registry } = options;
  const rooms = new Rooms();
  const machine = new RelayMachine(rooms, {
    maxRooms: limits.maxRooms,
    maxWaitingPerGroup: limits.maxWaiting,
    handshakeTimeoutMs: limits.handshakeTimeout,
    waitTimeoutMs: limits.waitTimeout,
  });
  const secureMachine = new SecureMachine(rooms, {
    handshakeTimeoutMs: limits.handshakeTimeout,
    waitTimeoutMs: limits.waitTimeout,
  });
  const pairs = new Set<JoinedPair>();
  const main = new PortDriver<MainAction>(machine, reportMain(options));
  const secure = new PortDriver<SecureAction>(secureMachine, reportSecure(options, pairs));
  registry.gauge("sallyport_waiting", "Peers that wait", () => [
    [{ protocol: PROTOCOL, role: "receiver" }, machine.clients],
    [{ protocol: PROTOCOL, role: "sender" }, machine.servers],
  ]);
  registry.gauge("sallyport_rooms", "Pairs that were made", () => [
    [{ protocol: PROTOCOL, state: "waiting" }, rooms.size],
    [{ protocol: PROTOCOL, state: "joined" }, pairs.size],
  ]);
  const idleCheck = setInterval(
    () => endIdle(pairs, limits.idleTimeout),
    Math.min(IDLE_CHECK_MS, limits.idleTimeout),
  );
  try {
    await Promise.all([
      gate.serve(options.main, {
        protocol: PROTOCOL,
        handshakes: true,
        handle: (admitted) => main.serve(admitted),
      }),
      gate.serve(options.secure, {
        protocol: PROTOCOL,
        handshakes: false,
        handle: (admitted) => secure.serve(admitted),
      }),
    ]);
  } finally {
    clearInterval(idleCheck);
    main.stop();
    secure.stop();
  }
}

function endIdle(pairs: ReadonlySet<JoinedPair>, idleTimeout: number): void {
  const oldest = performance.now() - idleTimeout;
  for (const pair of pairs) if (pair.lastActive < oldest) pair.end();
}

function reportMain({ gate, log }: BobRelayOptions): OnAction<MainAction> {
  return (action) => {
    switch (action.type) {
      case "send":
        return;
      case "close":
        if (action.reason !== "paired" && action.reason !== "ended") {
          gate.countRefusal(PROTOCOL, action.reason);
        }
        return log.debug("closing a connection", { ...action, protocol: PROTOCOL });
      case "fault": {
        const { connection, fault } = action;
        return log.info("malformed input", { connection, fault: fault.message });
      }
      case "paired":
        return log.debug("paired", { ...action, protocol: PROTOCOL });
      default:
        return log.debug(action.type, { ...action, protocol: PROTOCOL });
    }
  };
}

function reportSecure(
  { gate, log, budget }: BobRelayOptions,
  pairs: Set<JoinedPair>,
): OnAction<SecureAction> {
  const context = {
    budget,
    countBytes: (group: string, bytes: number) => gate.countBytes(PROTOCOL, group, bytes),
    onEnd: (pair: JoinedPair) => {
      pairs.delete(pair);
      log.info("transfer ended", { protocol: PROTOCOL, bytes: pair.bytes });
    },
  };
  return (action, connection) => {
    switch (action.type) {
      case "send":
        return;
      case "close":
        gate.countRefusal(PROTOCOL, `secure-${action.reason}`);
        return log.debug("closing a connection", { ...action, protocol: PROTOCOL });
      case "joined": {
        const [client, server] = [connection(action.client), connection(action.server)];
        if (client === undefined || server === undefined) return;
        pairs.add(new JoinedPair(client, server, context));
        return log.info("transfer started", { protocol: PROTOCOL });
      }
    }
  };
}
