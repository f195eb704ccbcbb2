// A pair of streams in memory: what is written to one is read from the other.

import { concat } from "@std/bytes/concat";
import { type ByteStream, NetFault } from "../../lib/net/mod.ts";

class Pipe {
  readonly #capacity: number;
  #chunks: Uint8Array[] = [];
  #held = 0;
  #ended = false;
  #lost = false;
  #changed = Promise.withResolvers<void>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async write(bytes: Uint8Array): Promise<void> {
    let left = bytes;
    do {
      if (this.#ended || this.#lost) throw new NetFault("lost", "Cannot write: broken pipe");
      const part = left.slice(0, this.#capacity - this.#held);
      if (part.length === 0 && left.length > 0) {
        await this.#changed.promise;
        continue;
      }
      if (part.length > 0) this.#chunks.push(part);
      this.#held += part.length;
      left = left.subarray(part.length);
      this.#change();
    } while (left.length > 0);
  }

  end(): void {
    this.#ended = true;
    this.#change();
  }

  lose(): void {
    this.#lost = true;
    this.#chunks = [];
    this.#change();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#lost) throw new NetFault("lost", "Cannot read: connection reset");
      if (this.#ended) return null;
      await this.#changed.promise;
    }
    const chunk = this.#chunks[0] as Uint8Array;
    const part = chunk.subarray(0, into.length);
    into.set(part);
    if (part.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(part.length);
    this.#held -= part.length;
    this.#change();
    return part.length;
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}

/** One end of a pair. */
export class MemoryStream implements ByteStream {
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  #closed = false;

  constructor(incoming: Pipe, outgoing: Pipe) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  /** Whether this end was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  async read(into: Uint8Array): Promise<number | null> {
    return await this.#open("read", () => this.#incoming.read(into));
  }

  async write(bytes: Uint8Array): Promise<void> {
    await Promise.resolve(); // as over a socket, a write does not go through at once
    await this.#open("write", () => this.#outgoing.write(bytes));
  }

  closeWrite(): Promise<void> {
    this.#outgoing.end();
    return Promise.resolve();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outgoing.end();
    this.#incoming.lose();
  }

  /** The connection breaks, for both ends. */
  reset(): void {
    this.#outgoing.lose();
    this.#incoming.lose();
  }

  async #open<T>(action: string, operation: () => Promise<T>): Promise<T> {
    const closed = () => new NetFault("closed", `Cannot ${action}: closed`);
    if (this.#closed) throw closed();
    try {
      return await operation();
    } catch (error) {
      throw this.#closed ? closed() : error;
    }
  }
}

/** Two connected streams; a write waits while `capacity` bytes are on their way unread. */
export function memoryStreamPair(capacity = Infinity): [MemoryStream, MemoryStream] {
  const [there, back] = [new Pipe(capacity), new Pipe(capacity)];
  return [new MemoryStream(there, back), new MemoryStream(back, there)];
}

/** Reads until the stream ends. */
export async function readAll(stream: ByteStream): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(64 * 1024);
  while (true) {
    const count = await stream.read(buffer);
    if (count === null) return concat(chunks);
    chunks.push(buffer.slice(0, count));
  }
}
