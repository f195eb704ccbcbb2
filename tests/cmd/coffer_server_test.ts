// `coffer-server`: what can happen to it, row by row of the table in its help; every recorded client
// against one process; reloads, audit, and who is believed.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import { concat } from "@std/bytes/concat";
import { SERVER } from "../../cmd/coffer-server/args.ts";
import {
  compute,
  encodeFrame,
  type Framing,
  makeRequest,
  openReply as openAnyReply,
  type PendingRequest,
} from "../../lib/coffer/mod.ts";
import { x25519Node } from "../../lib/coffer/keys/x25519_node.ts";
import {
  bigDefinition,
  definition,
  keyPair,
  type Proposed,
  random,
  readFrames,
  readVectors,
  type SessionVector,
  utf8,
} from "../support/coffer.ts";
import {
  CANARY,
  type CofferStage,
  exchange,
  fetchSecrets,
  idOf,
  Line,
  onCofferStage,
  openReply,
  request,
  type Server,
  smallDefinition,
  testOnCofferStages,
} from "../support/coffer_stage.ts";
import { testOutcomes, type Variant } from "../support/outcomes.ts";
import type { Ended } from "../support/program.ts";
import { until } from "../support/within.ts";

const FILES = ["-c", "server.key", "-s", "secrets.sealed", "-a", "127.0.0.1:0"];

/** A server that cannot start. */
async function failing(stage: CofferStage, args: readonly string[] = FILES): Promise<Ended> {
  return await stage.start("coffer-server", args).ended();
}

function ending(signal: Deno.Signal): Variant<CofferStage> {
  return async (stage) => {
    await stage.sealed(smallDefinition());
    const { program, port } = await stage.serve();
    using _idle = await Line.open(port);
    program.kill(signal);
    return await program.ended();
  };
}

/** Refused by the rule of companions. */
function withoutCompanion(seal: (stage: CofferStage) => Promise<unknown>): Variant<CofferStage> {
  return async (stage) => {
    await seal(stage);
    return await failing(stage, [...FILES, "--companion-key", idOf("app")]);
  };
}

