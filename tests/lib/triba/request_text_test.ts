// Requests as people and scripts write them.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type CoreCall, parseRequestText, TribaFault } from "../../../lib/triba/mod.ts";

const MESSAGE: CoreCall = {
  type: "SendMessage",
  room: "a",
  txn: "T",
  content: { type: "Text", text: "hi" },
};
const FETCH: CoreCall = { type: "FetchMessages", room: "a", before: null, limit: 10 };

Deno.test("parseRequestText: names, the house form and the form of the wire", async (t) => {
  const cases: readonly (readonly [string, CoreCall])[] = [
    ["ListRooms", { type: "ListRooms" }],
    ["  Ping\n", { type: "Ping" }],
    ['{"type":"ListRooms"}', { type: "ListRooms" }],
    ['{"ListRooms":null}', { type: "ListRooms" }],
    ['{"JoinRoom":"a"}', { type: "JoinRoom", room: "a" }],
    ['{"type":"JoinRoom","room":"a"}', { type: "JoinRoom", room: "a" }],
    ['{"FetchMessages":{"room":"a","before":null,"limit":10}}', FETCH],
    ['{"FetchMessages":["a",null,10]}', FETCH],
    ['{"type":"FetchMessages","room":"a","limit":10}', FETCH],
    ['{"SendMessage":{"room":"a","txn":"T","content":{"Text":"hi"}}}', MESSAGE],
    ['{"SendMessage":{"room":"a","content":{"Text":"hi"}}}', MESSAGE],
    ['{"type":"SendMessage","room":"a","content":{"type":"Text","text":"hi"}}', MESSAGE],
    ['{"type":"LoginAnswer","answers":["1"]}', { type: "LoginAnswer", answers: ["1"] }],
  ];
  for (const [text, expected] of cases) {
    await t.step(text, () => assertEquals(parseRequestText(text, "T"), expected));
  }
});

Deno.test("parseRequestText: a txn that is given is kept", () => {
  const text = '{"type":"SendMessage","room":"a","txn":"own","content":{"type":"Text","text":""}}';
  const request = parseRequestText(text, "T");
  assert(request.type === "SendMessage");
  assertEquals(request.txn, "own");
});

Deno.test("parseRequestText: anything else is refused without repeating it", async (t) => {
  const cases = [
    "",
    "Nothing",
    "JoinRoom",
    "{",
    "[]",
    '["ListRooms"]',
    "{}",
    '{"a":1,"b":2}',
    '{"type":3}',
    '{"type":"Nothing"}',
    '{"Login":{"account":"ann","secret":5.5}}',
    '{"type":"Login","account":"ann","secret":["s3cret"]}',
    '{"type":"Login","account":"ann"',
    '{"JoinRoom":{"room":"a"}}',
    '{"type":"JoinRoom"}',
    '{"FetchMessages":["a",null,-1]}',
    "Shutdown",
    '{"Cancel":1}',
    "HandshakeSuccess",
    '{"type":"ApiVersion","major":1,"minor":0,"agent":"a","features":[]}',
  ];
  for (const text of cases) {
    await t.step(text, () => {
      const fault = assertThrows(() => parseRequestText(text, "T"), TribaFault);
      assertEquals(fault.code, "argument");
      assert(!fault.message.includes("s3cret") && !fault.message.includes("5.5"));
    });
  }
});
