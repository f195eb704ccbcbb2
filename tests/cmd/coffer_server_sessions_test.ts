// `coffer-server` and the clients of the original: every recorded one against one process, recorded
// sessions byte for byte, both framings.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { concat } from "@std/bytes/concat";
import type { Framing } from "../../lib/coffer/mod.ts";
import {
  bigDefinition,
  definition,
  type Proposed,
  readFrames,
  readVectors,
  type SessionVector,
} from "../support/coffer.ts";
import {
  exchange,
  fetchSecrets,
  Line,
  onCofferStage,
  openReply,
  request,
  type Server,
  smallDefinition,
} from "../support/coffer_stage.ts";

interface ServerCase {
  readonly id: string;
  readonly bytes: string;
  readonly segments: number;
  readonly ours: {
    readonly reply: readonly string[];
    readonly error?: string;
    readonly framing?: Framing;
    readonly when?: string;
    readonly note?: string;
  };
}

/** Sends what was recorded, in as many writes, and ends as its id says. */
async function play({ port }: Server, vector: ServerCase): Promise<Uint8Array> {
  const bytes = decodeHex(vector.bytes);
  if (/reset/.test(vector.id)) return await playReset(port, vector, bytes);
  using line = await Line.open(port);
  const step = Math.ceil(bytes.length / Math.max(1, vector.segments));
  for (let at = 0; at < bytes.length; at += step) await line.send(bytes.slice(at, at + step));
  const waits = vector.ours.when !== undefined || vector.ours.error !== undefined ||
    vector.ours.reply.some((type) => type === "0xaa");
  if (!waits) await line.endWriting();
  return await line.rest();
}

/** A reset as the runtime makes one: by closing with something unread, or on purpose. */
async function playReset(port: number, vector: ServerCase, bytes: Uint8Array): Promise<Uint8Array> {
  const { connect } = await import("node:net");
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  const received: Uint8Array[] = [];
  const answered = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Uint8Array) => resolve(void received.push(new Uint8Array(chunk))));
    socket.on("error", () => resolve());
    socket.on("close", () => resolve());
  });
  if (bytes.length > 0) await new Promise((resolve) => socket.write(bytes, resolve));
  if (vector.id === "no-bye-reset") await answered;
  if (typeof socket.resetAndDestroy === "function") socket.resetAndDestroy();
  else socket.destroy(); // the older release cannot reset on purpose
  await answered;
  return concat(received);
}

Deno.test("coffer-server: every recorded client gets its answer from one process, and the next is served", async (t) => {
  const { cases } = readVectors<{ readonly cases: readonly ServerCase[] }>("server-behaviour.json");
  assertEquals(cases.length, 43);
  await onCofferStage(async (stage) => {
    await stage.key("server");
    await stage.recorded("typed");
    const server = await stage.serve(["--session-timeout", "1"]);
    for (const vector of cases) {
      await t.step({
        name: vector.id,
        sanitizeOps: false, // the server's output is read all the time
        sanitizeResources: false,
        fn: async () => {
          const { reply, error, framing = "wide", note } = vector.ours;
          const frames = readFrames(await play(server, vector), framing);
          const types = frames.map(({ type }) => `0x${type.toString(16).padStart(2, "0")}`);
          if (note === undefined || types.length > 0) {
            // Silence after a narrow Link ends in the deadline's Error, which the vector leaves out.
            assertEquals(types.slice(0, Math.max(1, reply.length)), reply);
          }
          if (error !== undefined) {
            assertEquals(new TextDecoder().decode(frames.at(-1)?.body), error);
          }
          assertEquals([...(await fetchSecrets(server.port, "web")).keys()], ["WEB_TOKEN"]);
          assert(server.program.running, "the process goes on");
        },
      });
    }
    const { pid } = server.program;
    server.program.kill("SIGTERM");
    assertEquals((await server.program.ended()).code, 0, `process ${pid} lived to the end`);
  });
});

Deno.test("coffer-server: recorded sessions, byte for byte as the original client sent them", async (t) => {
  const { sessions } = readVectors<{ readonly sessions: readonly SessionVector[] }>(
    "sessions.json",
  );
  for (const session of sessions) {
    await t.step(session.name, () =>
      onCofferStage(async (stage) => {
        const vector = definition(session.definition ?? "");
        await Deno.rename(await stage.key(session.serverKey), stage.at("server.key"));
        await stage.write("secrets.sealed", decodeHex(vector.sealedHex));
        const { port } = await stage.serve();
        const answer = await exchange(port, decodeHex(session.clientToServerHex));
        const [reply] = readFrames(answer);
        assertEquals(reply?.type, 0x05);
        const got = openReply(reply?.body ?? new Uint8Array(), session.clientKey);
        const wanted = (session.entries ?? []).map(({ key }) => key).sort();
        assertEquals([...got.keys()].sort(), wanted);
        // What the original hands on as text comes out the same; values are compared in the
        // machine's tests, where the bytes of each are at hand.
        for (const [key, text] of Object.entries(session.environment)) {
          assertEquals(String(got.get(key)?.value).trim(), text, key);
        }
      }));
  }
});

Deno.test("coffer-server: a large shard travels wide, and narrow says why not", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(bigDefinition());
    const { program, port } = await stage.serve();
    assertMatch(program.stderr, /warn: secrets\.sealed:\d+:\d+: .*too many for the narrow framing/);
    assertEquals((await fetchSecrets(port, "big")).size, 17);
    using line = await Line.open(port);
    await line.send(request("big", "narrow"));
    assertEquals((await line.frame("narrow")).type, 0x01);
    const { type, body } = await line.frame("narrow");
    assertEquals([type, new TextDecoder().decode(body)], [
      0xff,
      "shard too large for this framing",
    ]);
  }));

Deno.test("coffer-server: both framings on one port, interleaved; --protocol switches one off", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition("SINCE = 2020-01-19T13:55:46Z\n"));
    const { port } = await stage.serve();
    const both = await Promise.all(
      Array.from({ length: 20 }, (_, at) => fetchSecrets(port, "web", at % 2 ? "wide" : "narrow")),
    );
    for (const secrets of both) {
      assertEquals(secrets.get("SINCE"), { type: "Date", value: "2020-01-19T13:55:46Z" });
    }
    const { narrowSession, narrowErrors } = readVectors<Proposed>("proposed.json");
    using line = await Line.open(port);
    await line.send(decodeHex(narrowSession.helloHex));
    assertEquals((await line.frame("narrow")).type, 0xaa, "unknown keys are told at once");
    assert(narrowErrors.keyNotFoundHex.startsWith("0020aa"));
    const wideOnly = await stage.serve(["--protocol", "wide"]);
    const refused = await exchange(wideOnly.port, request("web", "narrow"));
    assertNotEquals(readFrames(refused, "wide")[0]?.type, 0x05);
    await fetchSecrets(wideOnly.port, "web");
  }));
