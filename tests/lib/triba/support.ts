// Peers and vectors for the tests of TriBA. The scripted peer shares no code with the library: its
// packets are sealed by noble's own cipher and encoded by another MessagePack package.

import { gcmsiv } from "@noble/ciphers/aes.js";
import { decode, encode } from "@msgpack/msgpack";
import { concat } from "@std/bytes/concat";
import { decodeHex } from "@std/encoding/hex";
import {
  BackendMachine,
  type BackendSettings,
  computePacketKey,
  CoreMachine,
  type CoreSettings,
  type KeyExchange,
  makeKeyPair,
  type SessionEvent,
  type Timeouts,
  TribaFault,
} from "../../../lib/triba/mod.ts";
import type { AnyRequest } from "../../../lib/triba/mod.ts";
import type { Step } from "../../../lib/net/mod.ts";

const FOLDER = new URL("../../vectors/triba/", import.meta.url);

/** A vector file; its form is described in the folder's README. */
export function vectors<T>(name: string): T {
  return JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, FOLDER)));
}

/** The inputs that all vectors share, and the spawn secret of sealed-1. */
export const INPUTS: Readonly<
  Record<
    | "uuid"
    | "core_secret"
    | "core_public"
    | "cbs_secret"
    | "cbs_public"
    | "nonce"
    | "packet_key"
    | "spawn_secret",
    Uint8Array
  >
> = Object.fromEntries(
  Object.entries(vectors<{ inputs: Record<string, string> }>("sealed-1").inputs)
    .filter(([name]) => name !== "spawn_line")
    .map(([name, hex]) => [name, decodeHex(hex)]),
) as never;

/** Random bytes that are known beforehand, in the order in which they are asked for. */
export function fixedRandom(...values: readonly Uint8Array[]): (length: number) => Uint8Array {
  const left = [...values];
  return (length) => {
    const value = left.shift();
    if (value?.length !== length) throw new Error(`Test wants no ${length} random bytes here`);
    return value.slice();
  };
}

/** X25519 that remembers: the same keys come up thousands of times, and noble takes a millisecond. */
export const REMEMBERING: KeyExchange = {
  makeKeyPair: (random) => {
    const secretKey = random(32).slice();
    const publicKey = remember(`public ${secretKey}`, () => makeKeyPair(() => secretKey).publicKey);
    return { secretKey, publicKey };
  },
  computePacketKey: (secretKey, peerKey) =>
    remember(`${secretKey} ${peerKey}`, () => computePacketKey(secretKey, peerKey)),
};

const remembered = new Map<string, Uint8Array>();

function remember(key: string, compute: () => Uint8Array): Uint8Array {
  const known = remembered.get(key) ?? compute();
  remembered.set(key, known.slice());
  return known.slice();
}

/** The vectors' agents and features, and nothing of later versions. */
export const CORE_1_0 = { agent: "triba-core/1.0", minor: 0, features: [] } as const;
export const ECHO_1_0 = { agent: "triba-echo/1.0", minor: 0, features: [] } as const;

export function makeCore(
  settings: Partial<CoreSettings> = {},
  timeouts: Partial<Timeouts> = {},
): CoreMachine {
  return new CoreMachine({
    admit: (id) => {
      if (id.every((byte, i) => byte === INPUTS.uuid[i])) return { ...CORE_1_0, ...settings };
      throw new TribaFault("unknown-id", "Cannot admit an id: unknown");
    },
    random: fixedRandom(INPUTS.core_secret, INPUTS.nonce),
    exchange: REMEMBERING,
    timeouts,
  });
}

export function makeBackend(
  settings: Partial<BackendSettings> = {},
  timeouts: Partial<Timeouts> = {},
): BackendMachine {
  return new BackendMachine({
    settings: { id: INPUTS.uuid, ...ECHO_1_0, ...settings },
    random: fixedRandom(INPUTS.cbs_secret),
    exchange: REMEMBERING,
    timeouts,
  });
}

/** What a peer got, as plain values: `[id, body]` or `[id, req, body]`. */
export type Seen = unknown[];

/** The other side, played by the test. */
export class Peer {
  nextId = 0;
  #opened = 0;
  #rest = new Uint8Array();
  /** Keys under sealed-1; packets are then sealed with their number as nonce. */
  sealed: { sending: Uint8Array; opening: Uint8Array } | undefined;

  constructor(readonly littleEndian = false) {}

