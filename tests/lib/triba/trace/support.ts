// A core and a backend of this library that talk through a wire that a test can look into.

import { concat } from "@std/bytes/concat";
import {
  BackendMachine,
  type BackendSettings,
  type CoreEvent,
  CoreMachine,
  type CoreSettings,
  KEY_EXCHANGE,
  makeId,
} from "../../../../lib/triba/mod.ts";
import type { BackendMachineEvent } from "../../../../lib/triba/mod.ts";
import type { Step } from "../../../../lib/net/mod.ts";

export const random = (length: number): Uint8Array<ArrayBuffer> =>
  crypto.getRandomValues(new Uint8Array(length));

/** One way to talk. */
export interface Way {
  readonly byteOrder: "big" | "little";
  readonly form: "compact" | "tagged";
  readonly handshake: "plain" | "versioned";
  readonly sealed: boolean;
}

export function nameOf({ byteOrder, form, handshake, sealed }: Way): string {
  return `${form}, ${byteOrder}-endian, ${handshake}${sealed ? ", sealed-1" : ""}`;
}

/** Every way that the document has. */
export function allWays(): Way[] {
  const kinds = [
    { handshake: "plain", sealed: false },
    { handshake: "versioned", sealed: false },
    { handshake: "versioned", sealed: true },
  ] as const;
  return (["big", "little"] as const).flatMap((byteOrder) =>
    (["compact", "tagged"] as const).flatMap((form) =>
      kinds.map((kind) => ({ byteOrder, form, ...kind }))
    )
  );
}

/** What carries bytes from one side to the other; returns what arrives there, and what comes back. */
export interface Wire {
  fromCore(bytes: Uint8Array): void;
  fromBackend(bytes: Uint8Array): void;
  /** Takes what has arrived. */
  takeForCore(): Uint8Array;
  takeForBackend(): Uint8Array;
}

/** A wire that carries everything as it is, and lets somebody see it. */
export class DirectWire implements Wire {
  #forCore: Uint8Array[] = [];
  #forBackend: Uint8Array[] = [];

  constructor(readonly see: (from: "core" | "backend", bytes: Uint8Array) => void = () => {}) {}

  fromCore(bytes: Uint8Array): void {
    this.see("core", bytes);
    this.#forBackend.push(bytes);
  }

  fromBackend(bytes: Uint8Array): void {
    this.see("backend", bytes);
    this.#forCore.push(bytes);
  }

  takeForCore(): Uint8Array {
    return concat(this.#forCore.splice(0));
  }

  takeForBackend(): Uint8Array {
    return concat(this.#forBackend.splice(0));
  }
}

/** Both sides. */
export class Pair {
  readonly core: CoreMachine;
  readonly backend: BackendMachine;
  readonly coreEvents: CoreEvent[] = [];
  readonly backendEvents: BackendMachineEvent[] = [];

  constructor(
    readonly wire: Wire,
    core: Partial<CoreSettings>,
    backend: Partial<BackendSettings>,
    onKey: (key: Uint8Array) => void = () => {},
  ) {
    this.core = new CoreMachine({
      admit: () => ({ agent: "core/1", ...core }),
      random,
      exchange: {
        makeKeyPair: KEY_EXCHANGE.makeKeyPair,
        computePacketKey: (secretKey, peerKey) => {
          const key = KEY_EXCHANGE.computePacketKey(secretKey, peerKey);
          onKey(key);
          return key;
        },
      },
    });
    this.backend = new BackendMachine({
      settings: { id: makeId(random), agent: "backend/1", ...backend },
      random,
    });
  }

  start(): void {
    this.atCore(this.core.start(0));
    this.atBackend(this.backend.start(0));
  }

  atCore(step: Step<CoreEvent>): void {
    for (const bytes of step.send) this.wire.fromCore(bytes);
    this.coreEvents.push(...step.events);
    for (const event of step.events) {
      if (event.type === "request") this.atCore(this.core.respond(event.id, { type: "Success" }));
    }
  }

  atBackend(step: Step<BackendMachineEvent>): void {
    for (const bytes of step.send) this.wire.fromBackend(bytes);
    this.backendEvents.push(...step.events);
    for (const event of step.events) {
      if (event.type === "shutdown") this.atBackend(this.backend.stop());
      if (event.type !== "request") continue;
      const { body } = event;
      this.atBackend(this.backend.respond(
        event.id,
        body.type === "SendMessage"
          ? { type: "Sent", message: `$${body.txn}` }
          : body.type === "Login"
          ? { type: "LoginStep", kind: "qr", text: "qr-text", fields: [] }
          : body.type === "ListRooms"
          ? { type: "Rooms", rooms: [] }
          : { type: "Success" },
      ));
    }
  }

  /** Carries bytes in pieces until both are silent. */
  run(chunk = 65_536): void {
    while (true) {
      const forCore = this.wire.takeForCore();
      const forBackend = this.wire.takeForBackend();
      if (forCore.length + forBackend.length === 0) return;
      for (let at = 0; at < forCore.length; at += chunk) {
        this.atCore(this.core.receive(forCore.subarray(at, at + chunk), 0));
      }
      for (let at = 0; at < forBackend.length; at += chunk) {
        this.atBackend(this.backend.receive(forBackend.subarray(at, at + chunk), 0));
      }
    }
  }
}

/** A conversation with logins, both directions and an end. */
export function converse(pair: Pair, chunk?: number): void {
  pair.start();
  pair.run(chunk);
  pair.atCore(pair.core.request({ type: "ListRooms" }, 0));
  pair.atCore(pair.core.request({ type: "Login", account: "ann", secret: "s3cret" }, 0));
  const content = { type: "Text", text: "h\u00e9llo" } as const;
  pair.atCore(pair.core.request({ type: "SendMessage", room: "a", txn: "t", content }, 0));
  const message = { id: "m", room: "a", sender: "b", sent_ms: 1, content };
  pair.atBackend(
    pair.backend.request({ type: "Event", event: { type: "MessageReceived", message } }, 0),
  );
  pair.run(chunk);
  pair.atCore(pair.core.shutdown(0));
  pair.run(chunk);
}
