/**
 * Opens the encrypted channel on a connection to the secure port (bob protocol, section 5).
 *
 * @module
 */

import type { ByteStream } from "../net/mod.ts";
import { type SecurePeerEvent, SecurePeerMachine } from "./secure_peer_machine.ts";

const BUFFER_BYTES = 4096;

/** How {@linkcode openSecureChannel} waits. */
export interface SecureChannelOptions {
  /** How long the other peer may take to come, in milliseconds. */
  readonly timeoutMs: number;
  /** Gives up: the stream is closed and the call rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Names the other peer and waits until the relay has joined the two. The stream stays open if and
 * only if this succeeds; the caller then goes on with it.
 *
 * @param identity The other peer's, as the main port told it.
 * @returns bytes of the channel that came with the relay's answer, usually none.
 * @throws {BobFault} `secure-timeout`, `invalid-peer`, `invalid-answer` for the relay's answers,
 *   `no-answer` when it closed without one or the time was over.
 * @throws {NetFault} when the connection is lost, or the signal's reason.
 */
export async function openSecureChannel(
  stream: ByteStream,
  identity: Uint8Array,
  { timeoutMs, signal }: SecureChannelOptions,
): Promise<Uint8Array> {
  const machine = new SecurePeerMachine(identity, timeoutMs);
  let end: SecurePeerEvent | undefined;
  let open = false;
  const timer = setTimeout(() => {
    end ??= machine.tick(timeoutMs).events[0];
    stream.close(); // which ends the pending read
  }, timeoutMs);
  const abort = () => stream.close();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    signal?.throwIfAborted();
    for (const line of machine.start(0).send) await stream.write(line);
    const buffer = new Uint8Array(BUFFER_BYTES);
    while (end === undefined) {
      const count = await stream.read(buffer);
      const step = count === null ? machine.end(0) : machine.receive(buffer.subarray(0, count), 0);
      end ??= step.events[0];
    }
    if (end.type === "fault") throw end.fault;
    open = true;
    return end.received;
  } catch (error) {
    signal?.throwIfAborted();
    throw end?.type === "fault" ? end.fault : error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
    if (!open) stream.close();
  }
}