testOutcomes(SERVER, {
  "option missing": {
    "--certificate": (stage) => failing(stage, ["-s", "secrets.sealed"]),
    "--secrets": (stage) => failing(stage, ["-c", "server.key"]),
  },
  "key file missing or unreadable": {
    "missing": (stage) => failing(stage),
    "a folder": async (stage) => {
      await Deno.mkdir(stage.at("server.key"));
      return await failing(stage);
    },
    "no definition": async (stage) => {
      await stage.key("server");
      return await failing(stage);
    },
  },
  "key file writable by others": {
    "by all": async (stage) => {
      await stage.key("server", 0o666);
      return await failing(stage);
    },
    "by its group": async (stage) => {
      await stage.key("server", 0o620);
      return await failing(stage);
    },
  },
  "key file readable by others": {
    "by all": async (stage) => {
      await stage.sealed(smallDefinition());
      await Deno.chmod(stage.at("server.key"), 0o644);
      return (await stage.serve()).program;
    },
  },
  "key file damaged, halves that do not match": {
    "cut off": async (stage) => {
      const path = await stage.key("server");
      await Deno.truncate(path, 91);
      return await failing(stage);
    },
    "halves of two": async (stage) => {
      const [one, two] = [await stage.key("server"), await stage.key("web")];
      const [first, second] = [await Deno.readFile(one), await Deno.readFile(two)];
      await stage.write("server.key", concat([first.subarray(0, 60), second.subarray(60)]));
      const ended = await failing(stage);
      assertMatch(ended.stderr, /do not belong together/);
      return ended;
    },
  },
  "definition with errors": {
    "every kind at once": async (stage) => {
      const toml =
        `[clients]\nweb = "${idOf("web")}"\nbad = "abc"\nserver = "${idOf("server")}"\n` +
        `[web]\nA = [ "${CANARY}" ]\n[x]\nid = 7\n[y]\nB = "${CANARY}"\n[z]\nid = "${
          idOf("db")
        }"\n` +
        `C.d = "${CANARY}"\nN = 9223372036854775808\n"" = "${CANARY}"\n`;
      await stage.sealed(toml);
      const ended = await failing(stage);
      const places = [...ended.stderr.matchAll(/secrets\.sealed:(\d+):\d+: /g)].map(([, line]) =>
        Number(line)
      );
      assertEquals(places, [3, 4, 6, 8, 10, 13, 14, 15]);
      return ended;
    },
    "a syntax error": async (stage) => {
      await stage.sealed(`a = "${CANARY}\n`);
      return await failing(stage);
    },
  },
  "definition for another key, or damaged": {
    "another key": async (stage) => {
      await stage.sealed(smallDefinition());
      await Deno.rename(await stage.key("stranger"), stage.at("server.key"));
      return await failing(stage);
    },
    "cut off": async (stage) => {
      await stage.key("server");
      await Deno.truncate(await stage.sealed(smallDefinition()), 47);
      return await failing(stage);
    },
    "plain": async (stage) => {
      await stage.key("server");
      await stage.write("secrets.sealed", smallDefinition());
      return await failing(stage);
    },
  },
  "definition without the demanded companion": {
    "a plain box": withoutCompanion((stage) => stage.sealed(smallDefinition())),
    "a foreign key": withoutCompanion(async (stage) =>
      await stage.sealed(smallDefinition(), "stranger")
    ),
  },
  "address in use or not of this machine": {
    "a port in use": async (stage) => {
      await stage.sealed(smallDefinition());
      using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      return await failing(stage, [...FILES.slice(0, 4), "-a", `127.0.0.1:${taken.addr.port}`]);
    },
    "a socket in use": async (stage) => {
      await stage.sealed(smallDefinition());
      await stage.serve(["-a", `unix:${stage.at("socket")}`]);
      return await failing(stage, [...FILES.slice(0, 4), "-a", `unix:${stage.at("socket")}`]);
    },
    "a file where the socket should be": async (stage) => {
      await stage.sealed(smallDefinition());
      const path = await stage.write("socket", "a file");
      const ended = await failing(stage, [...FILES.slice(0, 4), "-a", `unix:${path}`]);
      assertEquals(await Deno.readTextFile(path), "a file");
      return ended;
    },
    "not of this machine": async (stage) => {
      await stage.sealed(smallDefinition());
      return await failing(stage, [...FILES.slice(0, 4), "-a", "192.0.2.1:0"]);
    },
  },
  "audit log cannot be opened": {
    "no such folder": async (stage) => {
      await stage.sealed(smallDefinition());
      return await failing(stage, [...FILES, "--audit-log", "missing/audit.jsonl"]);
    },
  },
  "audit log cannot be written later": {
    "a pipe that nobody reads any more": async (stage) => {
      await stage.sealed(smallDefinition());
      await new Deno.Command("mkfifo", { args: [stage.at("audit")] }).output();
      const reader = await Deno.open(stage.at("audit"), { read: true, write: true });
      const { program, port } = await stage.serve(["--audit-log", "audit"]);
      assertEquals([...(await fetchSecrets(port, "web")).keys()], ["TOKEN"]);
      reader.close();
      const [refused] = readFrames(await exchange(port, request("web")));
      assertEquals(refused?.type, 0xff, "without a line no secrets");
      return program;
    },
  },
  "SIGHUP": {
    "one added, one changed, one gone": async (stage) => {
      await stage.sealed(smallDefinition());
      const { program, port } = await stage.serve();
      await stage.sealed(
        `[web]\nid = "${idOf("web")}"\nTOKEN = "new"\n[app]\nid = "${idOf("app")}"\nX = 1\n`,
      );
      program.kill("SIGHUP");
      await program.waitFor("stderr", /reloaded: \+1 ~1 -1 .*added/);
      for (const name of ["web", "app", "db"]) assert(program.stderr.includes(idOf(name)));
      assertEquals((await fetchSecrets(port, "web")).get("TOKEN")?.value, "new");
      return program;
    },
  },
  "SIGHUP, and something is wrong": {
    "an invalid file while clients run": (stage) => reloadInvalid(stage),
  },
  "hostile client": {
    "an HTTP request": async (stage) => {
      await stage.sealed(smallDefinition());
      const { program, port } = await stage.serve();
      const answer = await exchange(port, utf8("GET / HTTP/1.1\r\n\r\n"));
      assertEquals(readFrames(answer, "narrow").map(({ type }) => type), [0xff]);
      await program.waitFor("stderr", /Cannot serve/);
      return program;
    },
  },
  "out of descriptors": {
    "then some are free again": async (stage) => {
      await stage.sealed(smallDefinition());
      const { program, port } = await stage.serve(["--max-connections", "1000"], {
        through: ["sh", "-c", 'ulimit -n 60 && exec "$0" "$@"'],
      });
      const lines = await Promise.all(Array.from({ length: 60 }, () => Line.open(port)));
      await program.waitFor("stderr", /out of file descriptors/);
      const [first, ...others] = lines;
      await first?.send(request("web"));
      assertEquals((await first?.frame("wide"))?.type, 0x05, "who was connected is served");
      first?.[Symbol.dispose]();
      for (const line of others) line[Symbol.dispose]();
      await fetchSecrets(port, "web");
      return program;
    },
  },
  "SIGTERM, SIGINT": { "SIGTERM": ending("SIGTERM"), "SIGINT": ending("SIGINT") },
}, testOnCofferStages);

