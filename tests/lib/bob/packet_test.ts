import { assertEquals, assertThrows } from "@std/assert";
import {
  BobFault,
  type BobFaultCode,
  encodePacket,
  MAX_PACKET_BYTES,
  type Packet,
  PacketDecoder,
} from "../../../lib/bob/mod.ts";
import { cuts } from "../../support/chunks.ts";

const publicValue = Uint8Array.from({ length: 34 }, (_, i) => i % 3 === 0 ? 0 : i);
const point = Uint8Array.from({ length: 32 }, (_, i) => i % 2 === 0 ? 0 : 255 - i);
const validator = Uint8Array.from({ length: 64 }, (_, i) => i);
const identity = latin("127.0.0.1:43502");

/** One character a byte. */
function latin(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function decode(...chunks: Uint8Array[]): Packet[] {
  const decoder = new PacketDecoder();
  const packets = chunks.flatMap((chunk) => [...decoder.push(chunk)]);
  decoder.end();
  return packets;
}

const TABLE: readonly (readonly [wire: string, packet: Packet])[] = [
  [`000000${text(publicValue)}`, { type: "hello-as-a-server", uid: 0, public: publicValue }],
  ["000001", { type: "hello-as-a-client", uid: 0 }],
  ["000002127.0.0.1:43502\0", { type: "server-identity", uid: 0, identity }],
  ["000003127.0.0.1:43502\0", { type: "client-identity", uid: 0, identity }],
  [
    `000004fffe${text(publicValue)}127.0.0.1:43502\0`,
    { type: "new-server", uid: 0, server: 0xfffe, public: publicValue, identity },
  ],
  [`000105${text(validator)}`, { type: "client-validator", uid: 1, validator }],
  [
    `00a206${text(point)}${text(validator)}`,
    { type: "y-and-server-validator", uid: 0xa2, y: point, validator },
  ],
  [
    `ffff07${text(point)}127.0.0.1:43502\0`,
    { type: "x-and-client-identity", uid: 0xffff, x: point, identity },
  ],
  ["000208", { type: "agreement", uid: 2 }],
  ["0000090abc", { type: "closed", uid: 0, peer: 0xabc }],
  ["00010a", { type: "accepted", uid: 1 }],
  ["00010b", { type: "refused", uid: 1 }],
  ["00000cC0001", { type: "relay-failure", uid: 0, reason: "invalid-client", peer: 1 }],
  ["00000cS0001", { type: "relay-failure", uid: 0, reason: "invalid-server", peer: 1 }],
  ["00000cH0001", { type: "relay-failure", uid: 0, reason: "no-handshake", peer: 1 }],
  ["00000cN0000", { type: "relay-failure", uid: 0, reason: "no-agreement", peer: 0 }],
  ["00010d\x00", { type: "spoke-failure", uid: 1, reason: "point-not-in-subgroup" }],
  ["00010d\x01", { type: "spoke-failure", uid: 1, reason: "invalid-client-validator" }],
  ["00010d\x02", { type: "spoke-failure", uid: 1, reason: "invalid-server-validator" }],
  ["00010d\x03", { type: "spoke-failure", uid: 1, reason: "invalid-public-packet" }],
  ["00010d\x04", { type: "spoke-failure", uid: 1, reason: "invalid-secret-packet" }],
  ["00000e", { type: "done", uid: 0 }],
  ["00000f", { type: "timeout", uid: 0 }],
];

Deno.test("encodePacket and PacketDecoder agree with the table of packets", async (t) => {
  for (const [wire, packet] of TABLE) {
    await t.step(`${wire.slice(4, 6)} ${packet.type}`, () => {
      assertEquals(text(encodePacket(packet)), wire);
      for (const { name, chunks } of cuts(latin(wire))) {
        assertEquals(decode(...chunks), [packet], name);
      }
    });
  }
});

Deno.test("PacketDecoder reads several packets wherever the stream is cut", () => {
  const stream = latin(TABLE.map(([wire]) => wire).join(""));
  const packets = TABLE.map(([, packet]) => packet);
  for (const { name, chunks } of cuts(stream)) assertEquals(decode(...chunks), packets, name);
});

Deno.test("PacketDecoder accepts hexadecimal digits of both cases", () => {
  assertEquals(decode(latin("00AB0A"), latin("0000090AbC"), latin("00000cSFFFF")), [
    { type: "accepted", uid: 0xab },
    { type: "closed", uid: 0, peer: 0xabc },
    { type: "relay-failure", uid: 0, reason: "invalid-server", peer: 0xffff },
  ]);
});

Deno.test("PacketDecoder copies what it keeps", () => {
  const chunk = latin("000002abc\0");
  const decoder = new PacketDecoder();
  const [packet] = decoder.push(chunk);
  chunk.fill(0x7a);
  assertEquals(packet, { type: "server-identity", uid: 0, identity: latin("abc") });
});

Deno.test("PacketDecoder refuses malformed input", async (t) => {
  const table: readonly (readonly [name: string, wire: string, code: BobFaultCode])[] = [
    ["uid is not hexadecimal", "zzzz00", "invalid-header"],
    ["sign in the uid", "+00001", "invalid-header"],
    ["blank in the uid", "000 01", "invalid-header"],
    ["type is not hexadecimal", "00000g", "invalid-header"],
    ["byte above 7f in the header", "0000\xff0", "invalid-header"],
    ["unknown type 10", "000010", "invalid-packet"],
    ["unknown type ff", "0000ff", "invalid-packet"],
    ["uid in 04", `0000040x01${text(publicValue)}a\0`, "invalid-new-server"],
    ["uid in 09", "0000090x01", "invalid-uid"],
    ["letter in 0c", "00000cX0001", "invalid-packet"],
    ["small letter in 0c", "00000cc0001", "invalid-packet"],
    ["uid in 0c", "00000cC 001", "invalid-uid"],
    ["byte in 0d", "00010d\x05", "invalid-packet"],
  ];
  for (const [name, wire, code] of table) {
    await t.step(name, () => {
      for (const { name: cut, chunks } of cuts(latin(`00000e${wire}`))) {
        const decoder = new PacketDecoder();
        const packets: Packet[] = [];
        const fault = assertThrows(() => {
          for (const chunk of chunks) packets.push(...decoder.push(chunk));
        }, BobFault);
        assertEquals(fault.code, code, cut);
      }
    });
  }
});

Deno.test("PacketDecoder yields what stands before a malformed packet, then faults each time", () => {
  const decoder = new PacketDecoder();
  const packets: Packet[] = [];
  const fault = assertThrows(() => {
    for (const packet of decoder.push(latin("00000100000fzzzz00"))) packets.push(packet);
  }, BobFault);
  assertEquals(fault.code, "invalid-header");
  assertEquals(packets.map((packet) => packet.type), ["hello-as-a-client", "timeout"]);
  assertThrows(() => [...decoder.push(latin("000001"))], BobFault);
});

Deno.test("PacketDecoder keeps what was not asked for until the next chunk", () => {
  const decoder = new PacketDecoder();
  for (const packet of decoder.push(latin("00000100000f00"))) {
    assertEquals(packet.type, "hello-as-a-client");
    break;
  }
  assertEquals([...decoder.push(latin("000e"))].map((packet) => packet.type), ["timeout", "done"]);
  assertEquals(decoder.pending, 0);
});

Deno.test("PacketDecoder faults at an end of stream inside a packet only", async (t) => {
  for (const [wire, packet] of TABLE) {
    await t.step(`${wire.slice(4, 6)} ${packet.type}`, () => {
      for (let length = 1; length < wire.length; length++) {
        const decoder = new PacketDecoder();
        assertEquals([...decoder.push(latin(wire.slice(0, length)))], []);
        assertEquals(decoder.pending, length);
        assertEquals(assertThrows(() => decoder.end(), BobFault).code, "end-of-input");
      }
    });
  }
  const decoder = new PacketDecoder();
  decoder.end();
});

Deno.test("bob-relay 10.7: a packet of 408 bytes passes, the byte beyond is a fault", async (t) => {
  for (const [type, fixed] of [["02", 0], ["03", 0], ["04", 38], ["07", 32]] as const) {
    await t.step(`type ${type}`, () => {
      const start = latin(`0000${type}${"0".repeat(fixed)}`);
      const longest = new Uint8Array(MAX_PACKET_BYTES).fill(0x61);
      longest.set(start);
      longest[MAX_PACKET_BYTES - 1] = 0;
      for (const { name, chunks } of cuts(longest)) {
        const packets = decode(...chunks);
        assertEquals(packets.map(encodePacket), [longest], name);
      }
      const tooLong = new Uint8Array(MAX_PACKET_BYTES + 1).fill(0x61);
      tooLong.set(start);
      for (const last of [0, 0x61]) {
        tooLong[MAX_PACKET_BYTES] = last;
        for (const { name, chunks } of cuts(tooLong)) {
          const decoder = new PacketDecoder();
          const fault = assertThrows(() => {
            for (const chunk of chunks) assertEquals([...decoder.push(chunk)], []);
          }, BobFault);
          assertEquals(fault.code, "oversized-packet", name);
        }
      }
    });
  }
});

Deno.test("bob-relay 10.14: Relay_failure N is read and written", () => {
  const [packet] = decode(latin("00000cN0000"));
  assertEquals(packet, { type: "relay-failure", uid: 0, reason: "no-agreement", peer: 0 });
});

Deno.test("encodePacket refuses fields that cannot travel", async (t) => {
  const table: readonly (readonly [name: string, packet: Packet, message: string])[] = [
    ["negative uid", { type: "done", uid: -1 }, "uid -1"],
    ["uid above ffff", { type: "done", uid: 0x10000 }, "uid 65536"],
    ["uid with a fraction", { type: "closed", uid: 0, peer: 1.5 }, "uid 1.5"],
    [
      "public of 33 bytes",
      { type: "hello-as-a-server", uid: 0, public: new Uint8Array(33) },
      "34 bytes: got 33",
    ],
    [
      "validator of 65 bytes",
      { type: "client-validator", uid: 1, validator: new Uint8Array(65) },
      "64 bytes: got 65",
    ],
    [
      "NUL in an identity",
      { type: "server-identity", uid: 0, identity: latin("a\0b") },
      "it holds NUL",
    ],
    [
      "identity too long for the packet",
      { type: "client-identity", uid: 0, identity: latin("x".repeat(402)) },
      "409 bytes, 408 are allowed",
    ],
  ];
  for (const [name, packet, message] of table) {
    await t.step(name, () => {
      assertThrows(() => encodePacket(packet), RangeError, message);
    });
  }
});
