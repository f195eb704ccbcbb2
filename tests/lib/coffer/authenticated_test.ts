import nacl from "tweetnacl";
import { Encoder } from "cbor-x/encode";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import {
  agreeBoxKey,
  CofferFault,
  compute,
  computeAsync,
  decodeEntries,
  encodeClientMessage,
  encodeServerMessage,
  hashNonce,
  loadDefinition,
  makeRequest,
  openAuthenticatedReply,
  openReply,
  openRequest,
  type PendingRequest,
  REPLY_OVERHEAD_BYTES,
  ReplyDesk,
  sealReply,
  type ServerEvent,
  ServerMachine,
  x25519Web,
} from "../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../lib/coffer/keys/x25519_node.ts";
import {
  type AuthenticatedVectors,
  keyPair,
  random,
  readFrames,
  readVectors,
  Run,
  scriptedRandom,
  utf8,
} from "../../support/coffer.ts";

const vectors = readVectors<AuthenticatedVectors>("authenticated.json");
const client = keyPair(vectors.client);
const server = keyPair(vectors.server);
const stranger = keyPair("stranger");

type Case = AuthenticatedVectors["cases"][number];

function requestOf(vector: Case): PendingRequest {
  const scripted = scriptedRandom(vector.requestSecretHex, vector.requestNonceHex);
  return compute(makeRequest(client, server.publicKey, vector.time, scripted), x25519Node);
}

function bodyOf(frameHex: string, framing: Case["framing"]): Uint8Array {
  return readFrames(decodeHex(frameHex), framing)[0]?.body ?? new Uint8Array();
}

const boxKey = compute(agreeBoxKey(server.secretKey, client.publicKey), x25519Node);
assert(boxKey !== undefined);

Deno.test("authenticated.json: every step of both framings, byte for byte", async (t) => {
  for (const vector of vectors.cases) {
    const { name, framing } = vector;
    await t.step(`${name}: the request`, () => {
      const { body } = requestOf(vector);
      const frame = encodeClientMessage(framing, { type: "Get", request: body });
      assertEquals(encodeHex(frame), vector.getHex);
    });
    await t.step(`${name}: the request, asynchronously`, async () => {
      const scripted = scriptedRandom(vector.requestSecretHex, vector.requestNonceHex);
      const making = makeRequest(client, server.publicKey, vector.time, scripted);
      assertEquals(await computeAsync(making, x25519Web), requestOf(vector));
    });
    await t.step(`${name}: the server reads it`, () => {
      assertEquals(openRequest(bodyOf(vector.getHex, framing), boxKey), {
        nonce: decodeHex(vector.requestNonceHex),
        time: vector.time,
        ephemeralKey: requestOf(vector).ephemeral.publicKey,
        encoding: { int64: true, dates: true },
      });
    });
    await t.step(`${name}: the server's answer`, () => {
      const desk = new ReplyDesk(loadDefinition(utf8(vectors.toml)), {
        server,
        x25519: x25519Node,
        random: scriptedRandom(vector.serverRandomHex, vector.replySecretHex),
        clock: () => vector.time,
      });
      const run = new Run<ServerEvent, ServerMachine>(new ServerMachine(desk));
      run.receive(encodeClientMessage(framing, { type: "Hello", publicKey: client.publicKey }));
      run.sent.length = 0; // the narrow Link
      run.receive(vector.getHex);
      assertEquals(encodeHex(run.stream), vector.okGetHex);
      assertEquals(run.events, [
        { type: "served", publicKey: client.publicKey, framing, authenticated: true },
      ]);
    });
    await t.step(`${name}: the client opens it`, () => {
      const request = requestOf(vector);
      const sealed = bodyOf(vector.okGetHex, framing);
      const reply = compute(openReply(sealed, { client, request }), x25519Node);
      assertEquals(reply.authenticated, true);
      assertEquals(reply.secrets, decodeEntries(decodeHex(vector.plaintextHex)));
      assertEquals(request.ephemeral.secretKey, new Uint8Array(32), "wiped");
    });
  }
});

