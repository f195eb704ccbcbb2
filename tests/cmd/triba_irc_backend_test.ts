// What the IRC backend tells its core, with a server that does what real ones rarely do.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CallFault } from "../../lib/triba/mod.ts";
import { withTemporaryFolder } from "../support/folder.ts";
import { FakeIrcServer } from "../support/irc_fake_server.ts";
import { BackendUser } from "../support/irc_users.ts";
import { until } from "../support/within.ts";

const CAPS = "batch echo-message labeled-response message-tags sasl server-time";
const ACCOUNT = { account: "anna", secret: "correct horse battery" };

async function roomIds(user: BackendUser): Promise<string[]> {
  const answer = await user.ask({ type: "ListRooms" });
  return answer.type === "Rooms" ? answer.rooms.map(({ id }) => id) : [];
}

async function inRoom(server: FakeIrcServer, room = "#one"): Promise<BackendUser> {
  const user = await BackendUser.start({ nick: "anna", port: server.port, join: [room] });
  await user.waitForEvent(({ type }) => type === "RoomUpdated", "the room");
  return user;
}

Deno.test("triba irc: what a bouncer plays back is told once", async () => {
  await using server = new FakeIrcServer({ caps: CAPS });
  await using user = await inRoom(server);
  const line = "@msgid=m1;time=2026-01-02T03:04:05.678Z :bert!b@h PRIVMSG #one :hello";
  await server.say(line, line);
  server.hangUp();
  await server.waitFor(/^JOIN/, 2);
  await server.say(line, ":bert!b@h PRIVMSG #one :new");
  await user.waitForMessage("#one", "new");
  assertEquals(user.messages.map(({ content }) => "text" in content && content.text), [
    "hello",
    "new",
  ]);
  assertEquals(user.messages[0]?.sent_ms, Date.UTC(2026, 0, 2, 3, 4, 5, 678));
});

Deno.test("triba irc: a channel that does not take us back is removed, one that is full is not", async () => {
  let joins = 0;
  await using server = new FakeIrcServer({
    answer: (line, nick) =>
      line.startsWith("JOIN") && ++joins > 1
        ? [`474 ${nick} #one :Banned`, `471 ${nick} #two :Full`]
        : undefined,
  });
  await using user = await BackendUser.start({
    nick: "anna",
    port: server.port,
    join: ["#one", "#two"],
  });
  await until(() => user.events.length === 2, "two rooms");
  server.hangUp();
  await user.waitForEvent(
    (event) => event.type === "RoomRemoved" && event.room === "#one",
    "RoomRemoved",
  );
  assertEquals(await roomIds(user), ["#two"]);
  const answer = user.say("#two", "x");
  assertEquals((await assertRejects(() => answer, CallFault)).code, "unavailable");
});

Deno.test("triba irc: who is sent to another channel gets that one", async () => {
  await using server = new FakeIrcServer({
    answer: (line, nick) =>
      line === "JOIN #a"
        ? [`470 ${nick} #a ##b :Forwarding`, `:${nick}!u@h JOIN ##b`, `332 ${nick} ##b :T`]
        : undefined,
  });
  await using user = await BackendUser.start({ nick: "anna", port: server.port });
  await user.waitForStatus("Online");
  assertEquals(await user.ask({ type: "JoinRoom", room: "#a" }), { type: "Success" });
  assertEquals(await roomIds(user), ["##b"]);
  await user.waitForEvent(
    (event) => event.type === "RoomUpdated" && event.room.topic === "T",
    "the topic",
  );
  await user.ask({ type: "JoinRoom", room: "##B" });
  assertEquals(server.lines.filter((line) => line.startsWith("JOIN")), ["JOIN #a"], "is in it");
});

Deno.test("triba irc: own messages of elsewhere are told, and are not unread", async () => {
  await using server = new FakeIrcServer();
  await using user = await inRoom(server);
  await server.say(":anna!u@h PRIVMSG #one :from the phone", ":anna!u@h PRIVMSG bert :too");
  const message = await user.waitForMessage("bert", "too");
  assertEquals(message.sender, "anna");
  const rooms = await user.ask({ type: "ListRooms" });
  assertEquals(rooms.type === "Rooms" && rooms.rooms.map(({ unread }) => unread), [0, 0]);
});

