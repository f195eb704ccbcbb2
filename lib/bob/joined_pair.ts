/**
 * Two connections of the secure port that were joined: bytes pass both ways until one side ends
 * (section 5 of the protocol document).
 *
 * @module
 */

import { type BufferBudget, type ByteStream, forward } from "../net/mod.ts";
import type { PortConnection } from "./port_driver.ts";
import { CLOSE_MARKER } from "./record.ts";

/** How long a peer may take to read what is on its way when the pair ends. */
const END_TIMEOUT_MS = 5_000;

/** What a pair needs from its relay. */
export interface PairContext {
  /** Memory shared with all pairs. */
  readonly budget: BufferBudget;
  /** Told of bytes read from an address; a promise delays the next read. */
  readonly countBytes: (group: string, bytes: number) => void | Promise<void>;
  /** The pair is over. */
  readonly onEnd: (pair: JoinedPair) => void;
}

/** A pair between whose ends bytes pass. */
export class JoinedPair {
  readonly #sides: readonly [Side, Side];
  readonly #context: PairContext;
  #ended = false;
  #bytes = 0;
  /** When the last byte was read, in milliseconds. */
  lastActive = performance.now();

  /** Takes both connections over from the machine of the port. */
  constructor(a: PortConnection, b: PortConnection, context: PairContext) {
    this.#context = context;
    this.#sides = [new Side(a), new Side(b)];
    const [first, second] = this.#sides;
    a.takeover = (bytes) => this.#run(first, second, bytes);
    b.takeover = (bytes) => this.#run(second, first, bytes);
  }

  /** Bytes passed so far, both ways together. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Ends the pair: the marker to both, then both are closed. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#context.onEnd(this);
    await Promise.all(this.#sides.map((side) => side.finish()));
  }

  /**
   * The relay stops: both are closed without the marker, which would tell a sender that its
   * receiver has ended the transfer.
   */
  abandon(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#context.onEnd(this);
    for (const side of this.#sides) side.close();
  }

  /** Passes on what comes from one side, beginning with what was read before anybody knew. */
  async #run(from: Side, to: Side, first: Uint8Array | null): Promise<void> {
    try {
      await to.ready();
      if (first === null) return;
      await this.#count(from.group, first.length);
      await to.write(first);
      await forward(from, to, {
        budget: this.#context.budget,
        onBytes: (count) => this.#count(from.group, count),
      });
    } finally {
      await this.end();
    }
  }

  #count(group: string, bytes: number): void | Promise<void> {
    this.#bytes += bytes;
    this.lastActive = performance.now();
    return this.#context.countBytes(group, bytes);
  }
}

/** One connection of a pair, whose writes are kept in order with the marker. */
class Side implements Pick<ByteStream, "read" | "write"> {
  readonly #connection: PortConnection;
  #last: Promise<unknown> = Promise.resolve();

  constructor(connection: PortConnection) {
    this.#connection = connection;
  }

  get group(): string {
    return this.#connection.group;
  }

  /** The answer `00` must be written before anything else. */
  ready(): Promise<void> {
    return this.#connection.outbox.flush();
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#connection.stream.read(into);
  }

  write(bytes: Uint8Array): Promise<void> {
    const written = this.#last.then(() => this.#connection.stream.write(bytes));
    this.#last = written.catch(() => {}); // whoever asked for the write learns of the failure
    return written;
  }

  /** Writes the marker behind all that is on its way, then closes; a peer that does not read is cut off. */
  async finish(): Promise<void> {
    const { stream } = this.#connection;
    const timer = setTimeout(() => stream.close(), END_TIMEOUT_MS);
    await this.write(CLOSE_MARKER).catch(() => {}); // this side may be the one that is gone
    clearTimeout(timer);
    stream.close();
  }

  close(): void {
    this.#connection.stream.close();
  }
}
