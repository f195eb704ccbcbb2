import { assert, assertEquals } from "@std/assert";
import {
  BobFault,
  encodePacket,
  identityText,
  isAcceptableIdentity,
  makeIdentity,
  MAX_LINE_BYTES,
  type Packet,
  PACKET_TYPES,
  PacketDecoder,
  type PacketType,
  type RelayFailureReason,
  SecureLine,
  SPOKE_FAILURE_REASONS,
} from "../../lib/bob/mod.ts";
import { latin, type Port, RelayWorld, text } from "../lib/bob/relay_world.ts";
import { fuzz, type Random } from "../support/fuzz.ts";

const RELAY_FAILURE_REASONS: readonly RelayFailureReason[] = [
  "invalid-client",
  "invalid-server",
  "no-handshake",
  "no-agreement",
];

function randomUid(random: Random): number {
  return random.bool() ? random.below(6) : random.below(0x10000);
}

function randomIdentity(random: Random): Uint8Array {
  return random.bytes(random.below(20)).map((byte) => byte === 0 ? 0x61 : byte);
}

function randomPacket(random: Random): Packet {
  const type = random.pick(PACKET_TYPES);
  const uid = randomUid(random);
  switch (type) {
    case "hello-as-a-server":
      return { type, uid, public: random.bytes(34) };
    case "server-identity":
    case "client-identity":
      return { type, uid, identity: randomIdentity(random) };
    case "new-server": {
      const identity = randomIdentity(random);
      return { type, uid, server: randomUid(random), public: random.bytes(34), identity };
    }
    case "client-validator":
      return { type, uid, validator: random.bytes(64) };
    case "y-and-server-validator":
      return { type, uid, y: random.bytes(32), validator: random.bytes(64) };
    case "x-and-client-identity":
      return { type, uid, x: random.bytes(32), identity: randomIdentity(random) };
    case "closed":
      return { type, uid, peer: randomUid(random) };
    case "relay-failure":
      return { type, uid, reason: random.pick(RELAY_FAILURE_REASONS), peer: randomUid(random) };
    case "spoke-failure":
      return { type, uid, reason: random.pick(SPOKE_FAILURE_REASONS) };
    default:
      return { type, uid };
  }
}

function randomStream(random: Random): { packets: Packet[]; bytes: Uint8Array } {
  const packets = Array.from({ length: 1 + random.below(6) }, () => randomPacket(random));
  return { packets, bytes: join(packets) };
}

function join(packets: readonly Packet[]): Uint8Array {
  return latin(packets.map((packet) => text(encodePacket(packet))).join(""));
}

