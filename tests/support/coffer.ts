// What coffer's tests share: the recorded vectors, keys by name, randomness that is none.

import { decodeHex } from "@std/encoding/hex";
import { concat } from "@std/bytes/concat";
import {
  type Frame,
  FrameDecoder,
  type Framing,
  type KeyPair,
  type RandomSource,
} from "../../lib/coffer/mod.ts";
import type { Machine, Step } from "../../lib/net/machine.ts";

const VECTORS = new URL("../vectors/coffer/", import.meta.url);

/** A file of vectors; the caller says what it looks like. */
export function readVectors<Shape>(name: string): Shape {
  return JSON.parse(Deno.readTextFileSync(new URL(name, VECTORS)));
}

export interface CertificateVector {
  readonly name: string;
  readonly fileHex: string;
  readonly publicKeyHex: string;
  readonly secretKeyHex: string;
  readonly id: string;
}

export interface CertificateVectors {
  readonly certificates: readonly CertificateVector[];
  readonly readerVariants: readonly {
    readonly id: string;
    readonly what: string;
    readonly fileHex: string;
    readonly accepted: boolean;
    readonly publicKey?: string;
  }[];
}

export interface DefinitionVector {
  readonly name: string;
  readonly sealedTo: string;
  readonly sealedHex: string;
  readonly toml: string;
}

export interface SessionVector {
  readonly name: string;
  readonly definition: string | null;
  readonly serverKey: string;
  readonly clientKey: string;
  readonly clientToServerHex: string;
  readonly serverToClientHex: string;
  readonly plaintextHex: string;
  readonly entries?: readonly { readonly key: string; readonly valueHex: string }[];
  readonly environment: Readonly<Record<string, string>>;
}

const { certificates } = readVectors<CertificateVectors>("certificates.json");
const { definitions } = readVectors<{ readonly definitions: readonly DefinitionVector[] }>(
  "definitions.json",
);

/** One of the recorded key pairs; a new copy each time, since secret keys may be wiped. */
export function keyPair(name: string): KeyPair {
  const found = certificates.find((certificate) => certificate.name === name);
  if (found === undefined) throw new RangeError(`Cannot find key "${name}"`);
  return { publicKey: decodeHex(found.publicKeyHex), secretKey: decodeHex(found.secretKeyHex) };
}

/** One of the recorded definitions. */
export function definition(name: string): DefinitionVector {
  const found = definitions.find((vector) => vector.name === name);
  if (found === undefined) throw new RangeError(`Cannot find definition "${name}"`);
  return found;
}

/** The definition of the large recorded session, which is too long to be kept as a vector. */
export function bigDefinition(): string {
  const entries = Array.from(
    { length: 17 },
    (_, index) => `K${String(index).padStart(2, "0")} = "${"0123456789abcdef".repeat(256)}"\n`,
  );
  const { id } = certificates.find(({ name }) => name === "big") ?? { id: "" };
  return `[big]\nid = "${id}"\n${entries.join("")}`;
}

/** Gives the listed arrays, one per call, and fails when asked for more or other lengths. */
export function scriptedRandom(...hexes: readonly string[]): RandomSource {
  const left = [...hexes];
  return (length) => {
    const bytes = decodeHex(left.shift() ?? "");
    if (bytes.length !== length) throw new RangeError(`Cannot give ${length} scripted bytes`);
    return bytes;
  };
}

/** Randomness of the runtime. */
export const random: RandomSource = (length) => crypto.getRandomValues(new Uint8Array(length));

/** The bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** The hand-made sessions of proposed.json. */
export interface Proposed {
  readonly narrowSession: {
    readonly helloHex: string;
    readonly linkHex: string;
    readonly getHex: string;
    readonly okGetHex: string;
    readonly byeHex: string;
    readonly plaintextHex: string;
  };
  readonly narrowErrors: { readonly keyNotFoundHex: string; readonly errorHex: string };
  readonly wideSession: {
    readonly helloHex: string;
    readonly getHex: string;
    readonly okGetHex: string;
    readonly byeHex: string;
    readonly plaintextHex: string;
    readonly keyNotFoundHex: string;
    readonly errorHex: string;
  };
}

/** The authenticated mode with written-down random numbers. */
export interface AuthenticatedVectors {
  readonly client: string;
  readonly server: string;
  readonly companion: string;
  readonly toml: string;
  readonly cases: readonly {
    readonly name: string;
    readonly framing: "wide" | "narrow";
    readonly time: number;
    readonly requestNonceHex: string;
    readonly requestSecretHex: string;
    readonly requestPlaintextHex: string;
    readonly getHex: string;
    readonly plaintextHex: string;
    readonly serverRandomHex: string;
    readonly replySecretHex: string;
    readonly innerHex: string;
    readonly replyNonceHex: string;
    readonly okGetHex: string;
  }[];
  readonly definition: {
    readonly time: number;
    readonly nonceHex: string;
    readonly fileHex: string;
  };
}

/** A machine under way, with everything that came of it. */
export class Run<Event extends { readonly type: string }, Kind extends Machine<Event>> {
  readonly machine: Kind;
  readonly sent: Uint8Array[] = [];
  readonly events: Event[] = [];
  done = false;
  now: number;

  /** Starts the machine. */
  constructor(machine: Kind, now = 0) {
    this.machine = machine;
    this.now = now;
    this.add(machine.start(now));
  }

  /** Adds what a step asks for. */
  add(step: Step<Event>): this {
    this.sent.push(...step.send.map((bytes) => bytes.slice()));
    this.events.push(...step.events);
    this.done ||= step.done;
    return this;
  }

  /** Feeds chunks, given as bytes or in hexadecimal, until the machine is through. */
  receive(...chunks: readonly (Uint8Array | string)[]): this {
    for (const chunk of chunks) {
      const bytes = typeof chunk === "string" ? decodeHex(chunk) : chunk;
      if (!this.done) this.add(this.machine.receive(bytes, this.now));
    }
    return this;
  }

  /** Ends the peer's stream. */
  end(): this {
    return this.done ? this : this.add(this.machine.end(this.now));
  }

  /** Lets time pass up to the machine's next deadline. */
  wait(): this {
    this.now = this.machine.wakeAt ?? this.now;
    return this.add(this.machine.tick(this.now));
  }

  /** Everything that was sent, as one stream. */
  get stream(): Uint8Array<ArrayBuffer> {
    return concat(this.sent);
  }

  /** Types of the events. */
  get eventTypes(): string[] {
    return this.events.map(({ type }) => type);
  }
}

/** The frames of a stream, all of which must be complete. */
export function readFrames(stream: Uint8Array, framing?: Framing): Frame[] {
  const decoder = new FrameDecoder(framing === undefined ? undefined : [framing]);
  decoder.push(stream);
  const frames: Frame[] = [];
  let length = 0;
  for (let frame = decoder.next(take); frame; frame = decoder.next(take)) {
    frames.push(frame);
    length += frame.body.length + (decoder.framing === "wide" ? 9 : 3);
  }
  if (length !== stream.length) throw new RangeError("Cannot read frames: bytes left over");
  return frames;
}

function take(): "take" {
  return "take";
}
