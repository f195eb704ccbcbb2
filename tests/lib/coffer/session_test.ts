// Whole sessions: the recorded ones against our machines, and our machines with each other.

import { assert, assertEquals } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { encodeCbor } from "../../../lib/cbor/mod.ts";
import {
  type ClientEvent,
  ClientMachine,
  compute,
  decodeEntries,
  encodeValue,
  EXACT_ENCODING,
  type Framing,
  FRAMINGS,
  loadDefinition,
  nameVariables,
  openReply,
  openSealedBox,
  ReplyDesk,
  type Secrets,
  type ServerEvent,
  ServerMachine,
  toEnvironment,
} from "../../../lib/coffer/mod.ts";
import { x25519Node } from "../../../lib/coffer/keys/x25519_node.ts";
import { cuts } from "../../support/chunks.ts";
import {
  bigDefinition,
  definition,
  keyPair,
  random,
  readFrames,
  readVectors,
  Run,
  type SessionVector,
  utf8,
} from "../../support/coffer.ts";

const { sessions } = readVectors<{ readonly sessions: readonly SessionVector[] }>("sessions.json");
const big = readVectors<SessionVector>("session-big.json");

function deskFor(session: SessionVector): ReplyDesk {
  const toml = session.definition === null ? bigDefinition() : definition(session.definition).toml;
  const server = keyPair(session.serverKey);
  return new ReplyDesk(loadDefinition(utf8(toml)), {
    server,
    x25519: x25519Node,
    random,
    clock: () => 1_600_000_000,
  });
}

/** Values of the vectors where ours is exact and the original's is not, by the original's bytes. */
const exactHexes = new Map(
  readVectors<
    { readonly values: readonly { readonly key: string; readonly exactHex: string }[] }
  >("values.json").values.map(({ key, exactHex }) => [key, exactHex]),
);

function openReplyOf(stream: Uint8Array, session: SessionVector): Secrets {
  const [frame] = readFrames(stream);
  assertEquals(frame?.type, 0x05);
  const sealed = frame?.body ?? new Uint8Array();
  const opened = compute(openSealedBox(sealed, keyPair(session.clientKey)), x25519Node);
  assert(opened !== undefined);
  return decodeEntries(opened);
}

Deno.test("sessions.json: our server gives the recorded client its entries, exactly", async (t) => {
  for (const session of sessions) {
    await t.step(session.name, () => {
      const desk = deskFor(session);
      for (const { name, chunks } of cuts(decodeHex(session.clientToServerHex))) {
        const run = new Run<ServerEvent, ServerMachine>(new ServerMachine(desk)).receive(...chunks);
        assertEquals(run.done, true, name);
        const ours = openReplyOf(run.stream, session);
        const expected = (session.entries ?? []).map(({ key, valueHex }) => [
          key,
          exactHexes.get(key) ?? valueHex,
        ]);
        const entries = Array.from(ours, ([key, value]) => [
          key,
          encodeHex(encodeCbor(encodeValue(value, EXACT_ENCODING))),
        ]);
        assertEquals(entries.toSorted(), expected.toSorted(), name);
      }
    });
  }
});

Deno.test("sessions.json: 11 entries of the original are not what the definition says", () => {
  const typed = sessions.find(({ name }) => name === "typed");
  const changed = (typed?.entries ?? []).filter(({ key, valueHex }) =>
    exactHexes.get(key) !== valueHex
  );
  assertEquals(changed.length, 11);
});

Deno.test("sessions.json: our client gets the recorded environment from the recorded server", async (t) => {
  for (const session of [...sessions, big]) {
    await t.step(session.name, () => {
      const stream = decodeHex(session.serverToClientHex);
      const pieces = stream.length > 5000 ? [{ name: "whole", chunks: [stream] }] : cuts(stream);
      for (const { name, chunks } of pieces) {
        const client = keyPair(session.clientKey);
        const machine = new ClientMachine({ framing: "wide", publicKey: client.publicKey });
        const run = new Run<ClientEvent, ClientMachine>(machine).receive(...chunks).end();
        assertEquals(encodeHex(run.stream), session.clientToServerHex, name);
        const [event] = run.events;
        assert(event?.type === "reply");
        if (name !== "whole" && name !== "byte by byte") continue;
        const { secrets } = compute(openReply(event.sealed, { client }), x25519Node);
        const strings = new Map([...secrets].filter(([, { type }]) => type === "String"));
        const environment = toEnvironment(nameVariables(strings, { trim: true }), false);
        if (session.definition === null) {
          assertEquals(environment.size, 17);
          assertEquals(new Set(environment.values()), new Set(["0123456789abcdef".repeat(256)]));
        } else assertEquals(Object.fromEntries(environment), session.environment);
      }
    });
  }
});

Deno.test("session-big.json: wide carries it, narrow says why not", () => {
  const desk = deskFor(big);
  const client = keyPair("big");
  for (const framing of FRAMINGS) {
    const outcome = meet(desk, framing, "big");
    if (framing === "wide") {
      assert(outcome?.type === "reply");
      assertEquals(compute(openReply(outcome.sealed, { client }), x25519Node).secrets.size, 17);
    } else {
      assert(outcome?.type === "fault");
      assertEquals(outcome.fault.code, "refused");
      assert(outcome.fault.message.includes('"shard too large for this framing"'));
    }
  }
});

Deno.test("our client and our server: typed values arrive as the definition has them", () => {
  const toml = definition("typed").toml.replace("[group]", "DAY = 1979-05-27\n[group]");
  const file = loadDefinition(utf8(toml));
  const desk = new ReplyDesk(file, {
    server: keyPair("server"),
    x25519: x25519Node,
    random,
    clock: () => 0,
  });
  const expected = new Map(
    [...file.clients[0]?.entries ?? []].map(([key, { value }]) => [key, value]),
  );
  for (const framing of FRAMINGS) {
    const outcome = meet(desk, framing, "app");
    assert(outcome?.type === "reply");
    const { secrets } = compute(openReply(outcome.sealed, { client: keyPair("app") }), x25519Node);
    assertEquals(secrets, expected);
    assertEquals([...secrets.keys()], [...expected.keys()], "in the definition's order");
  }
});

/** Lets both machines talk until nothing more is said; what the client got. */
function meet(desk: ReplyDesk, framing: Framing, name: string): ClientEvent | undefined {
  const server = new ServerMachine(desk);
  const client = new ClientMachine({ framing, publicKey: keyPair(name).publicKey });
  const events: ClientEvent[] = [];
  server.start(0);
  let toServer = [...client.start(0).send];
  while (toServer.length > 0) {
    const toClient = toServer.flatMap((bytes) => server.receive(bytes, 0).send);
    toServer = toClient.flatMap((bytes) => {
      const step = client.receive(bytes, 0);
      events.push(...step.events);
      return [...step.send];
    });
  }
  return events[0];
}
