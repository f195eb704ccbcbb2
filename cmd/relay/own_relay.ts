/**
 * The relay that a sender runs by itself, for one transfer: two computers in one network need
 * nothing else.
 *
 * @module
 */

import type { Console } from "../../lib/cli/mod.ts";
import { SILENT } from "../../lib/log/mod.ts";
import { NetFault } from "../../lib/net/mod.ts";
import { BOB_PORT, BOB_SECURE_PORT, type RelayAddress } from "./args.ts";
import { defaultServeOptions, type HostedRelay, hostRelay, toListenFault } from "./host.ts";

/** One transfer needs few connections; others may come to guess. */
const MAX_CONNECTIONS = 64;

/** A relay inside the sender. */
export interface OwnRelay {
  /** How others reach it, and the sender itself too. */
  readonly address: RelayAddress;
  /** Other addresses of this machine. */
  readonly others: readonly string[];
  /** Ends it. */
  close(): Promise<void>;
}

/** Starts a relay on all addresses of this machine: on bob's usual ports, or on free ones. */
export function startOwnRelay(console: Console): OwnRelay {
  const relay = hostAnywhere();
  const ports = new Map(relay.listeners.map(({ protocol, port }) => [protocol, port]));
  const [host = "127.0.0.1", ...others] = ownAddresses();
  const address = {
    host,
    port: ports.get("bob") ?? BOB_PORT,
    securePort: ports.get("bob-secure") ?? BOB_SECURE_PORT,
  };
  console.note("No relay was named: running one here, for this transfer, on all addresses");
  return { address, others, close: () => relay.close() };
}

function hostAnywhere(): HostedRelay {
  const options = { ...defaultServeOptions(), maxConnections: MAX_CONNECTIONS };
  try {
    return hostRelay(options, SILENT);
  } catch (error) {
    if (!(error instanceof NetFault) || error.code !== "in-use") throw toListenFault(error);
    return hostRelay({ ...options, bobPort: 0, bobSecurePort: 0 }, SILENT);
  }
}

/** Addresses under which others may reach this machine, the likeliest first. */
function ownAddresses(): string[] {
  const reachable = Deno.networkInterfaces()
    .filter(({ name, address }) => !isLocal(address) && !isVirtual(name));
  const ofFamily = (family: "IPv4" | "IPv6") =>
    reachable.filter((face) => face.family === family).map(({ address }) => address);
  return [...ofFamily("IPv4"), ...ofFamily("IPv6")];
}

function isLocal(address: string): boolean {
  return address === "::1" || /^127\.|^169\.254\.|^fe80:/i.test(address);
}

/** Bridges of containers and virtual machines lead nowhere else. */
function isVirtual(name: string): boolean {
  return /^(docker|br-|veth|virbr|vmnet|podman|cni)/.test(name);
}
