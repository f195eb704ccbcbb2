// Drives one machine by hand: collects what it sends and tells, and ticks it when it wants.

import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { BobFault, encodePacket, type Packet, PacketDecoder } from "../../../lib/bob/mod.ts";
import type { Machine, Step } from "../../../lib/net/mod.ts";

const MAX_TICKS = 10_000;

/** An event, with identities as text and without its fault's message. */
export type Told = Readonly<Record<string, unknown>>;

export class Probe<Event extends { readonly type: string }> {
  now = 1000;
  done = false;
  /** How often it wanted to go on at once. */
  ticks = 0;
  readonly #machine: Machine<Event>;
  #sent: Uint8Array[] = [];
  #events: Event[] = [];

  constructor(machine: Machine<Event>) {
    this.#machine = machine;
    this.apply(machine.start(this.now));
  }

  /** The relay sends this; what is kept of the chunk must have been copied. */
  feed(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) {
      const bytes = chunk.slice();
      this.apply(this.#machine.receive(bytes, this.now));
      bytes.fill(0xee);
      this.settle();
    }
  }

  feedPackets(...packets: readonly Packet[]): void {
    this.feed(new Uint8Array(packets.flatMap((packet) => [...encodePacket(packet)])));
  }

  end(): void {
    this.apply(this.#machine.end(this.now));
  }

  /** Lets time pass, with the ticks that the machine wants. */
  wait(ms: number): void {
    const end = this.now + ms;
    for (let at = this.#machine.wakeAt; at !== undefined && at <= end; at = this.#machine.wakeAt) {
      this.now = Math.max(this.now, at);
      this.tick();
    }
    this.now = end;
  }

  tick(): void {
    assert(++this.ticks < MAX_TICKS, "Time stands still");
    this.apply(this.#machine.tick(this.now));
  }

  /** Lets the machine go on as long as it wants to at once. */
  settle(): void {
    this.wait(0);
  }

  apply(step: Step<Event>): void {
    if (this.done) {
      assertEquals([step.send.length, step.events.length], [0, 0], "It goes on after its end");
      return;
    }
    this.#sent.push(...step.send);
    this.#events.push(...step.events);
    this.done = step.done;
    if (this.done) assertEquals(this.#machine.wakeAt, undefined);
  }

  /** Takes the bytes that were sent since the last time. */
  takeBytes(): string {
    const hex = this.#sent.map(encodeHex).join("");
    this.#sent = [];
    return hex;
  }

  /** Takes the packets that were sent since the last time. */
  takePackets(): Packet[] {
    const decoder = new PacketDecoder();
    const packets = this.#sent.flatMap((bytes) => [...decoder.push(bytes)]);
    decoder.end();
    this.#sent = [];
    return packets;
  }

  /** Takes the events since the last time. */
  takeEvents(): Event[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** The same in a form that compares and reads well; keys are left out. */
  takeTold(): Told[] {
    return this.takeEvents().map((event) => {
      const fields = Object.entries<unknown>({ ...event }).filter(([name]) => name !== "keys");
      return Object.fromEntries(fields.map(([name, value]) => [name, readable(value)]));
    });
  }
}

function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return String.fromCharCode(...value);
  return value instanceof BobFault ? value.code : value;
}
