/**
 * The driver of a peer on the main port, and the way from there to the encrypted channel.
 *
 * @module
 */

import {
  type ByteStream,
  connectTcp,
  Driver,
  type HostPort,
  type Machine,
  type Step,
} from "../net/mod.ts";
import { openSecureChannel } from "./secure_peer.ts";

/** How long a relay may take to answer a connection attempt, in milliseconds. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** How long the other peer may take to the secure port; both go there at once. */
const SECURE_TIMEOUT_MS = 60_000;

/** How a peer meets others. */
export interface MeetOptions<Event> {
  /** The relay's main port. */
  readonly relay: HostPort;
  /** Gives up. */
  readonly signal: AbortSignal;
  /** Told of every event; `apply` carries out a step that answers it, then or later. */
  readonly onEvent: (event: Event, apply: (step: Step<Event>) => void) => void;
}

/**
 * Runs a peer's machine on a connection of its own until it is done.
 *
 * @returns the relay's address that answered: the secure port is on the same machine.
 * @throws {NetFault} when the relay cannot be reached or is lost, or the signal's reason.
 */
export async function meet<Event>(
  machine: Machine<Event>,
  { relay, signal, onEvent }: MeetOptions<Event>,
): Promise<HostPort> {
  const { stream, remote } = await connectTcp(relay, CONNECT_TIMEOUT_MS, signal);
  const driver: Driver<Event> = new Driver(stream, machine, {
    signal,
    onEvent: (event) => onEvent(event, (step) => driver.apply(step)),
  });
  await driver.run();
  return remote;
}

/** An encrypted channel, before its first record. */
export interface OpenChannel {
  /** The connection to the secure port; whoever uses it closes it. */
  readonly stream: ByteStream;
  /** Bytes of the channel that came with the relay's answer. */
  readonly received: Uint8Array;
}

/**
 * Connects to the secure port and waits until the other peer is there.
 *
 * @param identity The other peer's, as the main port told it.
 * @throws {BobFault} what the relay answered, {@linkcode openSecureChannel}.
 * @throws {NetFault} when the relay cannot be reached or is lost, or the signal's reason.
 */
export async function meetSecurely(
  relay: HostPort,
  identity: Uint8Array,
  signal: AbortSignal,
): Promise<OpenChannel> {
  const { stream } = await connectTcp(relay, CONNECT_TIMEOUT_MS, signal);
  const options = { timeoutMs: SECURE_TIMEOUT_MS, signal };
  return { stream, received: await openSecureChannel(stream, identity, options) };
}
