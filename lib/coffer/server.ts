/**
 * Serves connections behind a gate: reads, feeds the machine, writes what it answers. A session is
 * short and a kept reply is a look-up, so nothing is made per connection but the machine and a
 * small buffer: one timer looks after the deadlines of all.
 *
 * @module
 */

import type { HostPort } from "../net/address.ts";
import type { Admitted, GatedPort } from "../net/gate.ts";
import { IDLE, type Step } from "../net/machine.ts";
import { type ByteStream, NetFault } from "../net/stream.ts";
import type { Framing } from "./frame.ts";
import { type Desk, type ServerEvent, ServerMachine } from "./server_machine.ts";

/** The name by which limits, log and numbers know the protocol. */
export const PROTOCOL = "coffer";

/** Room for Hello and Get of either kind; what is longer takes two reads. */
const READ_BUFFER_BYTES = 256;
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
  #stopped = false;

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
      stop: () => this.#stop(),
    };
  }

  /** One function for the whole of a session: each further one that is waited for costs a share. */
  async #serve({ stream, remote }: Admitted): Promise<void> {
    const now = this.#now;
    const machine = new ServerMachine(this.#options.deskFor(remote), this.#options);
    const session = new Session(stream, machine, this.#options, now, remote);
    this.#sessions.add(session);
    this.#sweeper ??= setTimeout(() => this.#sweep(), SWEEP_MS);
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    try {
      machine.start(now());
      while (!session.done) {
        const count = await stream.read(buffer);
        if (session.done) break;
        const step = count === null
          ? machine.end(now())
          : machine.receive(buffer.subarray(0, count), now());
        if (step !== IDLE) await session.apply(step);
      }
    } catch (error) {
      // A session that was ended by its deadline has closed the stream under a read or write.
      if (!(session.done && error instanceof NetFault)) throw error;
    } finally {
      this.#sessions.delete(session);
      if (this.#stopped) this.#stop();
    }
    if (session.failure !== undefined) throw session.failure;
  }

  /** Sessions that are under way keep their deadlines. */
  #stop(): void {
    this.#stopped = true;
    if (this.#sessions.size === 0) clearTimeout(this.#sweeper);
  }

  /** Setting a timer costs a tenth of a session, so it outlives those that nobody waits after. */
  #sweep(): void {
    this.#sweeper = undefined;
    if (this.#sessions.size === 0) return;
    this.#sweeper = setTimeout(() => this.#sweep(), SWEEP_MS);
    const now = this.#now();
    for (const session of this.#sessions) session.wake(now);
  }
}

/** One connection. */
class Session {
  readonly #stream: ByteStream;
  readonly #machine: ServerMachine;
  readonly #options: CofferServerOptions;
  readonly #now: () => number;
  readonly #remote: HostPort;
  /** Nothing is to be read or written any more. */
  done = false;
  /** What went wrong while nobody waited for it. */
  failure: unknown;

  constructor(
    stream: ByteStream,
    machine: ServerMachine,
    options: CofferServerOptions,
    now: () => number,
    remote: HostPort,
  ) {
    this.#stream = stream;
    this.#machine = machine;
    this.#options = options;
    this.#now = now;
    this.#remote = remote;
  }

  /** Ends or refuses the session if its deadline is over. */
  wake(now: number): void {
    const { wakeAt } = this.#machine;
    if (this.done || wakeAt === undefined || now < wakeAt) return;
    this.apply(this.#machine.tick(now)).catch((error) => {
      this.failure ??= error;
      this.#close();
    });
  }

  /** Carries a step out. */
  async apply(step: Step<ServerEvent>): Promise<void> {
    for (const bytes of step.send) {
      for (let at = 0; at < bytes.length; at += WRITE_SLICE_BYTES) {
        const isShort = bytes.length <= WRITE_SLICE_BYTES;
        await this.#stream.write(isShort ? bytes : bytes.subarray(at, at + WRITE_SLICE_BYTES));
        this.#machine.progress(this.#now());
      }
    }
    for (const event of step.events) {
      if (event.type === "half-close") await this.#stream.closeWrite();
      else this.#options.onEvent(event, this.#remote);
    }
    if (step.done) this.#close();
  }

  #close(): void {
    this.done = true;
    this.#stream.close();
  }
}
