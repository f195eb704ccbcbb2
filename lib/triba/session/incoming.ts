/**
 * The peer's requests in an open session (sections 6.3, 7.3 and 8).
 *
 * @module
 */

import { unknownInside } from "../bodies/backend.ts";
import { HANDSHAKE_REQUESTS } from "../bodies/handshake.ts";
import { type ErrorCode, type Response, RESPONSES } from "../bodies/response.ts";
import { UNCOUNTED } from "./calls.ts";
import { MAX_OUTSTANDING } from "../constants.ts";
import { TribaFault } from "../fault.ts";
import { outOfPlace, tryDecode } from "./handshake.ts";
import type { RequestPacket } from "../channel/packet.ts";
import { oneLine, quote } from "../quote.ts";
import { type AnyRequest, checkMinor, isLocal, log, type SessionContext } from "./role.ts";

/** Unknown names that are logged once each; beyond, none is. */
const MAX_LOGGED_NAMES = 64;

/** Takes the peer's requests and answers them. */
export class Incoming {
  readonly #context: SessionContext;
  /** Requests without an answer; all of them count for the peer's limit. */
  readonly #open = new Set<number>();
  readonly #logged = new Set<string>();
  #shutdown: number | undefined;

  /** Begins without any request. */
  constructor(context: SessionContext) {
    this.#context = context;
  }

  /**
   * Takes a request: answers it, or reports it to the program.
   *
   * @throws {TribaFault} `out-of-place`.
   */
  take(packet: RequestPacket): void {
    const { id, name } = packet;
    const { side, sent, received } = this.#context.role;
    if (HANDSHAKE_REQUESTS.has(name)) throw outOfPlace(name, "the handshake");
    if (!received.has(name)) {
      if (sent.has(name)) {
        throw new TribaFault(
          "out-of-place",
          `Cannot take request ${quote(name)}: it is one of the ${side}`,
        );
      }
      this.#logOnce(`request ${quote(name)}`);
      return this.#refuse(id, "unknown_request", `Unknown request ${quote(name)}`);
    }
    if (this.#open.size >= MAX_OUTSTANDING && !UNCOUNTED.has(name)) {
      return this.#refuse(id, "busy", `More than ${MAX_OUTSTANDING} requests wait`);
    }
    const { body, error } = tryDecode(received, packet);
    if (error !== undefined) return this.#refuse(id, error.code, error.message);
    this.#handle(id, body as AnyRequest);
  }

  /** Answers a request; harmless if it has its answer. */
  respond(id: number, response: Response): void {
    if (!this.#open.delete(id)) return;
    try {
      this.#send(id, response);
    } catch (error) {
      if (!(error instanceof TribaFault) || !isLocal(error)) throw error;
      const what = `Cannot answer request ${id} with ${response.type}`;
      log(this.#context, "error", `${what}: ${error.message}`);
      this.#send(id, { type: "Error", code: "internal", message: "Cannot send the answer" });
    }
  }

  /** Tells the core that it may close, if it asked. */
  agreeToEnd(): void {
    if (this.#shutdown !== undefined) this.#send(this.#shutdown, { type: "Success" });
    this.#shutdown = undefined;
  }

  #handle(id: number, body: AnyRequest): void {
    switch (body.type) {
      case "Ping":
        return this.#send(id, { type: "Success" });
      case "Cancel":
        return this.#cancel(id, body.request);
      case "Shutdown":
        if (this.#shutdown !== undefined) return this.#send(id, { type: "Success" });
        this.#shutdown = id;
        return this.#context.emit({ type: "shutdown" });
      default: {
        const unknown = unknownInside(body);
        if (unknown !== undefined) {
          this.#logOnce(`${body.type} ${quote(unknown)}`);
          return this.#send(id, { type: "Success" });
        }
        this.#open.add(id);
        this.#context.emit({ type: "request", id, body });
      }
    }
  }

  #cancel(id: number, request: number): void {
    this.#send(id, { type: "Success" });
    if (!this.#open.delete(request)) return;
    this.#send(request, { type: "Error", code: "cancelled", message: "Cancelled by the core" });
    this.#context.emit({ type: "cancel", id: request });
  }

  #refuse(id: number, code: ErrorCode, message: string): void {
    log(this.#context, "debug", `Request ${id} refused with ${code}: ${message}`);
    this.#send(id, { type: "Error", code, message });
  }

  #send(id: number, response: Response): void {
    const safe = response.type === "Error"
      ? { ...response, message: oneLine(response.message) }
      : response;
    const encoded = RESPONSES.write(safe);
    checkMinor(this.#context, safe);
    this.#context.send(this.#context.channel.sendResponse(id, encoded));
  }

  #logOnce(what: string): void {
    if (this.#logged.has(what) || this.#logged.size >= MAX_LOGGED_NAMES) return;
    this.#logged.add(what);
    log(this.#context, "info", `Peer sends something unknown: ${what}`);
  }
}