/** Clients come all the time; the definition breaks, is mended, and nobody notices. */
async function reloadInvalid(stage: CofferStage) {
  await stage.sealed(smallDefinition());
  const { program, port } = await stage.serve();
  let running = true;
  const clients = Array.from({ length: 4 }, async () => {
    let served = 0;
    for (; running || served === 0; served++) {
      const secrets = await fetchSecrets(port, "web");
      assertEquals(secrets.get("TOKEN")?.value, CANARY);
    }
    return served;
  });
  using held = await Line.open(port);
  await held.send(encodeFrame("wide", 0x00, keyPair("web").publicKey));
  const breakages: readonly (() => Promise<unknown>)[] = [
    () => stage.write("secrets.sealed", "not sealed"),
    () => stage.sealed(`[web]\nid = "${CANARY}"\n`),
    () => Deno.remove(stage.at("secrets.sealed")),
    () => stage.write("server.key", "no key"),
  ];
  for (const [index, breakIt] of breakages.entries()) {
    await breakIt();
    program.kill("SIGHUP");
    const failures = () => program.stderr.match(/not reloaded/g)?.length ?? 0;
    await until(() => failures() === index + 1, "the reload to fail");
  }
  await held.send(encodeFrame("wide", 0x02));
  assertEquals((await held.frame("wide")).type, 0x05, "who was under way goes on");
  await stage.sealed(smallDefinition());
  program.kill("SIGHUP");
  await program.waitFor("stderr", /reloaded: \+0 ~0 -0/);
  running = false;
  assert((await Promise.all(clients)).every((served) => served > 0));
  return program;
}

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

/** A request of a recorded client to the recorded server. */
function authenticated(name: string, time = Date.now() / 1000, client = name): PendingRequest {
  const making = makeRequest(
    keyPair(client),
    keyPair("server").publicKey,
    Math.floor(time),
    random,
  );
  return compute(making, x25519Node);
}

/** What a Get with this body is answered with: the type, or the text of the Error. */
async function answerTo(port: number, name: string, body: Uint8Array): Promise<string> {
  const [frame] = readFrames(await exchange(port, request(name, "wide", body)));
  if (frame?.type === 0xff) return new TextDecoder().decode(frame.body);
  return `0x${frame?.type.toString(16).padStart(2, "0")}`;
}

for (const required of [false, true]) {
  const mode = required ? "with" : "without";
  Deno.test(`coffer-server 14.4: what is refused ${mode} --require-authenticated`, () =>
    onCofferStage(async (stage) => {
      await stage.sealed(smallDefinition());
      const { program, port } = await stage.serve(required ? ["--require-authenticated"] : []);
      assertMatch(
        program.stderr,
        required ? /mode=authenticated-only/ : /mode=plain-and-authenticated/,
      );
      const plain = required ? "authentication required" : "0x05";
      const request = authenticated("web");
      const now = Date.now() / 1000;
      const table: readonly (readonly [string, Uint8Array, string])[] = [
        ["fresh", request.body, "0x05"],
        ["the same once more", request.body, "bad request"],
        ["too old", authenticated("web", now - 302).body, "bad request"],
        ["from the future", authenticated("web", now + 303).body, "bad request"],
        ["nothing", new Uint8Array(), plain],
        ["garbage", random(150), plain],
        ["of somebody else", authenticated("web", now, "db").body, plain],
      ];
      for (const [what, body, outcome] of table) {
        assertEquals(await answerTo(port, "web", body), outcome, what);
      }
      assertEquals(await answerTo(port, "stranger", new Uint8Array()), "0xaa");
      for (const framing of ["wide", "narrow"] as const) {
        const pending = authenticated("web");
        using line = await Line.open(port);
        await line.send(encodeFrame(framing, 0x00, keyPair("web").publicKey));
        await line.send(encodeFrame(framing, 0x02, pending.body));
        if (framing === "narrow") await line.frame(framing);
        const { body } = await line.frame(framing);
        const reply = openAnyReply(body, { client: keyPair("web"), request: pending });
        assertEquals(compute(reply, x25519Node).authenticated, true, framing);
      }
    }));
}

