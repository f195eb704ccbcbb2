/**
 * An open session: what both directions have in common, pings, and the end (sections 8 and 9.1).
 *
 * @module
 */

import type { Response } from "../bodies/response.ts";
import type { Timeouts } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Incoming } from "./incoming.ts";
import { Outgoing } from "./outgoing.ts";
import { quote } from "../quote.ts";
import { type AnyRequest, log, type SessionContext } from "./role.ts";

/** One open session. A {@linkcode TribaFault} that a method throws ends the connection. */
export class Session {
  readonly #context: SessionContext;
  readonly #timeouts: Timeouts;
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #heartbeat: Heartbeat | undefined;
  #shutdown: "none" | "asked" | "agreed" = "none";
  #endBy: number | undefined;

  /** Goes on where the handshake ended. */
  constructor(context: SessionContext, timeouts: Timeouts, now: number) {
    this.#context = context;
    this.#timeouts = timeouts;
    this.#outgoing = new Outgoing(context, timeouts.requestMs);
    this.#incoming = new Incoming(context);
    // Without step 9 nobody knows whether the peer understands a ping (section 4.2).
    if (context.agreement.major > 0) this.#heartbeat = new Heartbeat(timeouts.pingMs, now);
  }

  /** When {@linkcode Session.tick} has something to do. */
  get wakeAt(): number | undefined {
    const soonest = Math.min(
      this.#outgoing.deadline ?? Infinity,
      this.#heartbeat?.dueAt ?? Infinity,
      this.#endBy ?? Infinity,
    );
    return soonest === Infinity ? undefined : soonest;
  }

  /** How far this side has come with asking the peer to end. */
  get shutdown(): "none" | "asked" | "agreed" {
    return this.#shutdown;
  }

  /** Whether the peer is known to understand `Shutdown` (section 4.2). */
  get knowsShutdown(): boolean {
    return this.#context.agreement.major > 0;
  }

  /** Takes bytes that arrived. */
  push(bytes: Uint8Array): void {
    this.#context.channel.push(bytes);
  }

  /** Handles the packets that are complete. */
  receive(now: number): void {
    const { channel } = this.#context;
    for (let packet = channel.next(); packet !== undefined; packet = channel.next()) {
      this.#heartbeat?.heard(now);
      if (packet.kind === "request") {
        this.#incoming.take(packet);
        continue;
      }
      const own = this.#outgoing.take(packet);
      if (own?.name === "Shutdown") this.#takeShutdown(own.response);
    }
  }

  /** Sends a request of the program. */
  request(number: number, body: AnyRequest, now: number): void {
    if (this.#shutdown === "none") return this.#outgoing.request(number, body, now);
    this.#outgoing.fail(number, "unavailable", "The session is about to end");
  }

  /** Gives up a request of the program. */
  cancel(number: number, now: number): void {
    this.#outgoing.cancel(number, now);
  }

  /** Answers a request of the peer. */
  respond(id: number, response: Response): void {
    this.#incoming.respond(id, response);
  }

  /** Asks the backend to end. */
  askToEnd(now: number): void {
    if (this.#shutdown !== "none") return;
    this.#shutdown = "asked";
    this.#endBy = now + this.#timeouts.shutdownMs;
    this.#outgoing.sendOwn({ type: "Shutdown" }, now);
  }

  /** Tells the core that it may close, if it asked. */
  agreeToEnd(): void {
    this.#incoming.agreeToEnd();
  }

  /**
   * Does what is due.
   *
   * @throws {TribaFault} `dead`, or `timeout` if the peer did not end in time.
   */
  tick(now: number): void {
    this.#outgoing.expire(now);
    switch (this.#heartbeat?.tick(now)) {
      case "ping":
        this.#outgoing.sendOwn({ type: "Ping" }, now);
        break;
      case "dead":
        throw new TribaFault("dead", "Peer is silent: it answers no ping");
    }
    if (this.#endBy === undefined || now < this.#endBy) return;
    const answer = this.#shutdown === "agreed" ? "agreed to" : "did not answer";
    throw new TribaFault(
      "timeout",
      `Peer did not end within ${this.#timeouts.shutdownMs} ms: it ${answer} Shutdown`,
    );
  }

  /** Derives ahead what the next packets need. */
  prepare(): void {
    this.#context.channel.prepare();
  }

  /** The fault that the end of the stream means, unless both sides agreed to it. */
  endFault(): TribaFault {
    const place = this.#context.channel.inside ? " inside a packet" : "";
    const state = this.#shutdown === "none" ? "without Shutdown" : "before Shutdown was answered";
    return new TribaFault("lost", `Stream ended${place} ${state}`);
  }

  /** Fails what has no response yet, and overwrites the keys. */
  close(): void {
    this.#outgoing.failAll();
    this.#context.channel.wipe();
  }

  #takeShutdown(response: Response): void {
    if (response.type === "Success") this.#shutdown = "agreed";
    else if (response.type === "Error") {
      const { code, message } = response;
      log(this.#context, "warn", `Peer refuses to end: ${code}, ${quote(message)}`);
    }
  }
}