function* randomChunks(random: Random, bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length;) {
    const length = random.below(random.bool() ? 4 : 80);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** What is read before the first fault, and whether there was one. */
function decode(chunks: Iterable<Uint8Array>) {
  const decoder = new PacketDecoder();
  const packets: Packet[] = [];
  try {
    for (const chunk of chunks) {
      for (const packet of decoder.push(chunk)) packets.push(packet);
    }
    return { packets, pending: decoder.pending, fault: undefined };
  } catch (error) {
    assert(error instanceof BobFault, String(error));
    return { packets, pending: 0, fault: error.code };
  }
}

fuzz("bob packets: what is written is read again, however it is cut", (random) => {
  const { packets, bytes } = randomStream(random);
  assertEquals(decode(randomChunks(random, bytes)), { packets, pending: 0, fault: undefined });
});

fuzz("bob packets: what is accepted is written as it was, digits in lower case", (random) => {
  const bytes = random.mutate(random.bool() ? randomStream(random).bytes : random.bytes(40));
  const { packets, pending, fault } = decode(randomChunks(random, bytes));
  const again = join(packets);
  const original = bytes.subarray(0, again.length);
  assertEquals(text(again).toLowerCase(), text(original).toLowerCase());
  assertEquals(decode([again]).packets, packets);
  assertEquals(decode([bytes]), { packets, pending, fault });
  if (fault === undefined) assertEquals(again.length + pending, bytes.length);
});

fuzz("bob secure line: a line of at most 100 bytes, however it is cut", (random) => {
  const bytes = random.mutate(latin(`${"x".repeat(random.below(MAX_LINE_BYTES + 5))}\n`));
  const line = new SecureLine();
  let result: ReturnType<SecureLine["push"]>;
  for (let at = 0; at < bytes.length && result === undefined; at++) {
    result = line.push(bytes.subarray(at, at + 1));
  }
  const end = bytes.indexOf(0x0a);
  const valid = end >= 0 && end < MAX_LINE_BYTES;
  const hopeless = end < 0 ? bytes.length >= MAX_LINE_BYTES : !valid;
  assertEquals(result, valid ? bytes.subarray(0, end) : hopeless ? "invalid" : undefined);
});

fuzz("bob identities: what is acceptable survives as text", (random) => {
  const identity = random.mutate(makeIdentity({ host: "10.0.0.1", port: random.below(65536) }));
  const line = new SecureLine().push(latin(`${identityText(identity)}\n`));
  if (isAcceptableIdentity(identity)) assertEquals(line, identity);
});

/** What each role may get; who said no hello yet may be turned away. */
const RECEIVED: Readonly<Record<"client" | "server" | "nobody", readonly PacketType[]>> = {
  client: [
    "client-identity",
    "new-server",
    "y-and-server-validator",
    "agreement",
    "closed",
    "spoke-failure",
    "done",
    "timeout",
  ],
  server: [
    "server-identity",
    "client-validator",
    "x-and-client-identity",
    "closed",
    "accepted",
    "refused",
    "spoke-failure",
    "timeout",
  ],
  nobody: ["closed"],
};

interface KnownPeer {
  readonly name: string;
  readonly uid: number;
  readonly role: "client" | "server";
}

/** A relay under a random script, and what an observer knows of it. */
class Chaos {
  readonly world: RelayWorld;
  readonly #random: Random;
  readonly #peers = new Map<number, KnownPeer>(); // by connection
  readonly #lines = new Map<number, string>(); // the line that names it, by connection
  readonly #paired: string[] = []; // the lines of those that were paired
  #told = 0;

  constructor(random: Random) {
    this.#random = random;
    const small = random.bool();
    this.world = new RelayWorld({
      wait: 20 + random.below(100),
      maxRooms: small ? 3 : 50,
      maxWaitingPerGroup: small ? 2 : 50,
      drains: random.bool(),
    });
  }

  step(): void {
    const random = this.#random;
    const [main, secure] = [this.#open("main"), this.#open("secure")];
    switch (random.below(20)) {
      case 0:
        this.world.end(random.pick(this.world.names()));
        break;
      case 1:
        this.world.wait(random.below(random.below(4) === 0 ? 60 : 3));
        break;
      case 2:
        this.world.drain(random.pick(main));
        break;
      case 3:
        this.world.send(random.pick(random.bool() ? main : secure), ...this.#noise());
        break;
      case 4:
      case 5:
      case 6:
        for (const line of this.#someLines()) {
          this.world.send(random.pick(secure), ...this.#chunks(line));
        }
        break;
      case 7:
      case 8:
      case 9:
      case 10:
        this.#hello(random.pick(main));
        break;
      default:
        this.#exchange();
    }
    this.check();
  }

  /** What arrived since the last time is meant for whoever got it. */
  check(): void {
    for (const action of this.world.told.slice(this.#told)) {
      if (action.type === "paired") {
        for (const id of [action.client, action.server]) {
          this.#paired.push(this.#lines.get(id) as string);
        }
      }
      if (action.type !== "registered") continue;
      const { connection, uid, role } = action;
      const name = this.world.names()[connection - 1] as string;
      this.#peers.set(connection, { name, uid, role });
    }
    this.#told = this.world.told.length;
    for (const name of this.world.names()) {
      const bytes = latin(this.world.take(name));
      if (name.startsWith("secure")) this.#checkCode(name, text(bytes));
      else this.#checkPackets(name, bytes);
    }
  }

  /** Everybody leaves: nothing may be left. */
  finish(): void {
    for (const name of this.world.names()) this.world.end(name);
    this.world.wait(60);
    this.check();
    const { main, secure, rooms } = this.world;
    assertEquals([main.connections, main.clients, main.servers], [0, 0, 0]);
    assertEquals([secure.connections, rooms.size], [0, 0]);
    assertEquals([main.wakeAt, secure.wakeAt], [undefined, undefined]);
  }

  /** The open connections of a port; now and then, or if there is none, a new one is added. */
  #open(port: Port): readonly string[] {
    const names = this.world.names().filter((name) =>
      name.startsWith(port) && this.world.closed(name) === undefined &&
      this.world.joined(name) === undefined
    );
    if (names.length > 0 && this.#random.below(6) > 0) return names;
    const group = this.#random.pick(["a", "b"]);
    const identity = `${group}:${this.#random.below(30)}`;
    const name = `${port}${this.world.names().length}`;
    this.world.open(name, { port, group, identity });
    if (port === "main") this.#lines.set(this.world.id(name), `${identity}\n`);
    return [...names, name];
  }

  /** What the latest pair says on the secure port, or one of all the others. */
  #someLines(): string[] {
    if (this.#paired.length > 0 && this.#random.below(4) > 0) return this.#paired.slice(-2);
    return [this.#random.pick([...this.#lines.values()])];
  }

  #hello(name: string): void {
    const hello = this.#random.bool() ? "000001" : `000000${"p".repeat(34)}`;
    this.world.send(name, ...this.#chunks(hello));
  }

  /** One packet of an exchange, or all up to the agreement, between two that may have left. */
  #exchange(): void {
    const peers = [...this.#peers.values()].slice(-6);
    const clients = peers.filter(({ role }) => role === "client");
    const servers = peers.filter(({ role }) => role === "server");
    if (clients.length === 0 || servers.length === 0) return;
    const [client, server] = [this.#random.pick(clients), this.#random.pick(servers)];
    const agreement: readonly (readonly [KnownPeer, KnownPeer, string])[] = [
      [client, server, `07${"x".repeat(32)}me\0`],
      [server, client, `06${"y".repeat(32)}${"v".repeat(64)}`],
      [client, server, `05${"v".repeat(64)}`],
      [server, client, "08"],
    ];
    const endings: readonly (readonly [KnownPeer, KnownPeer, string])[] = [
      [client, server, "0a"],
      [client, server, "0b"],
      [client, server, "0d\x01"],
      [server, client, "0d\x00"],
    ];
    const ending = this.#random.pick(endings);
    const steps = this.#random.bool()
      ? [...agreement, ending]
      : [this.#random.pick([...agreement, ...endings])];
    for (const [from, to, payload] of steps) {
      const uid = to.uid.toString(16).padStart(4, "0");
      this.world.send(from.name, ...this.#chunks(`${uid}${payload}`));
    }
  }

  #noise(): Uint8Array[] {
    const random = this.#random;
    const { bytes } = randomStream(random);
    return [...randomChunks(random, random.bool() ? bytes : random.mutate(bytes))];
  }

  #chunks(packet: string): Uint8Array[] {
    return [...randomChunks(this.#random, latin(packet))];
  }

  #checkCode(name: string, code: string): void {
    if (code === "") return;
    assert(["00", "01", "02"].includes(code), code);
    assertEquals(code === "00", this.world.joined(name) !== undefined);
    assertEquals(code !== "00", this.world.closed(name) !== undefined);
  }

  #checkPackets(name: string, bytes: Uint8Array): void {
    const { packets, pending, fault } = decode([bytes]);
    assertEquals([pending, fault], [0, undefined]);
    const peer = this.#peers.get(this.world.id(name));
    for (const packet of packets) {
      assert(RECEIVED[peer?.role ?? "nobody"].includes(packet.type), packet.type);
      const fromPeer = packet.uid !== 0;
      const forwarded = !/identity$|^new|^closed|^done|^timeout/.test(packet.type) ||
        packet.type === "x-and-client-identity";
      assertEquals(fromPeer, forwarded, packet.type);
      if (!fromPeer) continue;
      const sender = [...this.#peers.values()].findLast(({ uid }) => uid === packet.uid);
      assert(sender !== undefined && sender.role !== peer?.role, packet.type);
    }
  }
}

fuzz("bob relay: random scripts on both ports", (random) => {
  const chaos = new Chaos(random);
  for (let step = 10 + random.below(40); step > 0; step--) chaos.step();
  chaos.finish();
});
