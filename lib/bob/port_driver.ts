/**
 * Drives the machine of one of the relay's ports: reads, feeds, carries out what it asks for. Every
 * connection has a bounded queue of its own, so one that does not read stalls nobody else.
 *
 * @module
 */

import { type Admitted, type ByteStream, MAX_TIMER_MS, Outbox } from "../net/mod.ts";
import type { CloseAction, ConnectionId, PortMachine, SendAction } from "./port.ts";

/** Most bytes that wait for a peer which does not read; then its connection is closed. */
const OUTBOX_LIMIT_BYTES = 64 * 1024;
/** How long a closed connection may take to read what was sent to it before. */
const CLOSE_TIMEOUT_MS = 5_000;
const READ_BUFFER_BYTES = 4 * 1024;

const ascii = new TextEncoder();
let lastId = 0;

/** A connection of a port. */
export interface PortConnection {
  /** Its bytes. */
  readonly stream: ByteStream;
  /** What the machine sent and is not written yet. */
  readonly outbox: Outbox;
  /** The key by which limits count its address. */
  readonly group: string;
  /** Takes the connection over from the machine; it is called with what is read next. */
  takeover?: (first: Uint8Array | null) => Promise<void>;
}

type BaseAction = SendAction | CloseAction<string> | { readonly type: string };

/** What tells a driver about its machine's own actions. */
export type OnAction<Action> = (
  action: Action,
  connection: (id: ConnectionId) => PortConnection | undefined,
) => void;

/** Runs one machine for all connections of a port. */
export class PortDriver<Action extends BaseAction> {
  readonly #machine: PortMachine<Action>;
  readonly #onAction: OnAction<Action>;
  readonly #connections = new Map<ConnectionId, PortConnection>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakeAt: number | undefined;

  /** `onAction` is told of every action, those that the driver carries out itself included. */
  constructor(machine: PortMachine<Action>, onAction: OnAction<Action>) {
    this.#machine = machine;
    this.#onAction = onAction;
  }

  /** Serves one connection to its end; the caller closes the stream. */
  async serve({ stream, remote, group }: Admitted): Promise<void> {
    const id = ++lastId;
    const connection = { stream, outbox: new Outbox(stream, OUTBOX_LIMIT_BYTES), group };
    this.#connections.set(id, connection);
    try {
      const identity = ascii.encode(`${remote.host}:${remote.port}`);
      this.#machine.open(id, { identity, group }, performance.now());
      this.#schedule();
      await this.#readAll(id, connection);
    } finally {
      this.#carryOut(this.#machine.end(id, performance.now()));
      this.#connections.delete(id);
      await flush(connection);
    }
  }

  /** The relay stops: everybody is told. */
  stop(): void {
    this.#carryOut(this.#machine.stop());
    clearTimeout(this.#timer);
  }

  async #readAll(id: ConnectionId, connection: PortConnection): Promise<void> {
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    while (true) {
      const count = await connection.stream.read(buffer);
      const bytes = count === null ? null : buffer.subarray(0, count);
      if (connection.takeover !== undefined) return await connection.takeover(bytes);
      if (bytes === null) return;
      this.#carryOut(this.#machine.receive(id, bytes, performance.now()));
    }
  }

  #carryOut(actions: readonly Action[]): void {
    const queue = [...actions];
    for (let action = queue.shift(); action !== undefined; action = queue.shift()) {
      if (action.type === "send") queue.push(...this.#send(action as SendAction & Action));
      this.#onAction(action, (id) => this.#connections.get(id));
      if (action.type === "close") this.#close((action as CloseAction<string> & Action).connection);
    }
    this.#schedule();
  }

  /** What follows from sending: a connection whose queue is full has ended for the machine. */
  #send({ connection: id, bytes }: SendAction): readonly Action[] {
    const connection = this.#connections.get(id);
    if (connection === undefined) return [];
    const wasEmpty = connection.outbox.queued === 0;
    if (!connection.outbox.push(bytes)) {
      connection.stream.close();
      return this.#machine.end(id, performance.now());
    }
    if (wasEmpty) {
      connection.outbox.flush().then(
        () => this.#carryOut(this.#machine.drained(id)),
        () => {}, // the read fails too, and ends the connection
      );
    }
    return [];
  }

  #close(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    flush(connection).finally(() => connection.stream.close());
  }

  #schedule(): void {
    const wakeAt = this.#machine.wakeAt;
    if (wakeAt === this.#wakeAt) return;
    this.#wakeAt = wakeAt;
    clearTimeout(this.#timer);
    if (wakeAt === undefined) return;
    this.#timer = setTimeout(() => {
      this.#wakeAt = undefined;
      this.#carryOut(this.#machine.tick(performance.now()));
    }, Math.min(Math.max(0, wakeAt - performance.now()), MAX_TIMER_MS));
  }
}

/** Waits until everything is written, for a while; a peer that does not read is cut off. */
async function flush({ stream, outbox }: PortConnection): Promise<void> {
  const timer = setTimeout(() => stream.close(), CLOSE_TIMEOUT_MS);
  try {
    await outbox.flush();
  } catch {
    stream.close(); // the peer is gone: nobody is left to write to
  } finally {
    clearTimeout(timer);
  }
}
