// A box between a program and a relay's port, which passes bytes on and may spoil them.

import type { HostPort } from "../../lib/net/mod.ts";

/** Where bytes go: to the relay, or to the program. */
export type Way = "up" | "down";

/**
 * What a box does with a chunk, of which `offset` bytes of its way have passed before: gives what
 * is passed on instead, or "cut" to close both connections.
 */
export type Meddle = (chunk: Uint8Array, offset: number, way: Way) => Uint8Array | "cut";

/** A listening box. */
export class MiddleBox implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<Deno.Conn>();
  readonly #running: Promise<unknown>[] = [];
  readonly #meddle: Meddle;
  readonly #target: HostPort;

  /** Listens on a free loopback port. */
  constructor({ host, port }: HostPort, meddle: Meddle) {
    this.#target = { host, port };
    this.#meddle = meddle;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#running.push(this.#accept());
  }

  /** Where it listens. */
  get at(): HostPort {
    return { host: "127.0.0.1", port: this.#listener.addr.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    try {
      for await (const near of this.#listener) {
        this.#connections.add(near);
        this.#running.push(this.#join(near));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error; // the listener was closed
    }
  }

  async #join(near: Deno.Conn): Promise<void> {
    const { host: hostname, port } = this.#target;
    const far = await Deno.connect({ hostname, port });
    this.#connections.add(far);
    await Promise.all([this.#pass(near, far, "up"), this.#pass(far, near, "down")]);
  }

  /** Until either side ends; then both are closed. */
  async #pass(from: Deno.Conn, to: Deno.Conn, way: Way): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    let offset = 0;
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        const passed = this.#meddle(buffer.slice(0, n), offset, way);
        offset += n;
        if (passed === "cut") return;
        for (let done = 0; done < passed.length;) done += await to.write(passed.subarray(done));
      }
    } catch {
      // one side is gone: the other one follows
    } finally {
      close(from);
      close(to);
    }
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error; // closed before
  }
}
