// `triba irc` as a core runs it, with a server in the test's own hands.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { IRC } from "../../cmd/triba/args/irc.ts";
import type { BackendEvent, Status } from "../../lib/triba/mod.ts";
import { CallFault, TribaFault } from "../../lib/triba/mod.ts";
import { ask, CANARY, onCoreStage, online } from "../support/core_stage.ts";
import { FakeIrcServer } from "../support/irc_fake_server.ts";
import { freePort } from "../support/network.ts";
import { testOutcomes } from "../support/outcomes.ts";
import type { Program, StartOptions } from "../support/program.ts";
import {
  type BackendStage,
  onBackendStage,
  type Terms,
  testOnBackendStages,
} from "../support/triba_backend_stage.ts";
import type { TestCore } from "../support/triba_core.ts";
import { until } from "../support/within.ts";

const ACCOUNT = { account: "anna", secret: "correct horse battery" };
const CAPS = "batch echo-message labeled-response message-tags sasl=PLAIN server-time";

function options(server: { readonly port: number }, ...more: readonly string[]): string[] {
  return ["--server", `127.0.0.1:${server.port}`, "--no-tls", "--nick", "anna", ...more];
}

function withAuthority(stage: BackendStage, file: string): string[] {
  const ca = ["--ca", `${stage.folder}/${file}`];
  return ["irc", stage.idArgument, "--server", "localhost", "--nick", "a", ...ca];
}

function eventsOf(core: TestCore): BackendEvent[] {
  return core.requests.flatMap((request) => request.type === "Event" ? [request.event] : []);
}

function statusesOf(core: TestCore): Status["type"][] {
  return core.requests.flatMap((request) => request.type === "Status" ? [request.status.type] : []);
}

async function waitForStatus(core: TestCore, type: Status["type"]): Promise<void> {
  await until(() => statusesOf(core).includes(type), `status ${type}`);
}

interface Run {
  readonly core: TestCore;
  readonly program: Program;
}

/** Starts the backend and opens a session. */
async function open(
  stage: BackendStage,
  args: readonly string[],
  start: StartOptions = {},
  terms: Terms = { sealed: true },
): Promise<Run> {
  const program = await stage.startBackend(["irc", stage.idArgument, ...args], terms, start);
  const core = await stage.connect(terms);
  await core.opened;
  return { core, program };
}

async function end({ core, program }: Run): Promise<void> {
  assertEquals(await core.shutdown(), undefined);
  assertEquals((await program.ended()).code, 0);
}