Deno.test("coffer-server: --companion-key takes what that companion sealed, and nothing older on a reload", () =>
  onCofferStage(async (stage) => {
    const from = "app";
    await stage.sealed(smallDefinition("A = 1\n"), from);
    await Deno.copyFile(stage.at("secrets.sealed"), stage.at("older"));
    await new Promise((resolve) => setTimeout(resolve, 1_100)); // times are whole seconds
    await stage.sealed(smallDefinition("A = 2\n"), from);
    const { program, port } = await stage.serve(["--companion-key", idOf("app").toLowerCase()]);
    assertMatch(program.stderr, new RegExp(`loaded .*companion=${idOf("app")}`));
    const reload = async (count: number) => {
      program.kill("SIGHUP");
      await until(
        () => (program.stderr.match(/not reloaded/g)?.length ?? 0) === count,
        "the reload to fail",
      );
    };
    await Deno.copyFile(stage.at("older"), stage.at("secrets.sealed"));
    await reload(1);
    assertMatch(program.stderr, /older than the running one/);
    await stage.sealed(smallDefinition("A = 3\n"));
    await reload(2);
    assertMatch(program.stderr, /names no companion/);
    await stage.sealed(smallDefinition("A = 3\n"), "stranger");
    await reload(3);
    assertMatch(program.stderr, /a companion that was not named/);
    assertEquals((await fetchSecrets(port, "web")).get("A")?.value, 2n);
    await stage.sealed(smallDefinition("A = 4\n"), from);
    program.kill("SIGHUP");
    await program.waitFor("stderr", /reloaded: \+0 ~1 -0/);
  }));

Deno.test("coffer-server: the server's key can be changed by a reload", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const { program, port } = await stage.serve();
    await stage.key("stranger");
    const rotated = await stage.companion(
      ["rotate", "-c", "server.key", "-s", "secrets.sealed", "--to", "stranger.key"],
    );
    assertEquals(rotated.code, 0, rotated.stderr);
    await Deno.rename(stage.at("stranger.key"), stage.at("server.key"));
    program.kill("SIGHUP");
    await program.waitFor("stderr", /reloaded: \+0 ~0 -0/);
    await fetchSecrets(port, "web");
    const making = makeRequest(
      keyPair("web"),
      keyPair("stranger").publicKey,
      Math.floor(Date.now() / 1000),
      random,
    );
    assertEquals(await answerTo(port, "web", compute(making, x25519Node).body), "0x05");
  }));

Deno.test("coffer-server: --audit-log has a line for every request, before the reply, and follows a renamed file", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const { program, port } = await stage.serve(["--audit-log", "audit.jsonl"]);
    const lines = (name: string) =>
      Deno.readTextFileSync(stage.at(name)).trim().split("\n").map((line) => JSON.parse(line));
    await fetchSecrets(port, "web", "narrow");
    await answerTo(port, "db", authenticated("db").body);
    await answerTo(port, "stranger", new Uint8Array());
    await exchange(port, utf8("GET / HTTP/1.1\r\n\r\n"));
    const [sent, box, unknown, refused, surplus] = lines("audit.jsonl");
    assertEquals(surplus, undefined);
    const { time, peer, bytes, ...rest } = sent;
    assertEquals(rest, { event: "sent", client: idOf("web"), framing: "narrow", auth: "none" });
    assert(Math.abs(Date.parse(time) - Date.now()) < 60_000 && bytes > 48);
    assertMatch(peer, /^127\.0\.0\.1:\d+$/);
    assertEquals([box.event, box.client, box.auth], ["sent", idOf("db"), "box"]);
    assertEquals([unknown.event, unknown.client], ["unknown-key", idOf("stranger")]);
    assertEquals([refused.event, refused.reason], ["refused", "unexpected message"]);
    assertEquals(Deno.statSync(stage.at("audit.jsonl")).mode ?? 0, 0o100600);
    await Deno.rename(stage.at("audit.jsonl"), stage.at("audit.1"));
    program.kill("SIGHUP");
    await program.waitFor("stderr", /reloaded/);
    await fetchSecrets(port, "web");
    assertEquals([lines("audit.1").length, lines("audit.jsonl").length], [4, 1]);
    assert(!Deno.readTextFileSync(stage.at("audit.1")).includes(CANARY));
  }));

Deno.test("coffer-server: a unix socket is for its owner only, is taken over from the dead, and goes at the end", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const path = stage.at("socket");
    const first = await stage.serve(["-a", `unix:${path}`]);
    assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    await fetchSecrets(path, "web");
    first.program.kill("SIGKILL");
    await first.program.ended();
    const second = await stage.serve(["-a", `unix:${path}`]);
    await fetchSecrets(path, "web");
    second.program.kill("SIGTERM");
    assertEquals((await second.program.ended()).code, 0);
    assertEquals(await Deno.stat(path).catch(() => "gone"), "gone");
  }));

