import { Encoder } from "cbor-x/encode";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import {
  CofferFault,
  decodeEntries,
  DESIGN_ENCODING,
  encodeEntries,
  EXACT_ENCODING,
  type Secrets,
  type SecretValue,
} from "../../../../lib/coffer/mod.ts";
import { readVectors, type SessionVector, utf8 } from "../../../support/coffer.ts";

const plain = new Encoder({ useRecords: false, tagUint8Array: false, variableMapSize: true });
const encode = (value: unknown) => new Uint8Array(plain.encode(value));

const SECRETS: Secrets = new Map<string, SecretValue>([
  ["TEXT", { type: "String", value: "zażółć" }],
  ["BIG", { type: "Integer", value: 2n ** 63n - 1n }],
  ["SMALL", { type: "Integer", value: -1n }],
  ["FLOAT", { type: "Float", value: 0.1 }],
  ["YES", { type: "Boolean", value: true }],
  ["SINCE", { type: "Date", value: "2020-01-19T13:55:46Z" }],
]);

Deno.test("encodeEntries and decodeEntries are inverse in both encodings and keep the order", () => {
  for (const encoding of [EXACT_ENCODING, DESIGN_ENCODING]) {
    const decoded = decodeEntries(encodeEntries(SECRETS, encoding));
    assertEquals(decoded, SECRETS);
    assertEquals([...decoded.keys()], [...SECRETS.keys()]);
  }
});

Deno.test("encodeEntries: cbor-x reads the seed's list", () => {
  const decoded: unknown = plain.decode(encodeEntries(SECRETS, DESIGN_ENCODING));
  assertEquals(decoded, [
    ["TEXT", { String: "zażółć" }],
    ["BIG", { Integer: 2n ** 63n - 1n }],
    ["SMALL", { Integer: -1 }],
    ["FLOAT", { Float: 0.1 }],
    ["YES", { Boolean: true }],
    ["SINCE", { Date: "2020-01-19T13:55:46Z" }],
  ]);
});

Deno.test("decodeEntries reads every recorded reply as cbor-x does", async (t) => {
  const { sessions } = readVectors<{ readonly sessions: readonly SessionVector[] }>(
    "sessions.json",
  );
  for (const session of sessions) {
    await t.step(session.name, () => {
      const bytes = decodeHex(session.plaintextHex);
      const theirs: unknown = plain.decode(bytes);
      const ours = decodeEntries(bytes);
      const comparable: unknown = Array.from(ours, ([key, { type, value }]) => {
        return [key, { [type]: typeof value === "bigint" ? Number(value) : value }];
      });
      assertEquals(comparable, theirs);
    });
  }
});

const yes = { String: "yes" };

Deno.test("decodeEntries reads entries as maps, and counts the last of a repeated key", () => {
  assertEquals(
    decodeEntries(encode([{ key: "A", value: yes }, { value: { Integer: 1 }, key: "B" }, ["A", {
      String: "last",
    }]])),
    new Map<string, SecretValue>([
      ["A", { type: "String", value: "last" }],
      ["B", { type: "Integer", value: 1n }],
    ]),
  );
  assertEquals(decodeEntries(encode([])), new Map());
});

Deno.test("decodeEntries keeps a byte-order mark, which is part of the value", () => {
  const list = encode([["A", { String: "\uFEFFx" }]]);
  assertEquals(decodeEntries(list).get("A"), { type: "String", value: "\uFEFFx" });
});

Deno.test("decodeEntries refuses what is no list of entries, quoting nothing", async (t) => {
  const cases: Record<string, [Uint8Array, string]> = {
    "nothing": [new Uint8Array(), "not CBOR"],
    "no CBOR": [Uint8Array.of(0xff, 0xff), "not CBOR"],
    "trailing bytes": [Uint8Array.of(0x80, 0x00), "not CBOR"],
    "a map": [encode({ canary: yes }), "not a list"],
    "text": [encode("canary"), "not a list"],
    "three elements": [encode([["canary", yes, 1]]), "entry 0 has 3 elements instead of 2"],
    "one element": [encode([["canary", yes], ["canary"]]), "entry 1 has 1 elements"],
    "a bare entry": [encode(["canary"]), "entry 0 is neither"],
    "a map with more": [encode([{ key: "canary", value: yes, more: 1 }]), "entry 0 is neither"],
    "a map with others": [encode([{ key: "canary", val: yes }]), "entry 0 is neither"],
    "a number as key": [encode([[1, yes]]), "key of entry 0 is not a text"],
    "bytes as key that are no UTF-8": [decodeHex("818241ffa166537472696e676178"), "not a text"],
    "a tag around an entry": [decodeHex("81c0826178a166537472696e676178"), "entry 0 is neither"],
    "a wrong value": [encode([["canary", { Integer: "canary" }]]), "value of entry 0: Integer"],
  };
  for (const [name, [bytes, expected]] of Object.entries(cases)) {
    await t.step(name, () => {
      const fault = assertThrows(() => decodeEntries(bytes), CofferFault, expected);
      assertEquals(fault.code, "bad-reply");
      assert(!fault.message.includes("canary"));
    });
  }
});

Deno.test("encodeEntries: a large shard is encoded in linear time", () => {
  const secrets = new Map<string, SecretValue>();
  for (let index = 0; index < 100_000; index++) {
    secrets.set(`KEY_${index}`, { type: "String", value: "x".repeat(20) });
  }
  const bytes = encodeEntries(secrets, EXACT_ENCODING);
  assertEquals(decodeEntries(bytes).size, 100_000);
  assert(bytes.length > utf8("x").length * 2_000_000);
});
