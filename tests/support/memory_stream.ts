// A pair of streams in memory: what is written to one is read from the other.

import { type ByteStream, NetFault } from "../../lib/net/mod.ts";

class Pipe {
  #chunks: Uint8Array[] = [];
  #ended = false;
  #lost = false;
  #wake: (() => void) | undefined;

  write(bytes: Uint8Array): void {
    if (this.#ended || this.#lost) throw new NetFault("lost", "Cannot write: broken pipe");
    if (bytes.length > 0) this.#chunks.push(bytes.slice());
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  lose(): void {
    this.#lost = true;
    this.#chunks = [];
    this.#wake?.();
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.#lost) throw new NetFault("lost", "Cannot read: connection reset");
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const chunk = this.#chunks[0] as Uint8Array;
    const part = chunk.subarray(0, into.length);
    into.set(part);
    if (part.length === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(part.length);
    return part.length;
  }
}

class MemoryStream implements ByteStream {
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  #closed = false;

  constructor(incoming: Pipe, outgoing: Pipe) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) throw new NetFault("closed", "Cannot read: closed");
    try {
      return await this.#incoming.read(into);
    } catch (error) {
      if (this.#closed) throw new NetFault("closed", "Cannot read: closed");
      throw error;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return Promise.resolve().then(() => {
      if (this.#closed) throw new NetFault("closed", "Cannot write: closed");
      this.#outgoing.write(bytes);
    });
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
}

/** Two connected streams. */
export function memoryStreamPair(): [ByteStream, ByteStream] {
  const [there, back] = [new Pipe(), new Pipe()];
  return [new MemoryStream(there, back), new MemoryStream(back, there)];
}
