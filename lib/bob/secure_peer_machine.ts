/**
 * A peer on the secure port, up to the point where the pipe is open: it names the other peer and
 * reads two characters (bob protocol, section 5).
 *
 * @module
 */

import { ChunkBuffer } from "../bytes/mod.ts";
import { IDLE, type Machine, type Step } from "../net/mod.ts";
import { BobFault, type BobFaultCode } from "./fault.ts";
import { isAcceptableIdentity } from "./identity.ts";

const NEWLINE = 0x0a;
const ANSWER_BYTES = 2;
const OPEN = "00";

/** What the relay's answers other than `00` mean. */
const REFUSALS: Readonly<Record<string, readonly [BobFaultCode, string]>> = {
  "01": ["secure-timeout", "the relay did not get the line in time"],
  "02": ["invalid-peer", "the relay does not know this pair (any more)"],
};

/** How an attempt to open the pipe ends. */
export type SecurePeerEvent =
  /** The pipe is open; these bytes of the encrypted channel came with the answer. */
  | { readonly type: "open"; readonly received: Uint8Array }
  /** There will be no pipe. */
  | { readonly type: "fault"; readonly fault: BobFault };

/** One connection of a peer to the secure port. */
export class SecurePeerMachine implements Machine<SecurePeerEvent> {
  readonly #identity: Uint8Array;
  readonly #timeoutMs: number;
  readonly #answer = new ChunkBuffer();
  #giveUpAt: number | undefined;
  #done = false;

  /**
   * Opens nothing yet.
   *
   * @param identity The other peer's, as the main port told it.
   * @param timeoutMs How long the other peer may take to come, in milliseconds.
   */
  constructor(identity: Uint8Array, timeoutMs: number) {
    if (!isAcceptableIdentity(identity)) {
      throw new RangeError("Cannot name the other peer: its identity does not fit the line");
    }
    this.#identity = identity.slice();
    this.#timeoutMs = timeoutMs;
  }

  /** When the attempt is given up. */
  get wakeAt(): number | undefined {
    return this.#giveUpAt;
  }

  /** Writes the line; nothing may follow it before the answer. */
  start(now: number): Step<SecurePeerEvent> {
    this.#giveUpAt = now + this.#timeoutMs;
    return { send: [Uint8Array.of(...this.#identity, NEWLINE)], events: [], done: false };
  }

  /** The answer, and what already follows it. */
  receive(bytes: Uint8Array, _now: number): Step<SecurePeerEvent> {
    if (this.#done) return IDLE;
    this.#answer.push(bytes);
    const answer = this.#answer.take(ANSWER_BYTES);
    if (answer === undefined) return IDLE;
    const text = String.fromCharCode(...answer);
    if (text === OPEN) return this.#finish({ type: "open", received: this.#answer.takeAll() });
    const [code, reason] = REFUSALS[text] ??
      ["invalid-answer", "the relay gave an answer that is not of this protocol"];
    return this.#fail(code, reason);
  }

  /** The relay forgets a pair whose other half does not come, and closes without an answer. */
  end(_now: number): Step<SecurePeerEvent> {
    if (this.#done) return IDLE;
    return this.#fail("no-answer", "the relay closed; the other peer has not come");
  }

  /** Gives up when it is time. */
  tick(now: number): Step<SecurePeerEvent> {
    if (this.#giveUpAt === undefined || now < this.#giveUpAt) return IDLE;
    return this.#fail("no-answer", "the other peer has not come in time");
  }

  #fail(code: BobFaultCode, reason: string): Step<SecurePeerEvent> {
    const fault = new BobFault(code, `Cannot open the secure channel: ${reason}`);
    return this.#finish({ type: "fault", fault });
  }

  #finish(event: SecurePeerEvent): Step<SecurePeerEvent> {
    this.#done = true;
    this.#giveUpAt = undefined;
    return { send: [], events: [event], done: true };
  }
}
