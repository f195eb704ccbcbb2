/**
 * A client's talk with one server: connects, drives the machine, falls back to the narrow framing
 * where the server wants it, opens the reply (spec 14.1, 14.4).
 *
 * @module
 */

import { type ByteStream, NetFault } from "../net/stream.ts";
import { Driver } from "../net/drive.ts";
import { makeRequest, type PendingRequest } from "./authenticated.ts";
import { type ClientEvent, ClientMachine } from "./client_machine.ts";
import { CONNECT_TIMEOUT_MS, FETCH_TIMEOUT_MS } from "./constants.ts";
import { CofferFault } from "./fault.ts";
import type { Framing } from "./frame.ts";
import { type AsyncX25519, computeAsync } from "./keys/agreement.ts";
import type { KeyPair, RandomSource } from "./keys/seal.ts";
import { x25519Web } from "./keys/x25519_web.ts";
import { type OpenedReply, openReply } from "./reply.ts";

/** Which framing a client speaks; `auto` is wide, and narrow once the server answered so. */
export type ClientProtocol = "auto" | Framing;

/** What a client needs for one attempt at one server. */
export interface ClientOptions {
  /** Makes a connection within so many milliseconds, or rejects with a {@linkcode NetFault}. */
  readonly connect: (timeoutMs: number, signal?: AbortSignal) => Promise<ByteStream>;
  /** The client's pair. */
  readonly client: KeyPair;
  /** `auto` unless given. */
  readonly protocol?: ClientProtocol | undefined;
  /** Public keys that the server may have; with any, only a reply that proves one is taken. */
  readonly serverKeys?: readonly Uint8Array[] | undefined;
  /** Takes a plain sealed box as well, from servers that do not know the authenticated mode. */
  readonly allowUnauthenticated?: boolean | undefined;
  /** For everything together, in milliseconds; 30,000 unless given. */
  readonly timeoutMs?: number | undefined;
  /** Largest reply, in bytes; 16 MiB unless given. */
  readonly maxReplyBytes?: number | undefined;
  /** Calls the attempt off: the server is told Bye, then the call rejects with the reason. */
  readonly signal?: AbortSignal | undefined;
  /** Randomness for nonces and keys; the runtime's unless given. */
  readonly random?: RandomSource | undefined;
  /** Seconds since 1970; the system's unless given. */
  readonly clock?: (() => number) | undefined;
  /** X25519; WebCrypto's unless given. */
  readonly x25519?: AsyncX25519 | undefined;
}

/**
 * Fetches the client's secrets.
 *
 * @throws {CofferFault} when the server refuses, or its reply cannot be used.
 * @throws {NetFault} when it cannot be reached or is lost.
 */
export async function fetchSecrets(options: ClientOptions): Promise<OpenedReply> {
  const { client, serverKeys = [], random = secureRandom, clock = systemClock } = options;
  const x25519 = options.x25519 ?? x25519Web;
  const attempt = new Attempt(options);
  const fetch = async (serverKey: Uint8Array | undefined, allowUnauthenticated: boolean) => {
    const { sealed, request } = await attempt.run(
      "fetch",
      serverKey && (() => computeAsync(makeRequest(client, serverKey, clock(), random), x25519)),
    );
    return await computeAsync(openReply(sealed, { client, request, allowUnauthenticated }), x25519);
  };
  const last = serverKeys.at(-1);
  for (const serverKey of serverKeys.slice(0, -1)) {
    try {
      return await fetch(serverKey, false);
    } catch (error) {
      if (!mayKnowAnotherKey(error)) throw error;
    }
  }
  return await fetch(last, options.allowUnauthenticated === true);
}

/**
 * Says Hello and Bye and fetches nothing: the server is there and speaks coffer.
 *
 * @throws {CofferFault} when it refuses or answers something else.
 * @throws {NetFault} when it cannot be reached or is lost.
 */
export async function pingServer(options: ClientOptions): Promise<void> {
  await new Attempt(options).run("ping");
}

/** A server with another key of a rotation cannot read the request, and ignores or refuses it. */
function mayKnowAnotherKey(error: unknown): boolean {
  return error instanceof CofferFault &&
    (error.code === "not-authenticated" || error.code === "refused");
}

/** The connections of one attempt, which share a deadline and what was learned of the framing. */
class Attempt {
  readonly #options: ClientOptions;
  readonly #deadline: number;
  #framing: Framing;
  #detect: boolean;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#deadline = performance.now() + (options.timeoutMs ?? FETCH_TIMEOUT_MS);
    this.#framing = options.protocol === "narrow" ? "narrow" : "wide";
    this.#detect = (options.protocol ?? "auto") === "auto";
  }

  /** Talks until there is an answer; a request is made anew for each connection. */
  async run(
    purpose: "fetch" | "ping",
    prepare?: () => Promise<PendingRequest>,
  ): Promise<{ readonly sealed: Uint8Array; readonly request: PendingRequest | undefined }> {
    for (;;) {
      const request = await prepare?.();
      const event = await this.#talk(purpose, request?.body);
      switch (event.type) {
        case "reply":
          return { sealed: event.sealed, request };
        case "alive":
          return { sealed: new Uint8Array(), request };
        case "fault":
          throw event.fault;
        case "other-framing": // at most once: the machine does not detect after that
          this.#framing = "narrow";
          this.#detect = false;
      }
    }
  }

  async #talk(purpose: "fetch" | "ping", request?: Uint8Array): Promise<Outcome> {
    const { connect, client, maxReplyBytes, signal } = this.#options;
    const stream = await connect(Math.min(CONNECT_TIMEOUT_MS, this.#left()), signal);
    const machine = new ClientMachine({
      framing: this.#framing,
      detect: this.#detect,
      publicKey: client.publicKey,
      request,
      purpose,
      timeoutMs: this.#left(),
      maxReplyBytes,
    });
    return await drive(stream, machine, signal);
  }

  /** Milliseconds; at least one, with which whatever is tried fails for want of time. */
  #left(): number {
    return Math.max(1, this.#deadline - performance.now());
  }
}

type Outcome = Exclude<ClientEvent, { readonly type: "half-close" }>;

/** Runs one connection to its end; what comes after the outcome does not matter any more. */
async function drive(
  stream: ByteStream,
  machine: ClientMachine,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  let outcome: Outcome | undefined;
  const driver: Driver<ClientEvent> = new Driver(stream, machine, {
    onEvent: async (event) => {
      if (event.type === "half-close") await driver.closeWrite();
      else outcome = event;
    },
  });
  // Not the driver's own signal, which would close at once: an original server dies without Bye.
  const leave = () => driver.apply(machine.abandon(performance.now()));
  signal?.addEventListener("abort", leave, { once: true });
  try {
    const running = driver.run();
    if (signal?.aborted) leave();
    await running;
  } catch (error) {
    if (!(error instanceof NetFault)) throw error;
    outcome ??= signal?.aborted ? undefined : judgeLoss(machine, error);
  } finally {
    signal?.removeEventListener("abort", leave);
  }
  signal?.throwIfAborted();
  if (outcome === undefined) throw new TypeError("Cannot fetch: the machine ended without a word");
  return outcome;
}

/** A reset says no more than the end of the stream would, except that nobody meant it for a Bye. */
function judgeLoss(machine: ClientMachine, error: NetFault): Outcome {
  const [event] = machine.end(performance.now()).events;
  if (event?.type === "fault") return event;
  throw error;
}

function secureRandom(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

function systemClock(): number {
  return Math.floor(Date.now() / 1000);
}
