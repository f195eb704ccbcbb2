// Both ports of a relay without sockets: carries out what the machines ask, and checks on the way
// that they never ask for something that a driver could not do.

import { assert, assertEquals } from "@std/assert";
import {
  type MainAction,
  makeIdentity,
  RelayMachine,
  Rooms,
  type SecureAction,
  SecureMachine,
} from "../../../lib/bob/mod.ts";
import { earliest } from "../../../lib/net/mod.ts";

export type Port = "main" | "secure";

/** Times in seconds, as the protocol document gives them. */
export interface WorldOptions {
  readonly wait?: number;
  readonly handshake?: number;
  readonly maxRooms?: number;
  readonly maxWaitingPerGroup?: number;
  /** Whether to report that everything was written after each call. */
  readonly drains?: boolean;
}

interface Line {
  readonly id: number;
  readonly port: Port;
  readonly portNumber: number;
  received: string;
  closed: string | undefined;
  /** The connection that it was joined with. */
  joined: number | undefined;
}

const FIRST_PORT_NUMBER = 40001;

/** One character a byte. */
export function latin(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One character a byte. */
export function text(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

export class RelayWorld {
  readonly rooms = new Rooms();
  readonly main: RelayMachine;
  readonly secure: SecureMachine;
  /** What the machines told beside sending and closing. */
  readonly told: (MainAction | SecureAction)[] = [];
  readonly #lines = new Map<string, Line>();
  readonly #byId = new Map<number, Line>();
  readonly #drains: boolean;
  now = 0;

  constructor({ wait, handshake, maxRooms, maxWaitingPerGroup, drains = true }: WorldOptions = {}) {
    const waitTimeoutMs = wait === undefined ? undefined : wait * 1000;
    const handshakeTimeoutMs = handshake === undefined ? undefined : handshake * 1000;
    const limits = { waitTimeoutMs, handshakeTimeoutMs };
    this.main = new RelayMachine(this.rooms, { ...limits, maxRooms, maxWaitingPerGroup });
    this.secure = new SecureMachine(this.rooms, limits);
    this.#drains = drains;
  }

  /** Opens a connection; one name can be used once. */
  open(
    name: string,
    { port = "main", identity, group = "127.0.0.1" }: {
      port?: Port;
      identity?: string;
      group?: string;
    } = {},
  ): void {
    assert(!this.#lines.has(name), `"${name}" is in use`);
    const id = this.#lines.size + 1;
    const portNumber = FIRST_PORT_NUMBER + this.#lines.size;
    const line: Line = {
      id,
      port,
      portNumber,
      received: "",
      closed: undefined,
      joined: undefined,
    };
    this.#lines.set(name, line);
    this.#byId.set(id, line);
    const own = identity === undefined
      ? makeIdentity({ host: "127.0.0.1", port: portNumber })
      : latin(identity);
    this[port].open(id, { identity: own, group }, this.now);
  }

  /** The peer sends this, in chunks as given. */
  send(name: string, ...chunks: (string | Uint8Array)[]): void {
    const { id, port } = this.#line(name);
    for (const chunk of chunks) {
      const bytes = typeof chunk === "string" ? latin(chunk) : chunk.slice();
      this.#do(this[port].receive(id, bytes, this.now));
      bytes.fill(0xee); // whoever keeps a view of it is found out
    }
  }

  /** The peer ends its stream. */
  end(name: string): void {
    const { id, port } = this.#line(name);
    this.#do(port === "main" ? this.main.end(id) : this.secure.end(id, this.now));
  }

  /** Lets so many seconds pass, waking the machines when they want it. */
  wait(seconds: number): void {
    const end = this.now + seconds * 1000;
    const wakeAt = () => earliest(this.main.wakeAt, this.secure.wakeAt) ?? Infinity;
    for (let at = wakeAt(); at <= end; at = wakeAt()) {
      this.now = Math.max(this.now, at);
      this.#do(this.main.tick(this.now));
      this.#do(this.secure.tick(this.now));
      assert(wakeAt() > at, "Time stands still");
    }
    this.now = end;
  }

  drain(name: string): void {
    this.#do(this.main.drained(this.#line(name).id));
  }

  stop(): void {
    this.#do(this.main.stop());
    this.#do(this.secure.stop());
  }

  /** Takes what was sent to the peer since the last time. */
  take(name: string): string {
    const line = this.#line(name);
    const { received } = line;
    line.received = "";
    return received;
  }

  /** Why the relay closed the connection; undefined while it is open. */
  closed(name: string): string | undefined {
    return this.#line(name).closed;
  }

  /** The name of the connection that this one was joined with. */
  joined(name: string): string | undefined {
    const other = this.#line(name).joined;
    return [...this.#lines].find(([, { id }]) => id === other)?.[0];
  }

  portNumber(name: string): number {
    return this.#line(name).portNumber;
  }

  id(name: string): number {
    return this.#line(name).id;
  }

  names(): string[] {
    return [...this.#lines.keys()];
  }

  #line(name: string): Line {
    const line = this.#lines.get(name);
    assert(line !== undefined, `Nobody is called "${name}"`);
    return line;
  }

  #do(actions: readonly (MainAction | SecureAction)[]): void {
    const written = new Set<number>();
    for (const action of actions) {
      if (action.type === "send") {
        this.#usable(action.connection).received += text(action.bytes);
        written.add(action.connection);
      } else if (action.type === "close") {
        this.#usable(action.connection).closed = action.reason;
      } else {
        this.told.push(action);
        if (action.type === "joined") {
          this.#usable(action.client).joined = action.server;
          this.#usable(action.server).joined = action.client;
        }
      }
    }
    if (!this.#drains) return;
    for (const id of written) this.#do(this.main.drained(id));
  }

  #usable(id: number): Line {
    const line = this.#byId.get(id);
    assert(line !== undefined, `Connection ${id} does not exist`);
    assertEquals(line.closed, undefined, "Closed already");
    assertEquals(line.joined, undefined, "Joined already");
    return line;
  }
}
