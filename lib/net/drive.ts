/**
 * Runs a machine over a stream: reads, feeds, writes, wakes it when its time-out is due.
 *
 * @module
 */

import type { Machine, Step } from "./machine.ts";
import { Outbox } from "./outbox.ts";
import { type ByteStream, NetFault } from "./stream.ts";
import { MAX_TIMER_MS } from "./timer.ts";

const READ_BUFFER_BYTES = 64 * 1024;
/** Bytes that may wait for a peer that does not read, unless a driver says otherwise. */
export const OUTBOX_LIMIT_BYTES = 64 * 1024 * 1024;

/** What a driver needs beside stream and machine. */
export interface DriveOptions<Event> {
  /** Called for each event, in order; what it returns is awaited before the next one. */
  readonly onEvent: (event: Event) => void | Promise<void>;
  /** Ends the run: the stream is closed and {@linkcode Driver.run} rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of a monotonic clock. */
  readonly now?: (() => number) | undefined;
  /** Most bytes that may wait to be written, {@linkcode OUTBOX_LIMIT_BYTES} unless given. */
  readonly outboxLimit?: number | undefined;
}

/** Drives one machine over one stream. */
export class Driver<Event> {
  readonly #stream: ByteStream;
  readonly #machine: Machine<Event>;
  readonly #options: DriveOptions<Event>;
  readonly #now: () => number;
  readonly #outbox: Outbox;
  #events: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAt: number | undefined; // when the timer runs out, while it runs
  #done = false;
  #failure: unknown;

  /** The driver owns the stream and closes it when {@linkcode Driver.run} settles. */
  constructor(stream: ByteStream, machine: Machine<Event>, options: DriveOptions<Event>) {
    this.#stream = stream;
    this.#machine = machine;
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#outbox = new Outbox(stream, options.outboxLimit ?? OUTBOX_LIMIT_BYTES);
  }

  /**
   * Runs until the machine is done; everything that it sent has then been written.
   *
   * @throws {NetFault} when the connection is lost before, or the signal's reason.
   */
  async run(): Promise<void> {
    const signal = this.#options.signal;
    const abort = () => this.#fail(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      signal?.throwIfAborted();
      this.apply(this.#machine.start(this.#now()));
      await this.#readAll();
      await this.#events;
      await this.#outbox.flush();
      if (this.#failure !== undefined) throw this.#failure;
    } catch (error) {
      // A failed write closes the stream: that is the cause, the interrupted read its consequence.
      throw this.#failure ?? this.#outbox.failure ?? error;
    } finally {
      signal?.removeEventListener("abort", abort);
      this.#done = true; // a step that comes from outside from now on starts nothing
      this.#disarm();
      this.#stream.close();
    }
  }

  /** Carries out a step that came from outside the stream, such as a user's answer. */
  apply(step: Step<Event>): void {
    if (this.#done) return;
    for (const bytes of step.send) {
      if (!this.#outbox.push(bytes)) {
        const unread = new NetFault("lost", "Cannot write: the other side does not read");
        this.#fail(this.#outbox.failure ?? unread);
        return;
      }
    }
    for (const event of step.events) {
      this.#events = this.#events.then(() => this.#options.onEvent(event));
    }
    this.#events.catch((error) => this.#fail(error));
    if (step.done) this.#finish();
    else this.#schedule();
  }

  /**
   * Ends the writing half once everything that waits has been written; reading goes on.
   *
   * @throws {NetFault} when the connection is lost before.
   */
  async closeWrite(): Promise<void> {
    await this.#outbox.flush();
    await this.#stream.closeWrite();
  }

  async #readAll(): Promise<void> {
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    while (!this.#done) {
      const count = await this.#read(buffer);
      if (this.#done) return;
      const now = this.#now();
      if (count === null) {
        this.apply(this.#machine.end(now));
        return;
      }
      this.apply(this.#machine.receive(buffer.subarray(0, count), now));
    }
  }

  /** The number of bytes read; a read that was cut short by our own end counts as none. */
  async #read(buffer: Uint8Array): Promise<number | null> {
    try {
      return await this.#stream.read(buffer);
    } catch (error) {
      if (this.#done) return null;
      throw error;
    }
  }

  /** After the last step: write what waits, then close, which also ends a pending read. */
  #finish(): void {
    this.#done = true;
    this.#disarm();
    this.#outbox.flush().then(
      () => this.#stream.close(),
      (error) => this.#fail(error),
    );
  }

  #fail(reason: unknown): void {
    this.#failure ??= reason;
    this.#done = true;
    this.#disarm();
    this.#stream.close();
  }

  /**
   * Arms the timer. One that runs out earlier is left alone: time-outs move away with each packet,
   * and a timer for each would cost as much as the packet.
   */
  #schedule(): void {
    const wakeAt = this.#machine.wakeAt;
    if (wakeAt !== undefined && this.#timerAt !== undefined && this.#timerAt <= wakeAt) return;
    this.#disarm();
    if (wakeAt === undefined) return;
    const now = this.#now();
    const delay = Math.min(Math.max(0, wakeAt - now), MAX_TIMER_MS);
    this.#timerAt = now + delay;
    this.#timer = setTimeout(() => this.#wake(), delay);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timerAt = undefined;
  }

  /** A machine that throws ends its own connection, not the process. */
  #wake(): void {
    this.#timerAt = undefined;
    const now = this.#now();
    const wakeAt = this.#machine.wakeAt;
    if (wakeAt === undefined || now < wakeAt) return this.#schedule(); // the timer came early
    try {
      this.apply(this.#machine.tick(now));
    } catch (error) {
      this.#fail(error);
    }
  }
}
