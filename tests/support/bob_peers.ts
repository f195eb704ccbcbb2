// Peers of bob that a test plays itself: they meet real programs at a real relay, and then hold the
// encrypted channel in their hands.

import { concat } from "@std/bytes/concat";
import {
  type Generation,
  GuessBudget,
  meet,
  meetSecurely,
  readEnding,
  type ReceiverEvent,
  ReceiverMachine,
  RecordReader,
  RecordWriter,
  type SenderEvent,
  SenderMachine,
} from "../../lib/bob/mod.ts";
import { systemRandom } from "../../lib/code/mod.ts";
import type { ByteStream, Machine } from "../../lib/net/mod.ts";
import { createServer, type SharedKeys } from "../../lib/spoke/mod.ts";
import type { RelayPorts } from "./relay_program.ts";
import { within } from "./within.ts";

type PeerEvent = SenderEvent | ReceiverEvent;

/** An encrypted channel before its first record. */
export class Channel implements Disposable {
  #reader: RecordReader | undefined;

  constructor(
    readonly stream: ByteStream,
    readonly keys: SharedKeys,
    readonly received: Uint8Array,
  ) {}

  /** Sends each piece as one record. */
  async write(pieces: readonly Uint8Array[], generation: Generation = "nonce12"): Promise<void> {
    const records = new RecordWriter(this.stream, this.keys.clientKey, generation);
    for (const piece of pieces) await records.write(piece);
    await records.flush();
  }

  /** What ends a sender's channel. */
  async ending(): Promise<string> {
    return await within(readEnding(this.stream, this.received), "the end of the channel");
  }

  /** The plaintext of the next records: all until the end, or so many. */
  async read(count = Infinity): Promise<Uint8Array[]> {
    const { stream, keys, received } = this;
    const reader = this.#reader ??= new RecordReader(stream, keys.clientKey, { received });
    const records: Uint8Array[] = [];
    while (records.length < count) {
      const record = await within(reader.next(), "a record");
      if (record === undefined) break;
      records.push(record);
    }
    return records;
  }

  [Symbol.dispose](): void {
    this.stream.close();
  }
}

/** What a receiver does when it is asked. */
export type Answer = "accept" | "refuse" | "nothing";

/** A peer at a relay's main port. */
export class PlayedPeer implements AsyncDisposable {
  readonly #relay: RelayPorts;
  readonly #abort = new AbortController();
  readonly #events: PeerEvent[] = [];
  readonly #run: Promise<void>;
  #changed = Promise.withResolvers<void>();
  #channel: Channel | undefined;

  /** Starts at once. */
  constructor(relay: RelayPorts, machine: SenderMachine | ReceiverMachine, answer: Answer) {
    this.#relay = relay;
    this.#run = this.#meet(machine, answer);
    this.#run.catch(() => {}); // whoever waits for something learns of it
  }

  /** Waits for an event of this type, for one that matches. */
  async event(
    type: PeerEvent["type"],
    matches: (event: PeerEvent) => boolean = () => true,
  ): Promise<void> {
    const isIt = (event: PeerEvent) => event.type === type && matches(event);
    const ended = this.#run.then(() => true, () => true);
    while (!this.#events.some(isIt)) {
      const over = await within(Promise.race([this.#changed.promise, ended]), `"${type}"`);
      if (over && !this.#events.some(isIt)) throw new Error(`No "${type}": ${this.#describe()}`);
    }
  }

  /** Waits until the other peer is there, at the secure port too. */
  async channel(): Promise<Channel> {
    await within(this.#run, "a peer");
    if (this.#channel === undefined) throw new Error(`No channel: ${this.#describe()}`);
    return this.#channel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#run.catch(() => {}); // told to whoever asked for the channel
    this.#channel?.stream.close();
  }

  #describe(): string {
    return this.#events.map(({ type }) => type).join(", ") || "no event";
  }

  async #meet(machine: SenderMachine | ReceiverMachine, answer: Answer): Promise<void> {
    const { signal } = this.#abort;
    // The two machines differ in their events alone, which are told apart by their type.
    await meet(machine as Machine<PeerEvent>, {
      relay: this.#relay.main,
      signal,
      onEvent: (event, apply) => {
        this.#events.push(event);
        this.#changed.resolve();
        this.#changed = Promise.withResolvers();
        if (event.type !== "agreed" || !(machine instanceof ReceiverMachine)) return;
        if (answer === "nothing") return;
        apply(machine[answer](event.uid, performance.now()));
      },
    });
    const last = this.#events.at(-1);
    if (last?.type !== "accepted") return;
    const { stream, received } = await meetSecurely(this.#relay.secure, last.identity, signal);
    this.#channel = new Channel(stream, last.keys, received);
  }
}

const utf8 = new TextEncoder();

/** A sender with this code. */
export function playSender(relay: RelayPorts, code: string): PlayedPeer {
  const server = createServer({ password: utf8.encode(code), randomBytes: systemRandom });
  const machine = new SenderMachine({ server, guesses: new GuessBudget(1000) });
  return new PlayedPeer(relay, machine, "nothing");
}

/** A receiver with this code. */
export function playReceiver(
  relay: RelayPorts,
  code: string,
  answer: Answer = "accept",
): PlayedPeer {
  const machine = new ReceiverMachine({
    password: utf8.encode(code),
    guesses: new GuessBudget(1000),
    randomBytes: systemRandom,
  });
  return new PlayedPeer(relay, machine, answer);
}

/** Fails unless a new pair can meet at the relay and send a record through it. */
export async function assertServes(relay: RelayPorts): Promise<void> {
  const code = crypto.randomUUID();
  await using sender = playSender(relay, code);
  await using receiver = playReceiver(relay, code);
  using from = await sender.channel();
  using to = await receiver.channel();
  const sent = systemRandom(1000);
  await from.write([sent]);
  const [record = new Uint8Array()] = await to.read(1);
  if (concat([record]).join() !== sent.join()) throw new Error("The relay changed a record");
}

/** A pair whose bytes go through the relay. */
export async function joinPair(relay: RelayPorts) {
  const code = crypto.randomUUID();
  const [from, to] = [playSender(relay, code), playReceiver(relay, code)];
  return {
    sender: await from.channel(),
    receiver: await to.channel(),
    [Symbol.asyncDispose]: async () => {
      await from[Symbol.asyncDispose]();
      await to[Symbol.asyncDispose]();
    },
  };
}