Deno.test("authenticated.json: tweetnacl opens what ours makes, layer by layer", () => {
  const vector = vectors.cases[0];
  assert(vector !== undefined);
  const pending = requestOf(vector);
  const nonce = pending.body.subarray(0, 24);
  const content = nacl.box.open(
    pending.body.subarray(24),
    nonce,
    client.publicKey,
    server.secretKey,
  );
  assertEquals(content && encodeHex(content), vector.requestPlaintextHex);
  const opened = openRequest(pending.body, boxKey);
  assert(typeof opened === "object");
  const parts = {
    request: opened,
    plaintext: decodeHex(vector.plaintextHex),
    clientKey: client.publicKey,
    serverKey: server.publicKey,
    boxKey,
  };
  const body = compute(sealReply(parts, random), x25519Node);
  assertEquals(body.length, parts.plaintext.length + REPLY_OVERHEAD_BYTES);
  assertEquals(REPLY_OVERHEAD_BYTES, 88);
  const replyNonce = hashNonce(
    utf8("coffer reply"),
    nonce,
    body.subarray(0, 24),
    client.publicKey,
    server.publicKey,
  );
  const inner = nacl.box.open(body.subarray(24), replyNonce, server.publicKey, client.secretKey);
  assert(inner !== null);
  const e = requestOf(vector).ephemeral;
  const sealNonce = hashNonce(inner.subarray(0, 32), e.publicKey);
  const list = nacl.box.open(inner.subarray(32), sealNonce, inner.subarray(0, 32), e.secretKey);
  assertEquals(list && encodeHex(list), vector.plaintextHex);
});

const encoder = new Encoder({ useRecords: false, tagUint8Array: false, mapsAsObjects: false });

/** A body that opens between the two, with any content. */
function boxed(content: Record<string, unknown> | Uint8Array, pair = client): Uint8Array {
  const nonce = random(24);
  const bytes = content instanceof Uint8Array
    ? content
    : new Uint8Array(encoder.encode(new Map(Object.entries(content))));
  return concat([nonce, nacl.box(bytes, nonce, server.publicKey, pair.secretKey)]);
}

const e = keyPair("fixed").publicKey;

Deno.test("openRequest: what counts as a request", async (t) => {
  const good = { v: 1, t: 5, e, accept: ["Date"] };
  const cases: Record<string, [Uint8Array, unknown]> = {
    "a request": [boxed(good), { int64: false, dates: true }],
    "more pairs than needed": [boxed({ ...good, more: null, x: [1] }), {
      int64: false,
      dates: true,
    }],
    "nothing accepted": [boxed({ v: 1, t: 5, e }), { int64: false, dates: false }],
    "accept is no list": [boxed({ ...good, accept: "Date" }), { int64: false, dates: false }],
    "another version": [boxed({ ...good, v: 2 }), "bad"],
    "a version as text": [boxed({ ...good, v: "1" }), "bad"],
    "no version": [boxed({ t: 5, e }), "bad"],
    "no key": [boxed({ v: 1, t: 5 }), "bad"],
    "a short key": [boxed({ ...good, e: e.subarray(1) }), "bad"],
    "a key as text": [boxed({ ...good, e: "x".repeat(32) }), "bad"],
    "no map": [boxed(Uint8Array.of(0x80)), "bad"],
    "no CBOR": [boxed(Uint8Array.of(0xff)), "bad"],
    "nothing in the box": [boxed(new Uint8Array()), "bad"],
    "somebody else's box": [boxed(good, stranger), "ignored"],
    "100 bytes of 7": [new Uint8Array(100).fill(7), "ignored"],
    "23 bytes": [new Uint8Array(23), "ignored"],
    "a nonce alone": [new Uint8Array(24), "ignored"],
    "nothing": [new Uint8Array(), "ignored"],
  };
  for (const [name, [body, expected]] of Object.entries(cases)) {
    await t.step(name, () => {
      const opened = openRequest(body, boxKey);
      assertEquals(typeof opened === "object" ? opened.encoding : opened, expected);
    });
  }
});

Deno.test("openRequest: a request without a time has none that is near any other", () => {
  for (const t of [undefined, "5", 1.5]) {
    const opened = openRequest(boxed(t === undefined ? { v: 1, e } : { v: 1, t, e }), boxKey);
    assert(typeof opened === "object");
    assertEquals(opened.time, NaN);
  }
});

