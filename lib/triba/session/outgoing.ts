/**
 * This side's requests in an open session (sections 6.3 and 8).
 *
 * @module
 */

import type { MsgpackValue } from "../../msgpack/mod.ts";
import { HANDSHAKE_REQUESTS } from "../bodies/handshake.ts";
import { answers, type ErrorCode, type Response, RESPONSES } from "../bodies/response.ts";
import { type Call, Calls, UNCOUNTED } from "./calls.ts";
import { TribaFault } from "../fault.ts";
import { unmatched } from "./handshake.ts";
import type { ResponsePacket } from "../channel/packet.ts";
import { oneLine, quote } from "../quote.ts";
import { type AnyRequest, checkMinor, isLocal, log, type SessionContext } from "./role.ts";

/** Sends requests and takes their responses. */
export class Outgoing {
  readonly #context: SessionContext;
  readonly #timeoutMs: number;
  readonly #calls = new Calls();
  #warned = false;

  /** Begins without any request; each fails after `timeoutMs`. */
  constructor(context: SessionContext, timeoutMs: number) {
    this.#context = context;
    this.#timeoutMs = timeoutMs;
  }

  /** When a request times out next. */
  get deadline(): number | undefined {
    return this.#calls.deadline;
  }

  /** Sends the program's request now or, if too many are on their way, in its turn. */
  request(number: number, body: AnyRequest, now: number): void {
    try {
      const encoded = this.#context.role.sent.write(body); // first, as it may be no body at all
      checkAllowed(this.#context, body);
      checkMinor(this.#context, body);
      this.#add(number, body.type, encoded, now);
      if (body.type === "Login") this.#warnOfPlain();
    } catch (error) {
      if (!(error instanceof TribaFault) || !isLocal(error)) throw error;
      this.fail(number, "invalid_argument", error.message);
    }
  }

  /** Sends a request of the session itself, whose answer nobody waits for. */
  sendOwn(body: AnyRequest, now: number): void {
    this.#add(undefined, body.type, this.#context.role.sent.write(body), now);
  }

  /** Asks the peer to give up a request, or gives it up here if it was not sent yet. */
  cancel(number: number, now: number): void {
    const found = this.#calls.find(number);
    if (found === undefined) return;
    if (found.id !== undefined) return this.sendOwn({ type: "Cancel", request: found.id }, now);
    this.#calls.drop(found.call);
    this.fail(number, "cancelled", "Cancelled before it was sent");
  }

  /**
   * Takes a response and reports it.
   *
   * @returns The response to a request of the session itself.
   * @throws {TribaFault} `unmatched`.
   */
  take(packet: ResponsePacket): { readonly name: string; readonly response: Response } | undefined {
    const found = this.#calls.answered(packet.req);
    if (found === undefined) throw unmatched(packet.req);
    this.#sendReady();
    if (found.late) return undefined;
    const { name, number } = found.call;
    const response = this.#read(found.call, packet);
    if (response === undefined) return undefined;
    if (number === undefined) return { name, response };
    if (response.type === "Error") {
      this.fail(number, response.code, oneLine(response.message), true);
    } else {
      this.#context.emit({ type: "answer", call: number, response });
    }
    return undefined;
  }

  /** Fails the requests whose time is over. */
  expire(now: number): void {
    for (const call of this.#calls.expire(now)) {
      this.#failCall(call, "timeout", `No response within ${this.#timeoutMs} ms`);
    }
  }

  /** Fails all requests: the connection is over. */
  failAll(): void {
    for (const call of this.#calls.takeAll()) {
      this.#failCall(call, "unavailable", "The connection ended before the response");
    }
  }

  /** Reports that a request failed. */
  fail(call: number, code: ErrorCode, message: string, answered = false): void {
    this.#context.emit({ type: "failure", call, code, message, answered });
  }

  #add(number: number | undefined, name: string, body: MsgpackValue, now: number): void {
    const deadline = now + this.#timeoutMs;
    this.#calls.add({ number, name, body, deadline, counted: !UNCOUNTED.has(name) });
    this.#sendReady();
  }

  #sendReady(): void {
    for (let call = this.#calls.takeReady(); call !== undefined; call = this.#calls.takeReady()) {
      try {
        const { id, frame } = this.#context.channel.sendRequest(call.body);
        this.#calls.sent(id, call);
        this.#context.send(frame);
      } catch (error) {
        if (!(error instanceof TribaFault) || !isLocal(error)) throw error;
        this.#calls.drop(call);
        this.#failCall(call, "invalid_argument", error.message);
      }
    }
  }

  /** The response if it answers its request; else the request fails here, and the session lives. */
  #read(call: Call, packet: ResponsePacket): Response | undefined {
    try {
      if (!RESPONSES.has(packet.name) || !answers(call.name, packet.name)) {
        throw new TribaFault("argument", `${quote(packet.name)} is no answer to it`);
      }
      return RESPONSES.decode(packet.name, packet.argument);
    } catch (error) {
      if (!(error instanceof TribaFault)) throw error;
      log(this.#context, "warn", `Cannot use the response to ${call.name}: ${error.message}`);
      this.#failCall(call, "internal", "The peer's response makes no sense");
      return undefined;
    }
  }

  #failCall(call: Call, code: ErrorCode, message: string): void {
    if (call.number !== undefined) this.fail(call.number, code, message);
  }

  #warnOfPlain(): void {
    if (this.#context.agreement.sealed || this.#warned) return;
    this.#warned = true;
    log(
      this.#context,
      "warn",
      "Login goes over a session without sealed-1: nothing proves who the peer is",
    );
  }
}

/** Names that only the machine may send, at their time. */
const RESERVED: ReadonlySet<string> = new Set([...HANDSHAKE_REQUESTS, "Shutdown", "Cancel"]);

/** Throws for what a program must not ask for, though its encoding would do. */
function checkAllowed(context: SessionContext, body: AnyRequest): void {
  if (RESERVED.has(body.type)) {
    throw new TribaFault("argument", `Cannot send ${body.type}: the machine has a method for it`);
  }
  if (body.type === "Ping" && context.agreement.major === 0) {
    throw new TribaFault("argument", "Cannot send Ping: the peer has not said what it knows");
  }
}