Deno.test("coffer-server: old and new names of options in the environment; credentials of a service manager", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const env = {
      COFFER_SERVER_CERTIFICATE: "server.key",
      COFFER_SERVER_SECRETS: "secrets.sealed",
      COFFER_SERVER_ADDRESS: "localhost:0",
      COFFER_REQUIRE_AUTHENTICATED: "yes",
      COFFER_COMPANION_KEY: "",
    };
    const program = stage.start("coffer-server", [], { env });
    await program.waitFor("stderr", /mode=authenticated-only[\s\S]*listening on localhost:\d+/);
    const quiet = stage.start("coffer-server", ["--check"], {
      env: { ...env, COFFER_REQUIRE_AUTHENTICATED: "maybe" },
    });
    const ended = await quiet.ended();
    assertEquals(ended.code, 2);
    assertMatch(ended.stderr, /COFFER_REQUIRE_AUTHENTICATED "maybe": must be 1 or 0/);
    await Deno.rename(stage.at("server.key"), stage.at("certificate"));
    await Deno.rename(stage.at("secrets.sealed"), stage.at("secrets"));
    const managed = stage.start("coffer-server", ["--check"], {
      env: { CREDENTIALS_DIRECTORY: stage.folder },
    });
    const checked = await managed.ended();
    assertEquals([checked.code, checked.stderr], [0, ""]);
    assertMatch(checked.stdout, /^ok server=[0-9A-F]{64} clients=2 entries=2 mode=plain-and/);
    const silent = stage.start("coffer-server", FILES.slice(4), {
      env: { CREDENTIALS_DIRECTORY: stage.folder, RUST_LOG: "error,hyper=debug" },
    });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    silent.kill("SIGTERM");
    assertEquals((await silent.ended()).stderr, "");
  }));

Deno.test("coffer-server: --delete-after-load removes both files, and takes a new definition on SIGHUP", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    const { program, port } = await stage.serve(["--delete-after-load"]);
    for (const name of ["server.key", "secrets.sealed"]) {
      assertEquals(await Deno.stat(stage.at(name)).catch(() => "gone"), "gone");
    }
    await fetchSecrets(port, "web");
    await stage.sealed(smallDefinition("NEW = true\n"));
    await Deno.remove(stage.at("server.key"));
    program.kill("SIGHUP");
    await program.waitFor("stderr", /reloaded: \+0 ~1 -0/);
    assertEquals((await fetchSecrets(port, "web")).get("NEW")?.value, true);
  }));

Deno.test("coffer-server: --max-per-address and --max-connections close the next one without a frame", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    for (const option of ["--max-per-address", "--max-connections"]) {
      const { port } = await stage.serve([option, "2"]);
      {
        using _one = await Line.open(port);
        using _two = await Line.open(port);
        using three = await Line.open(port);
        assertEquals(await three.rest(), new Uint8Array());
      }
      await fetchOnceThereIsRoom(port);
    }
  }));

/** The server learns of a closed connection a moment later. */
async function fetchOnceThereIsRoom(port: number): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      await fetchSecrets(port, "web");
      return;
    } catch (error) {
      if (tries === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

Deno.test("coffer-server: --fresh-replies seals anew what is otherwise kept", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    for (const [args, same] of [[[], true], [["--fresh-replies"], false]] as const) {
      const { port } = await stage.serve(args);
      const [one, two] = [
        await exchange(port, request("web")),
        await exchange(port, request("web")),
      ];
      assertEquals(one.every((byte, at) => byte === two[at]), same);
    }
  }));

Deno.test("coffer-server: no value in its output at the most talkative level", () =>
  onCofferStage(async (stage) => {
    await stage.sealed(smallDefinition());
    for (const form of ["text", "json"]) {
      const { program, port } = await startTalkative(stage, form);
      await fetchSecrets(port, "web");
      await answerTo(port, "web", authenticated("web").body);
      await program.waitFor("stderr", /auth"?[=:]"?box/);
      program.kill("SIGTERM");
      const { stderr } = await program.ended();
      assert(!stderr.includes(CANARY));
    }
  }));

async function startTalkative(stage: CofferStage, form: string): Promise<Server> {
  const args = [...FILES, "--log", form, "--log-level", "debug"];
  const program = stage.start("coffer-server", args);
  const [, port] = await program.waitFor(
    "stderr",
    form === "text" ? /listening on [^\n]*:(\d+)/ : /"event":"ready".*"port":(\d+)/,
  );
  return { program, port: Number(port) };
}
