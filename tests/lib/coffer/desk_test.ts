import nacl from "tweetnacl";
import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  type Answer,
  compute,
  formatId,
  type Framing,
  FRAMINGS,
  loadDefinition,
  makeRequest,
  openReply,
  ReplyDesk,
  type ReplyDeskOptions,
} from "../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../lib/coffer/keys/x25519_node.ts";
import { bigDefinition, keyPair, random, readFrames, utf8 } from "../../support/coffer.ts";

const NOW = 1_600_000_000;
const [web, app, server, stranger] = [
  keyPair("web"),
  keyPair("app"),
  keyPair("server"),
  keyPair("stranger"),
];
const TOML = `[web]\nid = "${formatId(web.publicKey)}"\nTOKEN = "w"\nDAY = 1979-05-27\n` +
  `[app]\nid = "${formatId(app.publicKey)}"\nKEY = 1\n`;

function deskWith(options: Partial<ReplyDeskOptions> = {}, toml = TOML): ReplyDesk {
  return new ReplyDesk(loadDefinition(utf8(toml)), {
    server,
    x25519: x25519Node,
    random,
    clock: () => NOW,
    ...options,
  });
}

function ask(
  desk: ReplyDesk,
  body = new Uint8Array(),
  framing: Framing = "wide",
  publicKey = web.publicKey,
): Answer {
  return desk.answer({ publicKey, framing, body });
}

function request(time = NOW, pair = web, to = server.publicKey): Uint8Array<ArrayBuffer> {
  return new Uint8Array(compute(makeRequest(pair, to, time, random), x25519Node).body);
}

function boxed(content: Uint8Array, pair = web): Uint8Array<ArrayBuffer> {
  const nonce = random(24);
  return concat([nonce, nacl.box(content, nonce, server.publicKey, pair.secretKey)]);
}

/** An answer in a word. */
function word(answer: Answer): string {
  if (answer.type === "refuse") return answer.reason;
  return answer.type === "reply" ? (answer.authenticated ? "proved" : "plain") : answer.type;
}

const BAD_REQUESTS: Record<string, () => Uint8Array<ArrayBuffer>> = {
  "no map": () => boxed(Uint8Array.of(0x80)),
  "another version": () => boxed(Uint8Array.of(0xa1, 0x61, 0x76, 0x02)),
  "301 s ago": () => request(NOW - 301),
  "301 s ahead": () => request(NOW + 301),
  "a key of low order": () => {
    const head = [0xa3, 0x61, 0x76, 0x01, 0x61, 0x74, 0x1a, 0x5f, 0x5e, 0x10, 0x00];
    return boxed(Uint8Array.of(...head, 0x61, 0x65, 0x58, 0x20, ...new Uint8Array(32)));
  },
};

for (const requireAuthenticated of [false, true]) {
  const mode = requireAuthenticated ? "demanded" : "offered";
  Deno.test(`ReplyDesk, authentication ${mode}: the answer to each kind of Get`, async (t) => {
    const plain = requireAuthenticated ? "authentication required" : "plain";
    const replayed = request();
    const cases: Record<string, [() => Uint8Array<ArrayBuffer>, string]> = {
      "no body": [() => new Uint8Array(), plain],
      "a request": [() => replayed, "proved"],
      "the same request again": [() => replayed, "bad request"],
      "300 s ago": [() => request(NOW - 300), "proved"],
      "300 s ahead": [() => request(NOW + 300), "proved"],
      "a body that nobody can open": [() => new Uint8Array(100).fill(7), plain],
      "a request to another server": [() => request(NOW, web, app.publicKey), plain],
      "a request of another client": [() => request(NOW, app), plain],
      "a request of a stranger": [() => request(NOW, stranger), plain],
      ...Object.fromEntries(
        Object.entries(BAD_REQUESTS).map(([name, make]) => [name, [make, "bad request"]]),
      ),
    };
    const desk = deskWith({ requireAuthenticated });
    for (const [name, [make, expected]] of Object.entries(cases)) {
      await t.step(name, () => assertEquals(word(ask(desk, make())), expected));
    }
  });
}

Deno.test("ReplyDesk: an unknown key is unknown whatever it asks", () => {
  const desk = deskWith({ requireAuthenticated: true });
  for (const body of [new Uint8Array(), request(NOW, stranger)]) {
    assertEquals(word(ask(desk, body, "wide", stranger.publicKey)), "unknown-key");
  }
  assertEquals(desk.knows(stranger.publicKey), false);
  assertEquals(desk.knows(web.publicKey), true);
  assertEquals(desk.size, 2);
});

