/**
 * A traced connection as a list of what happened: the handshake, each packet, the end. Keys are used
 * and never shown.
 *
 * @module
 */

import { ChunkBuffer } from "../../bytes/mod.ts";
import type { ByteOrder } from "../channel/frame.ts";
import { createPlainCipher } from "../channel/seal.ts";
import { ID_BYTES, KEY_BYTES, NONCE_BYTES } from "../constants.ts";
import type { TraceRecord } from "../core/trace.ts";
import { TribaFault } from "../fault.ts";
import { describeId } from "../id.ts";
import { PacketStream } from "./packet_stream.ts";
import type { PacketView, Side } from "./packet_view.ts";
import { makeObservedCiphers, SealWatch } from "./seal_watch.ts";

/** Something to show. */
export type TraceEvent =
  /** A packet. */
  | { readonly type: "packet"; readonly from: Side; readonly view: PacketView }
  /** Something else that one side sent, or that is wrong with it. */
  | { readonly type: "note"; readonly from: Side | undefined; readonly text: string };

type Streams = Readonly<Record<Side, PacketStream>>;

/** Reads what one connection's records say. */
export class TraceViewer {
  readonly #raw = { core: new ChunkBuffer(), backend: new ChunkBuffer() };
  readonly #watch = new SealWatch();
  #streams: Streams | undefined;
  readonly #broken = new Set<Side>();
  #byteOrder: ByteOrder = "big";
  #packetKey: Uint8Array | undefined;
  #spawnSecret: Uint8Array | undefined;
  #id: Uint8Array | undefined;
  #coreKey: Uint8Array | undefined;
  #backendKey: Uint8Array | undefined;
  #nonce: Uint8Array | undefined;

  /** What a record adds. */
  push(record: TraceRecord): TraceEvent[] {
    switch (record.type) {
      case "accepted":
        return [note(undefined, `connection ${record.connection}`)];
      case "admitted": {
        this.#byteOrder = record.byteOrder;
        this.#spawnSecret = record.spawnSecret?.slice();
        const process = record.pid === undefined ? "" : `, process ${record.pid}`;
        return [note(undefined, `backend "${record.backend}"${process}`)];
      }
      case "key":
        this.#packetKey = record.packetKey.slice();
        return [];
      case "bytes":
        return this.#receive(record.from, record.bytes);
      case "ended":
        return [note(undefined, record.reason ?? "ended as agreed")];
    }
  }

  #receive(from: Side, bytes: Uint8Array): TraceEvent[] {
    if (this.#broken.has(from)) return [];
    if (this.#streams !== undefined) {
      this.#streams[from].push(bytes);
      return this.#readPackets(from, this.#streams);
    }
    this.#raw[from].push(bytes);
    const events = this.#readHandshake();
    this.#streams = this.#open();
    if (this.#streams === undefined) return events;
    events.push(...this.#readPackets("backend", this.#streams)); // it speaks first (step 7)
    events.push(...this.#readPackets("core", this.#streams));
    return events;
  }

  /** Steps 1 to 5, as far as they have come. */
  #readHandshake(): TraceEvent[] {
    const events: TraceEvent[] = [];
    const { core, backend } = this.#raw;
    const take = (
      buffer: ChunkBuffer,
      length: number,
      from: Side,
      text: (b: Uint8Array) => string,
    ) => {
      const bytes = buffer.take(length)?.slice();
      if (bytes !== undefined) events.push(note(from, text(bytes)));
      return bytes;
    };
    this.#id ??= take(backend, ID_BYTES, "backend", (id) => `id ${describeId(id)}`);
    this.#coreKey ??= take(core, KEY_BYTES, "core", () => "public key");
    if (this.#id !== undefined) {
      this.#backendKey ??= take(backend, KEY_BYTES, "backend", () => "public key");
    }
    if (this.#coreKey !== undefined) {
      this.#nonce ??= take(core, NONCE_BYTES, "core", () => "nonce");
    }
    return events;
  }

  /** Packets can be read once all that the handshake says is known. */
  #open(): Streams | undefined {
    if (this.#packetKey === undefined || this.#nonce === undefined) return undefined;
    if (this.#backendKey === undefined) return undefined;
    const cipher = createPlainCipher(this.#packetKey, this.#nonce);
    const { core, backend } = this.#raw;
    return {
      core: new PacketStream("core", this.#byteOrder, cipher, core),
      backend: new PacketStream("backend", this.#byteOrder, cipher, backend),
    };
  }

  #readPackets(from: Side, streams: Streams): TraceEvent[] {
    const events: TraceEvent[] = [];
    const stream = streams[from];
    try {
      for (let packet = stream.next(); packet !== undefined; packet = stream.next()) {
        const { content } = packet;
        events.push(
          content.packet === undefined
            ? note(from, content.wrong)
            : { type: "packet", from, view: content.view },
        );
        if (this.#watch.note(from, packet)) events.push(this.#useSealed1(streams));
      }
    } catch (error) {
      if (!(error instanceof TribaFault)) throw error;
      this.#broken.add(from); // nothing behind it can be read
      events.push(note(from, error.message));
    }
    return events;
  }

  #useSealed1(streams: Streams): TraceEvent {
    const { coreToBackend, backendToCore } = makeObservedCiphers({
      packetKey: this.#packetKey,
      spawnSecret: this.#spawnSecret,
      id: this.#id,
      nonce: this.#nonce,
      coreKey: this.#coreKey,
      backendKey: this.#backendKey,
    });
    streams.core.cipher = coreToBackend;
    streams.backend.cipher = backendToCore;
    return note(undefined, "keys of sealed-1 from here");
  }
}

function note(from: Side | undefined, text: string): TraceEvent {
  return { type: "note", from, text };
}
