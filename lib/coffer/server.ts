/**
 * Serves connections behind a gate: reads, feeds the machine, writes what it answers. A session is
 * short and a kept reply is a look-up, so nothing is made per connection but the machine and a
 * small buffer: one timer looks after the deadlines of all.
 *
 * @module
 */

import type { Admitted, GatedPort, HostPort, Step } from "../net/mod.ts";
import { type ByteStream, NetFault } from "../net/mod.ts";
import type { Framing } from "./frame.ts";
import { type Desk, type ServerEvent, ServerMachine } from "./server_machine.ts";

/** The name by which limits, log and numbers know the protocol. */
export const PROTOCOL = "coffer";

/** Room for what a client sends, an authenticated request included; longer ones take two reads. */
const READ_BUFFER_BYTES = 512;
/** A peer that takes this much of a reply has made progress. */
const WRITE_SLICE_BYTES = 256 * 1024;
/** How late a deadline may be noticed. */
const SWEEP_MS = 200;

/** How connections are served. */
export interface CofferServerOptions {
  /** The desk of a new connection; asked for each, so a reload takes effect with the next. */
  readonly deskFor: (peer: HostPort) => Desk;
  /** Told what happened, in order; a fault that it throws ends the connection. */
  readonly onEvent: (event: ServerEvent, peer: HostPort) => void;
  /** Framings that are served; both unless given. */
  readonly framings?: readonly Framing[] | undefined;
  /** From the connection to a complete Get, and later without progress; 10,000 ms unless given. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds of a monotonic clock. */
  readonly now?: (() => number) | undefined;
}

/** All connections of a server. */
export class CofferServer {
  readonly #options: CofferServerOptions;
  readonly #now: () => number;
  readonly #sessions = new Set<Session>();
  #sweeper: ReturnType<typeof setTimeout> | undefined;

  /** Starts with no connection. */
  constructor(options: CofferServerOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** What to put behind the gate. */
  get port(): GatedPort {
    return {
      protocol: PROTOCOL,
      handshakes: false,
      handle: (admitted) => this.#serve(admitted),
    };
  }

  async #serve({ stream, remote }: Admitted): Promise<void> {
    const { deskFor, onEvent } = this.#options;
    const machine = new ServerMachine(deskFor(remote), this.#options);
    const session = new Session(stream, machine, this.#now, (event) => onEvent(event, remote));
    this.#sessions.add(session);
    this.#sweeper ??= setTimeout(() => this.#sweep(), SWEEP_MS);
    try {
      await session.run();
    } finally {
      this.#sessions.delete(session);
      if (this.#sessions.size === 0) {
        clearTimeout(this.#sweeper);
        this.#sweeper = undefined;
      }
    }
  }

  #sweep(): void {
    this.#sweeper = setTimeout(() => this.#sweep(), SWEEP_MS);
    const now = this.#now();
    for (const session of this.#sessions) session.wake(now);
  }
}

/** One connection. */
class Session {
  readonly #stream: ByteStream;
  readonly #machine: ServerMachine;
  readonly #now: () => number;
  readonly #onEvent: (event: ServerEvent) => void;
  #done = false;
  #failure: unknown;

  constructor(
    stream: ByteStream,
    machine: ServerMachine,
    now: () => number,
    onEvent: (event: ServerEvent) => void,
  ) {
    this.#stream = stream;
    this.#machine = machine;
    this.#now = now;
    this.#onEvent = onEvent;
  }

  /** Resolves when the session is over. */
  async run(): Promise<void> {
    this.#machine.start(this.#now());
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    try {
      while (!this.#done) {
        const count = await this.#stream.read(buffer);
        if (this.#done) break;
        const step = count === null
          ? this.#machine.end(this.#now())
          : this.#machine.receive(buffer.subarray(0, count), this.#now());
        await this.#apply(step);
      }
    } catch (error) {
      // A session that was ended by its deadline has closed the stream under a read or write.
      if (!(this.#done && error instanceof NetFault)) throw error;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends or refuses the session if its deadline is over. */
  wake(now: number): void {
    const { wakeAt } = this.#machine;
    if (this.#done || wakeAt === undefined || now < wakeAt) return;
    this.#apply(this.#machine.tick(now)).catch((error) => this.#fail(error));
  }

  async #apply(step: Step<ServerEvent>): Promise<void> {
    for (const bytes of step.send) await this.#write(bytes);
    for (const event of step.events) {
      if (event.type === "half-close") await this.#stream.closeWrite();
      else this.#onEvent(event);
    }
    if (step.done) this.#close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += WRITE_SLICE_BYTES) {
      await this.#stream.write(bytes.subarray(at, at + WRITE_SLICE_BYTES));
      this.#machine.progress(this.#now());
    }
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#close();
  }

  #close(): void {
    this.#done = true;
    this.#stream.close();
  }
}