Deno.test("openAuthenticatedReply opens nothing but the answer to its own request", async (t) => {
  const [vector] = vectors.cases;
  assert(vector !== undefined);
  const body = bodyOf(vector.okGetHex, vector.framing);
  const open = (bytes: Uint8Array, request = requestOf(vector)) =>
    compute(openAuthenticatedReply(bytes, request), x25519Node);
  await t.step("its own", () => {
    const opened = open(body);
    assertEquals(opened && encodeHex(opened), vector.plaintextHex);
  });
  await t.step("another request's answer", () => {
    const scripted = scriptedRandom(vector.requestSecretHex, "00".repeat(24));
    const other = makeRequest(client, server.publicKey, vector.time, scripted);
    assertEquals(open(body, compute(other, x25519Node)), undefined);
  });
  await t.step("another server's answer", () => {
    const scripted = scriptedRandom(vector.requestSecretHex, vector.requestNonceHex);
    const other = makeRequest(client, stranger.publicKey, vector.time, scripted);
    assertEquals(open(body, compute(other, x25519Node)), undefined);
  });
  await t.step("its own request sent back", () => {
    assertEquals(open(requestOf(vector).body), undefined);
  });
  await t.step("after the ephemeral secret was wiped", () => {
    const request = requestOf(vector);
    assert(open(body, request) !== undefined);
    assertEquals(open(body, request), undefined);
  });
  await t.step("every truncation", () => {
    for (let length = 0; length < body.length; length++) {
      assertEquals(open(body.subarray(0, length)), undefined);
    }
  });
  await t.step("every changed byte", () => {
    for (let at = 0; at < body.length; at++) {
      const changed = body.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x80;
      assertEquals(open(changed), undefined, `byte ${at}`);
    }
  });
});

Deno.test("openReply: with a request only a proof will do, unless told otherwise", async (t) => {
  const [vector] = vectors.cases;
  assert(vector !== undefined);
  const desk = new ReplyDesk(loadDefinition(utf8(vectors.toml)), {
    server,
    x25519: x25519Node,
    random,
    clock: () => vector.time,
  });
  const answer = desk.answer({
    publicKey: client.publicKey,
    framing: "wide",
    body: new Uint8Array(),
  });
  assert(answer.type === "reply" && !answer.authenticated);
  const plain = readFrames(answer.frame)[0]?.body ?? new Uint8Array();
  await t.step("a plain reply is refused", () => {
    const opening = openReply(plain, { client, request: requestOf(vector) });
    const fault = assertThrows(() => compute(opening, x25519Node), CofferFault);
    assertEquals(fault.code, "not-authenticated");
  });
  await t.step("a plain reply is taken with allowUnauthenticated", () => {
    const request = requestOf(vector);
    const opening = openReply(plain, { client, request, allowUnauthenticated: true });
    const reply = compute(opening, x25519Node);
    assertEquals(reply.authenticated, false);
    assertEquals(reply.secrets.get("TOKEN"), { type: "String", value: "w" });
  });
  await t.step("a tampered reply is refused with and without", () => {
    const body = bodyOf(vector.okGetHex, vector.framing);
    body[30] = (body[30] ?? 0) ^ 1;
    const outcomes = [false, true].map((allowUnauthenticated) => {
      const opening = openReply(body, { client, request: requestOf(vector), allowUnauthenticated });
      return assertThrows(() => compute(opening, x25519Node), CofferFault).code;
    });
    assertEquals(outcomes, ["not-authenticated", "bad-seal"]);
  });
  await t.step("an authenticated reply without its request cannot be opened", () => {
    const opening = openReply(bodyOf(vector.okGetHex, vector.framing), { client });
    assertEquals(assertThrows(() => compute(opening, x25519Node), CofferFault).code, "bad-seal");
  });
});

Deno.test("makeRequest refuses a server's key of low order", () => {
  const making = makeRequest(client, new Uint8Array(32), 0, random);
  const fault = assertThrows(() => compute(making, x25519Node), CofferFault, "low order");
  assertEquals(fault.code, "bad-key");
});

Deno.test("sealReply never uses one nonce for two replies to one request", () => {
  const [vector] = vectors.cases;
  assert(vector !== undefined);
  const request = openRequest(bodyOf(vector.getHex, vector.framing), boxKey);
  assert(typeof request === "object");
  const parts = {
    request,
    plaintext: utf8("x"),
    clientKey: client.publicKey,
    serverKey: server.publicKey,
    boxKey,
  };
  const [one, two] = [1, 2].map(() => compute(sealReply(parts, random), x25519Node));
  assert(encodeHex(one?.subarray(0, 24) ?? "") !== encodeHex(two?.subarray(0, 24) ?? ""));
});

Deno.test("encodeServerMessage carries an authenticated reply under OkGet's own number", () => {
  for (const vector of vectors.cases) {
    const sealed = bodyOf(vector.okGetHex, vector.framing);
    const frame = encodeServerMessage(vector.framing, { type: "OkGet", sealed });
    assertEquals(encodeHex(frame), vector.okGetHex);
  }
});
