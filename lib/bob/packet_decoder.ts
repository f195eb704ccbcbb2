/**
 * Reads the packets of the main port from a stream that may be cut anywhere (sections 1 and 1.1
 * of the protocol document).
 *
 * @module
 */

import { ByteReader, ChunkBuffer } from "../bytes/mod.ts";
import {
  HEADER_BYTES,
  MAX_PACKET_BYTES,
  POINT_BYTES,
  PUBLIC_BYTES,
  VALIDATOR_BYTES,
} from "./constants.ts";
import { BobFault, type BobFaultCode } from "./fault.ts";
import {
  type Packet,
  PACKET_TYPES,
  type PacketType,
  RELAY_FAILURE_LETTERS,
  type RelayFailureReason,
  SPOKE_FAILURE_REASONS,
} from "./packet.ts";

const NUL = 0;
const UID_DIGITS = 4;
const TYPE_DIGITS = 2;

/** Payload bytes before the identity, and whether one follows: NUL is searched after them only. */
interface Shape {
  readonly fixed: number;
  readonly identity: boolean;
}

const SHAPES: Readonly<Record<PacketType, Shape>> = {
  "hello-as-a-server": { fixed: PUBLIC_BYTES, identity: false },
  "hello-as-a-client": { fixed: 0, identity: false },
  "server-identity": { fixed: 0, identity: true },
  "client-identity": { fixed: 0, identity: true },
  "new-server": { fixed: UID_DIGITS + PUBLIC_BYTES, identity: true },
  "client-validator": { fixed: VALIDATOR_BYTES, identity: false },
  "y-and-server-validator": { fixed: POINT_BYTES + VALIDATOR_BYTES, identity: false },
  "x-and-client-identity": { fixed: POINT_BYTES, identity: true },
  "agreement": { fixed: 0, identity: false },
  "closed": { fixed: UID_DIGITS, identity: false },
  "accepted": { fixed: 0, identity: false },
  "refused": { fixed: 0, identity: false },
  "relay-failure": { fixed: 1 + UID_DIGITS, identity: false },
  "spoke-failure": { fixed: 1, identity: false },
  "done": { fixed: 0, identity: false },
  "timeout": { fixed: 0, identity: false },
};

const REASONS_BY_LETTER = new Map(
  Object.entries(RELAY_FAILURE_LETTERS).map(([reason, letter]) =>
    [letter.charCodeAt(0), reason as RelayFailureReason] as const
  ),
);

/** Cuts a stream into packets. After a fault it stays at the faulty packet and faults again. */
export class PacketDecoder {
  readonly #buffer = new ChunkBuffer();

  /** Number of bytes that have arrived of a packet that is not complete. */
  get pending(): number {
    return this.#buffer.length;
  }

  /**
   * Takes a chunk, which is copied, and yields the packets that are complete. They are read as
   * they are asked for, so those before a faulty one come out however the stream was cut; what is
   * not asked for comes with the next chunk.
   *
   * @throws {BobFault} from the iteration, when the next packet is malformed.
   */
  push(chunk: Uint8Array): Generator<Packet, void> {
    this.#buffer.push(chunk);
    return this.#read();
  }

  /**
   * The stream ended.
   *
   * @throws {BobFault} with code `end-of-input` when that was inside a packet.
   */
  end(): void {
    if (this.pending === 0) return;
    throw new BobFault(
      "end-of-input",
      `Cannot read a packet: the stream ended after ${this.pending} bytes of it`,
    );
  }

  *#read(): Generator<Packet, void> {
    for (let packet = this.#next(); packet !== undefined; packet = this.#next()) yield packet;
  }

  #next(): Packet | undefined {
    const header = this.#buffer.peek(HEADER_BYTES);
    if (header === undefined) return undefined;
    const { uid, type } = readHeader(header);
    const length = this.#packetLength(SHAPES[type]);
    const bytes = length === undefined ? undefined : this.#buffer.take(length);
    if (bytes === undefined) return undefined;
    return readPayload(type, uid, new ByteReader(bytes.subarray(HEADER_BYTES), invalidPacket));
  }

  /** Length of the packet at the front, or undefined while its NUL has not arrived. */
  #packetLength({ fixed, identity }: Shape): number | undefined {
    if (!identity) return HEADER_BYTES + fixed;
    const end = this.#buffer.indexOf(NUL, HEADER_BYTES + fixed);
    const length = end < 0 ? this.#buffer.length : end + 1;
    if (length > MAX_PACKET_BYTES) {
      throw new BobFault(
        "oversized-packet",
        `Cannot read a packet: more than ${MAX_PACKET_BYTES} bytes without its end`,
      );
    }
    return end < 0 ? undefined : length;
  }
}

function readHeader(header: Uint8Array): { uid: number; type: PacketType } {
  const reader = new ByteReader(header);
  const uid = readHex(reader.take(UID_DIGITS), "invalid-header");
  const number = readHex(reader.take(TYPE_DIGITS), "invalid-header");
  const type = PACKET_TYPES[number];
  if (type === undefined) throw invalidPacket(`Cannot read a packet: unknown type ${number}`);
  return { uid, type };
}

function readPayload(type: PacketType, uid: number, reader: ByteReader): Packet {
  switch (type) {
    case "hello-as-a-server":
      return { type, uid, public: reader.take(PUBLIC_BYTES).slice() };
    case "server-identity":
    case "client-identity":
      return { type, uid, identity: readIdentity(reader) };
    case "new-server": {
      const server = readHex(reader.take(UID_DIGITS), "invalid-new-server");
      const publicValue = reader.take(PUBLIC_BYTES).slice();
      return { type, uid, server, public: publicValue, identity: readIdentity(reader) };
    }
    case "client-validator":
      return { type, uid, validator: reader.take(VALIDATOR_BYTES).slice() };
    case "y-and-server-validator": {
      const y = reader.take(POINT_BYTES).slice();
      return { type, uid, y, validator: reader.take(VALIDATOR_BYTES).slice() };
    }
    case "x-and-client-identity": {
      const x = reader.take(POINT_BYTES).slice();
      return { type, uid, x, identity: readIdentity(reader) };
    }
    case "closed":
      return { type, uid, peer: readHex(reader.take(UID_DIGITS), "invalid-uid") };
    case "relay-failure": {
      const reason = REASONS_BY_LETTER.get(reader.u8());
      if (reason === undefined) throw invalidPacket(`Cannot read ${type}: unknown letter`);
      return { type, uid, reason, peer: readHex(reader.take(UID_DIGITS), "invalid-uid") };
    }
    case "spoke-failure": {
      const number = reader.u8();
      const reason = SPOKE_FAILURE_REASONS[number];
      if (reason === undefined) throw invalidPacket(`Cannot read ${type}: unknown byte ${number}`);
      return { type, uid, reason };
    }
    case "hello-as-a-client":
    case "agreement":
    case "accepted":
    case "refused":
    case "done":
    case "timeout":
      return { type, uid };
  }
}

function readIdentity(reader: ByteReader): Uint8Array {
  return reader.takeUntil(NUL).slice();
}

/** A number in hexadecimal digits of either case. */
function readHex(digits: Uint8Array, code: BobFaultCode): number {
  let value = 0;
  for (const digit of digits) {
    const nibble = parseInt(String.fromCharCode(digit), 16);
    if (Number.isNaN(nibble)) {
      throw new BobFault(code, "Cannot read a packet: a number is not hexadecimal");
    }
    value = value * 16 + nibble;
  }
  return value;
}

function invalidPacket(message: string): BobFault {
  return new BobFault("invalid-packet", message);
}