Deno.test("triba irc: a session from login to good-bye, and what is kept of it", () =>
  onBackendStage(async (stage) => {
    await using server = new FakeIrcServer({ caps: CAPS, login: ACCOUNT });
    const state = `${stage.folder}/state`;
    const env = { env: { TRIBA_STATE: state } };
    const args = options(server, "--join", "#one, #two key", "--plain-login", "--need-login");
    const run = await open(stage, args, env);
    const { core, program } = run;
    await waitForStatus(core, "AuthRequired");
    const wrong = { type: "Login", ...ACCOUNT, secret: "tr0ub4dor&3" } as const;
    const fault = await assertRejects(() => core.call(wrong), CallFault);
    assertEquals(fault.code, "unauthenticated");
    assertEquals(await core.call({ type: "Login", ...ACCOUNT }), { type: "Success" });
    await server.waitFor(/^JOIN #two,#one key$/);
    await until(() => eventsOf(core).length === 2, "two rooms");
    const content = { type: "Text", text: "hello" } as const;
    const sending = core.call({ type: "SendMessage", room: "#one", txn: "t", content });
    const line = await server.waitFor(/PRIVMSG #one :?hello$/);
    const label = /label=([^; ]+)/.exec(line)?.[1];
    await server.say(`@label=${label};msgid=m1 :anna!u@h PRIVMSG #one :hello`);
    assertEquals(await sending, { type: "Sent", message: "m1" });
    await server.say("@msgid=m2 :bert!b@h PRIVMSG anna :psst");
    await until(() => eventsOf(core).some(({ type }) => type === "MessageReceived"), "a message");
    await end(run);
    await server.waitFor(/^QUIT :?Good-bye$/);

    const kept: string[] = [];
    for await (const folder of Deno.readDir(state)) {
      for await (const { name, isFile } of Deno.readDir(`${state}/${folder.name}`)) {
        if (isFile) kept.push(await Deno.readTextFile(`${state}/${folder.name}/${name}`));
      }
    }
    assertMatch(kept.join(), /#two/);
    const said = `${program.stdout}${program.stderr}${JSON.stringify(core.requests)}${kept.join()}`;
    for (const secret of [ACCOUNT.secret, wrong.secret, btoa(`\0anna\0${ACCOUNT.secret}`)]) {
      assertEquals(said.includes(secret), false, "no password anywhere");
      assert(!said.includes(fault.message) || !fault.message.includes(secret));
    }
  }));

Deno.test("triba irc: keeps rooms and messages, and has them before there is a connection", () =>
  onBackendStage(async (stage) => {
    const env = { env: { TRIBA_STATE: `${stage.folder}/state` } };
    let port = 0;
    {
      await using server = new FakeIrcServer();
      port = server.port;
      const run = await open(stage, options(server, "--join", "#one"), env);
      await until(() => eventsOf(run.core).length === 1, "the room");
      await server.say(":bert!b@h PRIVMSG #one :first", ":bert!b@h PRIVMSG #one :second");
      await until(() => eventsOf(run.core).length === 3, "the messages");
      await end(run);
    }
    await onBackendStage(async (second) => {
      const run = await open(second, options({ port }), env);
      const rooms = await run.core.call({ type: "ListRooms" });
      assertEquals(rooms.type === "Rooms" && rooms.rooms, [
        { id: "#one", name: "#one", topic: null, unread: 2, direct: false },
      ]);
      const page = await run.core.call({
        type: "FetchMessages",
        room: "#one",
        before: null,
        limit: 1,
      });
      assert(page.type === "Messages");
      assertEquals(page.messages[0]?.content, { type: "Text", text: "second" });
      const read = { type: "MarkRead", room: "#one", message: page.messages[0]?.id ?? "" } as const;
      await run.core.call(read);
      const update = eventsOf(run.core).find(({ type }) => type === "RoomUpdated");
      assertEquals(update?.type === "RoomUpdated" && update.room.unread, 0);
      const sent = run.core.call({
        type: "SendMessage",
        room: "#one",
        txn: "t",
        content: { type: "Text", text: "x" },
      });
      assertEquals((await assertRejects(() => sent, CallFault)).code, "unavailable");
      await end(run);
    });
  }));

Deno.test("triba irc: without a login nothing is sent that looks like one", () =>
  onBackendStage(async (stage) => {
    await using server = new FakeIrcServer({ caps: CAPS, login: ACCOUNT });
    const run = await open(stage, options(server));
    await waitForStatus(run.core, "Online");
    const login = run.core.call({ type: "Login", ...ACCOUNT });
    assertEquals((await assertRejects(() => login, CallFault)).code, "denied");
    await end(run);
    assertEquals(server.lines.filter((line) => /PASS|AUTHENTICATE/.test(line)), []);
  }));

Deno.test("triba irc: refuses what IRC cannot do, and says why", () =>
  onBackendStage(async (stage) => {
    await using server = new FakeIrcServer();
    const run = await open(stage, options(server, "--join", "#one"));
    const { core } = run;
    await until(() => eventsOf(core).length === 1, "the room");
    const room = "#one";
    const text = (value: string) => ({ type: "Text", text: value }) as const;
    const message = (content: object) =>
      ({ type: "SendMessage", room, txn: crypto.randomUUID(), content }) as const;
    const cases = [
      [{ type: "React", room, message: "m", key: "x", add: true }, "denied"],
      [{ type: "EditMessage", room, message: "m", content: text("x") }, "denied"],
      [{ type: "RemoveMessage", room, message: "m" }, "denied"],
      [{ type: "LoginAnswer", answers: [] }, "invalid_argument"],
      [{ type: "SetTyping", room, typing: true }, "denied"],
      [{ type: "StartDirect", user: "#one" }, "invalid_argument"],
      [{ type: "StartDirect", user: "a b" }, "invalid_argument"],
      [{ type: "JoinRoom", room: "no channel at all" }, "invalid_argument"],
      [{ type: "JoinRoom", room: "nick" }, "invalid_argument"],
      [{ type: "JoinRoom", room: "#a\r\nQUIT" }, "invalid_argument"],
      [{ type: "FetchMessages", room: "#other", before: null, limit: 1 }, "not_found"],
      [{ type: "FetchMessages", room, before: "unknown", limit: 1 }, "not_found"],
      [{ type: "MarkRead", room, message: "unknown" }, "not_found"],
      [{ type: "LeaveRoom", room: "#other" }, "not_found"],
      [message(text("\r\n\0")), "invalid_argument"],
      [message({ type: "File", name: "a", mime: "b", size: 1, path: null, url: null }), "denied"],
      [message({ type: "Reply", to: "m", content: text("x") }), "denied"],
    ] as const;
    for (const [request, code] of cases) {
      const fault = await assertRejects(() => core.call(request as never), CallFault);
      assertEquals([fault.code, JSON.stringify(request)], [code, JSON.stringify(request)]);
    }
    await end(run);
    assertEquals(server.lines.filter((line) => /^QUIT/.test(line)).length, 1);
  }));

Deno.test("triba irc: a request that is cancelled sends nothing more", () =>
  onBackendStage(async (stage) => {
    await using server = new FakeIrcServer({ caps: CAPS });
    const args = options(server, "--join", "#one", "--burst", "4", "--line-interval", "60");
    const run = await open(stage, args);
    await until(() => eventsOf(run.core).length === 1, "the room");
    const content = { type: "Text", text: "1\n2\n3\n4\nlater" } as const;
    const { call, answer } = run.core.begin({
      type: "SendMessage",
      room: "#one",
      txn: "t",
      content,
    });
    await run.core.call({ type: "ListRooms" }); // the other one has begun
    run.core.cancel(call);
    assertEquals((await assertRejects(() => answer, CallFault)).code, "cancelled");
    await end(run);
    assertEquals(server.lines.filter((line) => /later/.test(line)), []);
  }));

Deno.test("triba irc: under triba core it logs in with the account of the configuration", () =>
  onCoreStage(async (stage) => {
    await using server = new FakeIrcServer({ caps: CAPS, login: { ...ACCOUNT, secret: CANARY } });
    await stage.write("secret", `${CANARY}\n`);
    const args = options(server, "--plain-login", "--need-login", "--join", "#one");
    await stage.write(
      "triba.toml",
      `[backends.net]
builtin = "irc"
arguments = ${JSON.stringify(args)}
account = { name = "${ACCOUNT.account}", secret_file = "secret" }
start_timeout = 30
`,
    );
    const program = stage.core(["--json"], { stdin: "open" });
    await online(program, "net");
    await server.waitFor(/^JOIN #one/);
    await server.say(":bert!b@h PRIVMSG #one :hello");
    await until(() => program.stdout.includes("MessageReceived"), "the message");
    const rooms = await ask(program, {
      type: "call",
      id: "rooms",
      backend: "net",
      call: { type: "ListRooms" },
    });
    assert(rooms.type === "reply" && rooms.result.type === "answer");
    assert(rooms.result.answer.type === "Rooms");
    assertEquals(rooms.result.answer.rooms.map(({ id, unread }) => [id, unread]), [["#one", 1]]);
    await program.stdin?.close();
    assertEquals((await program.ended()).code, 0);
    await server.waitFor(/^QUIT/);
    assertEquals(`${program.stdout}${program.stderr}`.includes(CANARY), false);
  }));

testOutcomes<typeof IRC, BackendStage>(IRC, {
  "the core says Shutdown, or SIGTERM, SIGINT": {
    Shutdown: async (stage) => {
      const { core, program } = await open(stage, options({ port: freePort() }));
      await core.shutdown();
      return await program.ended();
    },
    "SIGTERM, connected": async (stage) => {
      await using server = new FakeIrcServer();
      const { core, program } = await open(stage, options(server));
      await waitForStatus(core, "Online");
      program.kill("SIGTERM");
      const ended = await program.ended();
      await server.waitFor(/^QUIT/);
      return ended;
    },
    "SIGINT, the server says nothing": async (stage) => {
      await using server = new FakeIrcServer({ answer: () => [] });
      const { program } = await open(stage, options(server));
      await server.waitFor(/^USER/);
      program.kill("SIGINT");
      return await program.ended();
    },
  },
  "wrong option": {
    unknown: async (stage) => await stage.start(["irc", stage.idArgument, "--sever", "x"]).ended(),
  },
  "no core there": {
    "nobody listens": async (stage) => {
      const env = { TRIBA_SOCKET: `${stage.folder}/nobody` };
      return await stage.start(["irc", stage.idArgument, ...options({ port: 1 })], { env }).ended();
    },
  },
  "core gone": {
    "while connected": async (stage) => {
      await using server = new FakeIrcServer();
      const { core, program } = await open(stage, options(server));
      await waitForStatus(core, "Online");
      core.driver.apply(core.machine.abort(new TribaFault("lost", "gone")));
      return await program.ended();
    },
  },
  "core breaks the protocol": {
    "sealing demanded, core does not offer it": async (stage) => {
      const args = ["irc", stage.idArgument, ...options({ port: 1 })];
      const program = await stage.startBackend(args, { sealed: true });
      await stage.connect();
      return await program.ended();
    },
  },
  "core refuses the id": {
    "closes at once": async (stage) => {
      const program = stage.start(["irc", stage.idArgument, ...options({ port: 1 })]);
      (await stage.accept()).close();
      return await program.ended();
    },
  },
  "no server or no nickname": {
    "no server": async (stage) =>
      await stage.start(["irc", stage.idArgument, "--nick", "a"]).ended(),
    "no nickname": async (stage) =>
      await stage.start(["irc", stage.idArgument, "--server", "localhost"]).ended(),
  },
  "names or options that cannot be used": {
    nickname: async (stage) =>
      await stage.start(["irc", stage.idArgument, "--server", "x", "--nick", "a b"]).ended(),
    channel: async (stage) =>
      await stage.start(["irc", stage.idArgument, ...options({ port: 1 }, "--join", "#a b c")])
        .ended(),
    "tls and no tls": async (stage) =>
      await stage.start(["irc", stage.idArgument, ...options({ port: 1 }, "--tls")]).ended(),
  },
  "file of an authority unreadable": {
    missing: async (stage) => await stage.start(withAuthority(stage, "none.pem")).ended(),
    "no certificate": async (stage) => {
      await Deno.writeTextFile(`${stage.folder}/empty.pem`, "");
      return await stage.start(withAuthority(stage, "empty.pem")).ended();
    },
  },
  "server unreachable": {
    "nobody listens": async (stage) => {
      const { core, program } = await open(stage, options({ port: freePort() }));
      await waitForStatus(core, "Offline");
      await program.waitFor("stderr", /Trying again/);
      return program;
    },
  },
  "certificate not accepted": {
    "no TLS at all": async (stage) => {
      await using server = new FakeIrcServer({ greeting: "NOTICE * :hello" });
      const args = ["--server", `127.0.0.1:${server.port}`, "--nick", "anna"];
      const { core, program } = await open(stage, args);
      await waitForStatus(core, "Offline");
      await program.waitFor("stderr", /does not speak TLS/);
      return program;
    },
  },
  "account or password wrong": {
    "the server's own password": async (stage) => {
      await using server = new FakeIrcServer({
        answer: (line, nick) =>
          line.startsWith("USER ") ? [`464 ${nick} :Password incorrect`] : undefined,
      });
      const { core, program } = await open(
        stage,
        options(server, "--plain-login", "--login", "pass", "--need-login"),
      );
      await waitForStatus(core, "AuthRequired");
      const login = core.call({ type: "Login", ...ACCOUNT });
      assertEquals((await assertRejects(() => login, CallFault)).code, "unauthenticated");
      assertEquals(server.lines.includes(`PASS :${ACCOUNT.secret}`), true);
      await until(() => statusesOf(core).at(-1) === "AuthRequired", "AuthRequired again");
      return program;
    },
  },
  "connection lost": {
    "and made again": async (stage) => {
      await using server = new FakeIrcServer();
      const { core, program } = await open(stage, options(server, "--join", "#one"));
      await server.waitFor(/^JOIN/);
      await until(() => eventsOf(core).length === 1, "the room");
      server.hangUp();
      await waitForStatus(core, "Offline");
      await server.waitFor(/^JOIN #one/, 2);
      return program;
    },
  },
}, testOnBackendStages);
