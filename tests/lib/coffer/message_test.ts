import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import {
  type ClientMessage,
  encodeClientMessage,
  encodeServerMessage,
  type Frame,
  FrameDecoder,
  FRAMINGS,
  readClientFrame,
  readServerFrame,
  type ServerMessage,
} from "../../../lib/coffer/mod.ts";
import { keyPair, type Proposed, readVectors } from "../../support/coffer.ts";

const proposed = readVectors<Proposed>("proposed.json");
const { publicKey } = keyPair("fixed");
const stranger = keyPair("stranger").publicKey;

Deno.test("encodeClientMessage and encodeServerMessage give the bytes of proposed.json", () => {
  const { narrowSession, narrowErrors, wideSession } = proposed;
  const client = (framing: "wide" | "narrow", message: ClientMessage) =>
    encodeHex(encodeClientMessage(framing, message));
  const server = (framing: "wide" | "narrow", message: ServerMessage) =>
    encodeHex(encodeServerMessage(framing, message));
  assertEquals(client("narrow", { type: "Hello", publicKey }), narrowSession.helloHex);
  assertEquals(client("narrow", { type: "Get", request: new Uint8Array() }), narrowSession.getHex);
  assertEquals(client("narrow", { type: "Bye", publicKey }), narrowSession.byeHex);
  assertEquals(client("wide", { type: "Hello", publicKey }), wideSession.helloHex);
  assertEquals(client("wide", { type: "Get", request: new Uint8Array() }), wideSession.getHex);
  assertEquals(client("wide", { type: "Bye", publicKey }), wideSession.byeHex);
  assertEquals(server("narrow", { type: "Link" }), narrowSession.linkHex);
  const unknown: ServerMessage = { type: "KeyNotFound", publicKey: stranger };
  assertEquals(server("narrow", unknown), narrowErrors.keyNotFoundHex);
  assertEquals(server("wide", unknown), wideSession.keyNotFoundHex);
  assertEquals(
    server("narrow", { type: "Error", reason: "shard too large for this framing" }),
    narrowErrors.errorHex,
  );
  assertEquals(server("wide", { type: "Error", reason: "bad key" }), wideSession.errorHex);
});

const CLIENT: ClientMessage[] = [
  { type: "Hello", publicKey },
  { type: "Get", request: Uint8Array.of(1, 2) },
  { type: "Bye", publicKey },
];
const SERVER: ServerMessage[] = [
  { type: "Link" },
  { type: "OkGet", sealed: Uint8Array.of(1, 2) },
  { type: "KeyNotFound", publicKey },
  { type: "Error", reason: "timeout" },
];

function decode(bytes: Uint8Array): Frame {
  const decoder = new FrameDecoder();
  decoder.push(bytes);
  const frame = decoder.next(() => "take");
  if (frame === undefined) throw new RangeError("Cannot decode: incomplete");
  return frame;
}

Deno.test("readClientFrame and readServerFrame read what the others write", () => {
  for (const framing of FRAMINGS) {
    for (const message of CLIENT) {
      const expected = framing === "wide" && message.type === "Bye"
        ? { type: "Bye", publicKey: new Uint8Array() } as const
        : message;
      assertEquals(readClientFrame(decode(encodeClientMessage(framing, message))), expected);
    }
    for (const message of SERVER) {
      assertEquals(readServerFrame(decode(encodeServerMessage(framing, message))), message);
    }
  }
});

Deno.test("readServerFrame takes either number of OkGet; other types are nobody's", () => {
  const body = Uint8Array.of(7);
  assertEquals(readServerFrame({ type: 0x03, body }), { type: "OkGet", sealed: body });
  assertEquals(readServerFrame({ type: 0x05, body }), { type: "OkGet", sealed: body });
  for (const type of [0x00, 0x02, 0x42, 0x99]) {
    assertEquals(readServerFrame({ type, body }), undefined);
  }
  for (const type of [0x01, 0x03, 0x05, 0x42, 0xaa, 0xff]) {
    assertEquals(readClientFrame({ type, body }), undefined);
  }
});