  seal(plaintext: Uint8Array, id: number): Uint8Array {
    const key = this.sealed?.sending ?? INPUTS.packet_key;
    return gcmsiv(key, this.#nonce(id)).encrypt(plaintext);
  }

  frame(payload: Uint8Array): Uint8Array {
    const size = new Uint8Array(4);
    new DataView(size.buffer).setUint32(0, payload.length, this.littleEndian);
    return concat([size, payload]);
  }

  plaintext(plaintext: Uint8Array | string): Uint8Array {
    const bytes = typeof plaintext === "string" ? decodeHex(plaintext) : plaintext;
    return this.frame(this.seal(bytes, this.nextId++));
  }

  request(body: unknown): Uint8Array {
    return this.plaintext(encode([this.nextId, body]));
  }

  response(req: number, body: unknown): Uint8Array {
    return this.plaintext(encode([this.nextId, req, body]));
  }

  /** Reads what a machine sent; raw bytes of the handshake must be taken off before. */
  read(step: { readonly send: readonly Uint8Array[] }): Seen[] {
    this.#rest = concat([this.#rest, ...step.send]);
    const seen: Seen[] = [];
    while (this.#rest.length >= 4) {
      const view = new DataView(this.#rest.buffer, this.#rest.byteOffset);
      const size = view.getUint32(0, this.littleEndian);
      const key = this.sealed?.opening ?? INPUTS.packet_key;
      const payload = this.#rest.subarray(4, 4 + size);
      const plaintext = gcmsiv(key, this.#nonce(this.#opened++)).decrypt(payload);
      seen.push(decode(plaintext) as Seen);
      this.#rest = this.#rest.slice(4 + size);
    }
    return seen;
  }

  #nonce(id: number): Uint8Array {
    if (this.sealed === undefined) return INPUTS.nonce;
    const nonce = new Uint8Array(12);
    new DataView(nonce.buffer).setUint32(8, id);
    return nonce;
  }
}

export type AnyMachine = CoreMachine | BackendMachine;
export type AnyStep = Step<SessionEvent<AnyRequest>>;

/** Terms on which a test opens a session. */
export interface Terms {
  readonly minor?: number;
  readonly features?: readonly string[];
  /** Without step 9. */
  readonly plain?: boolean;
  readonly timeouts?: Partial<Timeouts>;
}

/** A core with an open session; the peer plays the backend. */
export function openCore(terms: Terms = {}): { machine: CoreMachine; peer: Peer } {
  const { minor = 1, features = [] } = terms;
  const machine = makeCore(
    { minor, features, handshake: terms.plain ? "plain" : "versioned" },
    terms.timeouts,
  );
  const peer = new Peer();
  machine.start(0);
  machine.receive(INPUTS.uuid, 0);
  machine.receive(INPUTS.cbs_public, 0);
  let seen = peer.read(machine.receive(peer.request("HandshakeUpgradeConnection"), 0));
  if (!terms.plain) {
    const version = { ApiVersion: [1, minor, "peer/1", features] };
    seen = peer.read(machine.receive(peer.response(seen[1]?.[0] as number, version), 0));
  }
  machine.receive(peer.response(seen.at(-1)?.[0] as number, "Success"), 0);
  return { machine, peer };
}

/** A backend with an open session; the peer plays the core. */
export function openBackend(terms: Terms = {}): { machine: BackendMachine; peer: Peer } {
  const { minor = 1, features = [] } = terms;
  const machine = makeBackend({ minor, features }, terms.timeouts);
  const peer = new Peer();
  machine.start(0);
  machine.receive(INPUTS.core_public, 0);
  const [upgrade] = peer.read(machine.receive(INPUTS.nonce, 0));
  machine.receive(peer.response(upgrade?.[0] as number, "Success"), 0);
  if (!terms.plain) {
    const version = { ApiVersion: [1, minor, "peer/1", features] };
    peer.read(machine.receive(peer.request(version), 0));
  }
  peer.read(machine.receive(peer.request("HandshakeSuccess"), 0));
  return { machine, peer };
}

/** The fault that a step ended with. */
export function faultOf(step: AnyStep): TribaFault | undefined {
  const last = step.events.at(-1);
  return last?.type === "fault" ? last.fault : undefined;
}

/** The events of a kind. */
export function eventsOf<T extends SessionEvent<AnyRequest>["type"]>(
  step: AnyStep,
  type: T,
): Extract<SessionEvent<AnyRequest>, { readonly type: T }>[] {
  return step.events.filter((event) => event.type === type) as never;
}

/** What a machine did with a whole input. */
export interface Played {
  readonly sent: Uint8Array;
  readonly events: readonly SessionEvent<AnyRequest>[];
  readonly fault: TribaFault | undefined;
}

/** Feeds chunks to a machine that has started, and carries out what the test does on its events. */
export function play(
  machine: AnyMachine,
  chunks: readonly Uint8Array[],
  onEvent: (event: SessionEvent<AnyRequest>) => AnyStep | readonly AnyStep[] | undefined = () =>
    undefined,
): Played {
  const sent: Uint8Array[] = [];
  const events: SessionEvent<AnyRequest>[] = [];
  const apply = (step: AnyStep): void => {
    sent.push(...step.send);
    events.push(...step.events);
    for (const event of step.events) for (const next of [onEvent(event) ?? []].flat()) apply(next);
  };
  for (const chunk of chunks) apply(machine.receive(chunk, 0));
  const last = events.find((event) => event.type === "fault");
  return {
    sent: concat(sent),
    events,
    fault: last?.type === "fault" ? last.fault : undefined,
  };
}
