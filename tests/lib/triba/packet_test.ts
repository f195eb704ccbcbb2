import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { decode as decodeOther } from "@msgpack/msgpack";
import {
  type AnyRequest,
  BACKEND_REQUESTS,
  CORE_REQUESTS,
  decodePacket,
  encodeRequest,
  encodeResponse,
  type Packet,
  type PacketForm,
  type Response,
  RESPONSES,
  TribaFault,
} from "../../../lib/triba/mod.ts";
import { vectors } from "./support.ts";

interface CodecVector {
  name: string;
  kind: "Request" | "Response";
  compact: string;
  named: string;
  tagged_compact: string;
  tagged_named: string;
}

type Body = AnyRequest | Response | ReturnType<typeof CORE_REQUESTS.decode>;

function decodeBody(packet: Packet): Body {
  if (packet.kind === "response") return RESPONSES.decode(packet.name, packet.argument);
  return CORE_REQUESTS.has(packet.name)
    ? CORE_REQUESTS.decode(packet.name, packet.argument)
    : BACKEND_REQUESTS.decode(packet.name, packet.argument) as Body;
}

function encodeAgain(packet: Packet, body: Body, form: PacketForm): string {
  if (packet.kind === "response") {
    return encodeHex(
      encodeResponse(packet.id, packet.req, RESPONSES.write(body as Response), form),
    );
  }
  const requests = CORE_REQUESTS.has(packet.name) ? CORE_REQUESTS : BACKEND_REQUESTS;
  return encodeHex(encodeRequest(packet.id, requests.write(body as never), form));
}

for (const file of ["codec", "codec-1.1"]) {
  Deno.test(`${file}.json: all four forms are one packet, compact and tagged come out`, async (t) => {
    const { packets } = vectors<{ packets: CodecVector[] }>(file);
    for (const vector of packets) {
      await t.step(`${vector.name}: ${vector.compact.slice(0, 12)}`, () => {
        const first = decodePacket(decodeHex(vector.compact));
        assertEquals(first.kind, vector.kind === "Request" ? "request" : "response");
        const body = decodeBody(first);
        for (const form of ["compact", "named", "tagged_compact", "tagged_named"] as const) {
          const packet = decodePacket(decodeHex(vector[form]));
          assertEquals(packet.form, form.startsWith("tagged") ? "tagged" : "compact");
          assertEquals(packet.id, first.id);
          assertEquals(decodeBody(packet), body, form);
        }
        assertEquals(encodeAgain(first, body, "compact"), vector.compact);
        assertEquals(encodeAgain(first, body, "tagged"), vector.tagged_compact);
      });
    }
  });
}

Deno.test("codec-1.1.json: what the second decoder sees in compact is what ours reads", () => {
  const { packets } = vectors<{ packets: CodecVector[] }>("codec-1.1");
  for (const { compact, tagged_compact, kind } of packets) {
    const plain = decodeOther(decodeHex(compact));
    assertEquals(decodeOther(decodeHex(tagged_compact)), { [kind]: plain });
  }
});

interface Rejected {
  plaintexts: { name: string; plaintext: string; expect: string }[];
  lenient: { name: string; plaintext: string; same_as: string }[];
}

for (const file of ["reject", "reject-more"]) {
  const { plaintexts, lenient } = vectors<Rejected>(file);

  Deno.test(`${file}.json: plaintexts that close are malformed, no others`, async (t) => {
    for (const { name, plaintext, expect } of plaintexts) {
      await t.step(name, () => {
        const decoded = () => decodePacket(decodeHex(plaintext));
        // A negative id is no number of a packet; which id is due, the channel knows.
        if (expect === "close") assertEquals(assertThrows(decoded, TribaFault).code, "malformed");
        else assertEquals(decoded().id, 3);
      });
    }
  });

  Deno.test(`${file}.json: lenient plaintexts equal their packets`, async (t) => {
    for (const { name, plaintext, same_as } of lenient) {
      await t.step(name, () => {
        const packet = decodePacket(decodeHex(plaintext));
        const same = decodePacket(decodeHex(same_as));
        assertEquals(decodeBody(packet), decodeBody(same));
        assertEquals([packet.kind, packet.id], [same.kind, same.id]);
      });
    }
  });
}

Deno.test("decodePacket: the message names no more than 200 characters of the peer's text", () => {
  const long = encodeRequest(1, { ["x".repeat(5000)]: 1 });
  const packet = decodePacket(long);
  assertEquals(packet.name.length, 5000);
  const fault = assertThrows(() => CORE_REQUESTS.decode(packet.name, packet.argument), TribaFault);
  assert(fault.message.length < 300);
});

Deno.test("Enumeration.write: refuses what a program gets wrong, as JSON may", () => {
  const wrong: unknown[] = [
    null,
    undefined,
    5,
    {},
    { type: "Nothing" },
    { type: "Unknown", name: "x" },
    { type: "JoinRoom" },
    { type: "JoinRoom", room: 5 },
    { type: "SetTyping", room: "a" },
    { type: "SetTyping", room: "a", typing: "yes" },
    { type: "FetchMessages", room: "a", before: null, limit: -1 },
    { type: "FetchMessages", room: "a", before: null, limit: 1.5 },
    { type: "FetchMessages", room: "a", before: 5, limit: 1 },
    { type: "SendMessage", room: "a", txn: "t", content: null },
    { type: "SendMessage", room: "a", txn: "t", content: { type: "Text" } },
    { type: "SendMessage", room: "a", txn: "t", content: { type: "Poll", text: "x" } },
    { type: "LoginAnswer", answers: "abc" },
    { type: "LoginAnswer", answers: [1] },
  ];
  for (const value of wrong) {
    const fault = assertThrows(() => CORE_REQUESTS.write(value as never), TribaFault);
    assertEquals(fault.code, "argument", JSON.stringify(value));
  }
});

Deno.test("Enumeration.write: a missing option is nil, surplus fields are left out", () => {
  const value = { type: "FetchMessages", room: "a", limit: 5, more: true };
  assertEquals(CORE_REQUESTS.write(value as never), { FetchMessages: ["a", null, 5] });
});

Deno.test("Enumeration.write: a message about a wrong secret does not repeat it", () => {
  const value = { type: "Login", account: "bob", secret: 12345678 };
  const fault = assertThrows(() => CORE_REQUESTS.write(value as never), TribaFault);
  assertEquals(fault.message.includes("12345678"), false);
});