Deno.test("triba irc: what was not confirmed is an error, and the same txn sends it again", async () => {
  await using server = new FakeIrcServer({
    answer: (line) => /PING sent-1/.test(line) ? [] : undefined,
  });
  await using user = await inRoom(server);
  const first = assertRejects(() => user.say("#one", "hello", "t"), CallFault);
  await server.waitFor(/PRIVMSG #one :?hello/);
  server.hangUp();
  assertEquals((await first).code, "unavailable");
  await server.waitFor(/^JOIN/, 2);
  await until(() => user.events.length === 2, "the room again");
  const again = user.say("#one", "hello", "t");
  await server.waitFor(/PRIVMSG #one :?hello/, 2);
  await server.say("PONG fake :sent-1");
  await again;
});

Deno.test("triba irc: passwords told to services are kept nowhere", () =>
  withTemporaryFolder(async (folder) => {
    await using server = new FakeIrcServer();
    {
      await using user = await BackendUser.start({
        nick: "anna",
        port: server.port,
        state: folder,
      });
      await user.waitForStatus("Online");
      await user.ask({ type: "StartDirect", user: "NickServ" });
      await user.say("nickserv", "IDENTIFY hunter2");
      await user.ask({ type: "StartDirect", user: "bert" });
      await user.say("bert", "public");
    }
    let text = "";
    for (const { name } of Deno.readDirSync(`${folder}/test/messages`)) {
      text += await Deno.readTextFile(`${folder}/test/messages/${name}`);
    }
    assertEquals([text.includes("public"), text.includes("hunter2")], [true, false]);
  }));

Deno.test("triba irc: a server that repeats the password does not get it into the log", async () => {
  await using server = new FakeIrcServer({ caps: CAPS, login: ACCOUNT });
  await using user = await BackendUser.start({ nick: "anna", port: server.port, mayLogIn: true });
  await user.ask({ type: "Login", ...ACCOUNT });
  await server.say(
    `:irc.fake NOTICE anna :your password is ${ACCOUNT.secret}`,
    `ERROR :${ACCOUNT.secret}`,
  );
  await user.waitForStatus("Offline");
  assertMatch(user.log.join("\n"), /your password is \*\*\*/);
  const said = JSON.stringify([user.log, user.statuses, user.events]);
  assertEquals(said.includes(ACCOUNT.secret), false);
});

Deno.test("triba irc: a login while it is still connecting is used at once", async () => {
  let users = 0;
  await using server = new FakeIrcServer({
    caps: CAPS,
    login: ACCOUNT,
    answer: (line) => /^CAP LS/.test(line) && users++ === 0 ? [] : undefined,
  });
  await using user = await BackendUser.start({ nick: "anna", port: server.port, mayLogIn: true });
  await user.waitForStatus("Connecting");
  await server.waitFor(/^USER/);
  assertEquals(await user.ask({ type: "Login", ...ACCOUNT }), { type: "Success" });
  assertEquals(user.statuses.at(-1)?.type, "Online");
  assert(!user.statuses.some(({ type }) => type === "Offline" || type === "AuthRequired"));
});

Deno.test("triba irc: two wrong logins are two refusals, and nothing is tried in between", async () => {
  await using server = new FakeIrcServer({ caps: CAPS, login: ACCOUNT });
  await using user = await BackendUser.start({
    nick: "anna",
    port: server.port,
    mayLogIn: true,
    needsLogin: true,
  });
  for (let i = 0; i < 2; i++) {
    const wrong = { type: "Login", account: "anna", secret: `wrong${i}` } as const;
    assertEquals((await assertRejects(() => user.ask(wrong), CallFault)).code, "unauthenticated");
  }
  for (
    const [account, secret] of [["", "x"], ["x", ""], ["a", "b\r\nQUIT"], ["a b", "x"], [
      "a",
      "x".repeat(401),
    ]]
  ) {
    const odd = { type: "Login", account: account as string, secret: secret as string } as const;
    assertEquals((await assertRejects(() => user.ask(odd), CallFault)).code, "invalid_argument");
  }
  await user.waitForStatus("AuthRequired", 3);
  assertEquals(server.lines.filter((line) => line.startsWith("CAP LS")).length, 2);
});

Deno.test("triba irc: a server that makes up things costs a log line, not the rooms", async () => {
  await using server = new FakeIrcServer({ caps: CAPS });
  await using user = await inRoom(server);
  await server.say(
    ":bert!b@h PRIVMSG #other :not ours",
    ":bert!b@h TOPIC #other :x",
    ":bert!b@h KICK #other anna",
    "@+typing=active :bert!b@h TAGMSG anna",
    ":bert!b@h PRIVMSG #one :\x01VERSION\x01",
    ":fake 353 anna = #other :x y z",
    ":fake garbage \x01\x02 \u00e4",
    ":bert!b@h PRIVMSG #one :end",
  );
  await user.waitForMessage("#one", "end");
  assertEquals(await roomIds(user), ["#one"]);
  assertEquals(user.events.length, 2);
});

Deno.test("triba irc: conversations that strangers open are bounded", async () => {
  await using server = new FakeIrcServer();
  await using user = await BackendUser.start({ nick: "anna", port: server.port });
  await user.waitForStatus("Online");
  for (let i = 0; i < 250; i++) await server.say(`:n${i}!u@h PRIVMSG anna :hello`);
  await user.waitForMessage("n249", "hello");
  const rooms = await roomIds(user);
  assertEquals(rooms.length, 200);
  assertEquals(rooms.includes("n249"), true);
});