Deno.test("ReplyDesk: plain replies are sealed once per framing and kept", () => {
  let seals = 0;
  const counting = (length: number) => {
    seals++;
    return random(length);
  };
  const desk = deskWith({ random: counting });
  const frames = [1, 2, 3].map(() => ask(desk));
  assertEquals(seals, 1);
  assert(frames[0]?.type === "reply" && frames[1]?.type === "reply");
  assertEquals(frames[0].frame === frames[1].frame, true, "the same array, nothing copied");
  ask(desk, undefined, "narrow");
  ask(desk, undefined, "narrow");
  assertEquals(seals, 2);
});

Deno.test("ReplyDesk: without keeping, and when proved, every reply is new", () => {
  const fresh = deskWith({ keep: false });
  const [one, two] = [ask(fresh), ask(fresh)];
  assert(one.type === "reply" && two.type === "reply");
  assert(one.frame.some((byte, at) => byte !== two.frame[at]));
  const desk = deskWith();
  const body = request();
  const [three, four] = [ask(desk, body), ask(deskWith(), body)];
  assert(three.type === "reply" && four.type === "reply");
  assert(three.frame.some((byte, at) => byte !== four.frame[at]));
});

Deno.test("ReplyDesk: the narrow framing's limit counts what the mode adds", async (t) => {
  const overhead = 1 + 1 + 2 + 1 + 7 + 3; // list, pair, "K", map, "String", head of the text
  const toml = (plaintext: number) =>
    `id = "${formatId(web.publicKey)}"\nK = "${"x".repeat(plaintext - overhead)}"\n`;
  const cases: [string, number, boolean, string][] = [
    ["plain, just fits", 65_487, false, "plain"],
    ["plain, one byte more", 65_488, false, "shard too large for this framing"],
    ["proved, just fits", 65_447, true, "proved"],
    ["proved, one byte more", 65_448, true, "shard too large for this framing"],
  ];
  for (const [name, length, authenticated, expected] of cases) {
    await t.step(name, () => {
      const desk = deskWith({}, toml(length));
      const body = authenticated ? request() : new Uint8Array();
      assertEquals(word(ask(desk, body, "narrow")), expected);
      assertEquals(word(ask(desk, authenticated ? request() : body, "wide")).length > 0, true);
    });
  }
  await t.step("the recorded large shard", () => {
    const big = keyPair("big").publicKey;
    const desk = deskWith({}, bigDefinition());
    assertEquals(word(ask(desk, undefined, "wide", big)), "plain");
    const answer = ask(desk, undefined, "narrow", big);
    assertEquals(word(answer), "shard too large for this framing");
    assertEquals(word(ask(desk, undefined, "narrow", big)), word(answer), "kept as well");
  });
});

Deno.test("ReplyDesk: a reload knows what changed and which requests were answered", () => {
  const desk = deskWith();
  const body = request();
  assertEquals(word(ask(desk, body)), "proved");
  const changed = TOML.replace('"w"', '"other"').replace(/\[app\][^]*/, "") +
    `[stranger]\nid = "${formatId(stranger.publicKey)}"\nNEW = 1\n`;
  const { desk: next, changes } = desk.reload(loadDefinition(utf8(changed)), server);
  assertEquals(changes, {
    added: [stranger.publicKey],
    changed: [web.publicKey],
    removed: [app.publicKey],
  });
  assertEquals(word(ask(next, body)), "bad request");
  assertEquals(word(ask(next, request())), "proved");
  assertEquals(word(ask(next, undefined, "wide", app.publicKey)), "unknown-key");
  const { changes: none } = next.reload(loadDefinition(utf8(changed)), server);
  assertEquals(none, { added: [], changed: [], removed: [] });
});

Deno.test("ReplyDesk: a reload with another server key agrees on new box keys", () => {
  const other = keyPair("db");
  const desk = deskWith();
  ask(desk, request());
  const { desk: next } = desk.reload(loadDefinition(utf8(TOML)), other);
  assertEquals(word(ask(next, request())), "plain");
  assertEquals(word(ask(next, request(NOW, web, other.publicKey))), "proved");
});

Deno.test("ReplyDesk: every answer opens to the client's entries", () => {
  const desk = deskWith();
  for (const framing of FRAMINGS) {
    const plain = ask(desk, undefined, framing);
    assert(plain.type === "reply");
    const pending = compute(makeRequest(web, server.publicKey, NOW, random), x25519Node);
    const proved = ask(desk, new Uint8Array(pending.body), framing);
    assert(proved.type === "reply");
    const open = (frame: Uint8Array) => readFrames(frame, framing)[0]?.body ?? new Uint8Array();
    const replies = [
      compute(openReply(open(plain.frame), { client: web }), x25519Node),
      compute(openReply(open(proved.frame), { client: web, request: pending }), x25519Node),
    ];
    assertEquals(replies.map(({ authenticated }) => authenticated), [false, true]);
    for (const { secrets } of replies) {
      assertEquals([...secrets], [
        ["TOKEN", { type: "String", value: "w" }],
        ["DAY", { type: "Date", value: "1979-05-27" }],
      ]);
    }
  }
});
