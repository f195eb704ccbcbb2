// The backend against ngircd: the old protocol without extensions, plain and with TLS.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CallFault } from "../../lib/triba/call_fault.ts";
import { withTemporaryFolder } from "../support/folder.ts";
import { haveCommands, type IrcServer, NGIRCD, startServer } from "../support/irc_server.ts";
import { BackendUser, RawUser } from "../support/irc_users.ts";
import { until } from "../support/within.ts";

const present = haveCommands("ngircd", "openssl");

function withNgircd(
  name: string,
  test: (server: IrcServer, folder: string) => Promise<void>,
): void {
  Deno.test({
    name: present ? name : `${name} (skipped: there is no ngircd or openssl on this machine)`,
    ignore: !present,
    fn: () =>
      withTemporaryFolder(async (folder) => {
        await using server = await startServer(folder, NGIRCD);
        await test(server, folder);
      }),
  });
}

withNgircd("triba irc: two users chat in a channel, both ways", async (server) => {
  await using anna = await BackendUser.start({ nick: "anna", port: server.port, join: ["#lobby"] });
  await using bert = await RawUser.connect(server.port, "bert");
  await anna.waitForEvent(({ type }) => type === "RoomUpdated", "the channel");
  await bert.join("#lobby");
  await bert.waitFor(/ 366 /);
  const id = await anna.say("#lobby", "Good morning, gr\u00fc\u00dfe");
  await bert.waitFor(/^:anna!\S+ PRIVMSG #lobby :Good morning, gr\u00fc\u00dfe$/);
  await bert.send("PRIVMSG #Lobby :Same to you");
  const message = await anna.waitForMessage("#lobby", "Same to you");
  assertEquals(message.sender, "bert");
  assert(Math.abs(message.sent_ms - Date.now()) < 60_000);
  await bert.send("PRIVMSG #lobby :\x01ACTION waves\x01");
  assertEquals((await anna.waitForMessage("#lobby", "waves")).content.type, "Emote");
  await bert.send("NOTICE #lobby :\x02bold\x02 news");
  assertEquals((await anna.waitForMessage("#lobby", "bold news")).content.type, "Notice");
  assertEquals(anna.messages.some((each) => each.id === id), false, "what was Sent is no event");
  const fetched = await anna.ask({
    type: "FetchMessages",
    room: "#lobby",
    before: null,
    limit: 2,
  });
  assert(fetched.type === "Messages");
  assertEquals(fetched.messages.map(({ content }) => content.type), ["Notice", "Emote"]);
  const members = await anna.ask({ type: "ListMembers", room: "#lobby" });
  assert(members.type === "Members");
  assertEquals(members.members.map((member) => member.id).sort(), ["anna", "bert"]);
});

withNgircd("triba irc: joins, leaves, follows topics and kicks", async (server) => {
  await using bert = await RawUser.connect(server.port, "bert");
  await bert.join("#Tea");
  await bert.send("TOPIC #Tea :Earl Grey");
  await bert.waitFor(/TOPIC #Tea :Earl Grey/);
  await using anna = await BackendUser.start({ nick: "anna", port: server.port });
  await anna.waitForStatus("Online");
  assertEquals(await anna.ask({ type: "JoinRoom", room: "#tea" }), { type: "Success" });
  await anna.waitForEvent(
    (event) => event.type === "RoomUpdated" && event.room.topic === "Earl Grey",
    "the topic",
  );
  await bert.send("TOPIC #Tea :Green");
  await anna.waitForEvent(
    (event) => event.type === "RoomUpdated" && event.room.topic === "Green",
    "the new topic",
  );
  const rooms = await anna.ask({ type: "ListRooms" });
  assert(rooms.type === "Rooms");
  assertEquals(rooms.rooms.map(({ id, direct }) => [id, direct]), [["#tea", false]]);
  assertEquals(await anna.ask({ type: "LeaveRoom", room: "#tea" }), { type: "Success" });
  await bert.waitFor(/^:anna!\S+ PART #tea/i);
  await anna.waitForEvent((event) => event.type === "RoomRemoved", "RoomRemoved");

  await anna.ask({ type: "JoinRoom", room: "#TEA" });
  await bert.send("KICK #Tea anna :No sugar");
  await anna.waitForEvent(
    () => anna.events.filter(({ type }) => type === "RoomRemoved").length === 2,
    "RoomRemoved after the kick",
  );
  await bert.send("MODE #Tea +k key");
  await bert.waitFor(/MODE #Tea \+k/);
  const refused = await assertRejects(
    () => anna.ask({ type: "JoinRoom", room: "#tea" }),
    CallFault,
  );
  assertEquals(refused.code, "denied");
  assertEquals(await anna.ask({ type: "JoinRoom", room: "#tea key" }), { type: "Success" });
});

withNgircd("triba irc: talks with one person, and says when there is none", async (server) => {
  await using anna = await BackendUser.start({ nick: "anna", port: server.port });
  await using bert = await RawUser.connect(server.port, "Bert");
  await anna.waitForStatus("Online");
  await bert.send("PRIVMSG anna :psst");
  const message = await anna.waitForMessage("bert", "psst");
  assertEquals([message.room, message.sender], ["bert", "Bert"]);
  await anna.waitForEvent(
    (event) => event.type === "RoomUpdated" && event.room.direct && event.room.id === "bert",
    "the conversation",
  );
  await anna.say("bert", "what?");
  await bert.waitFor(/^:anna!\S+ PRIVMSG Bert :?what\?$/);
  const room = await anna.ask({ type: "StartDirect", user: "nobody" });
  assert(room.type === "Room");
  const fault = await assertRejects(() => anna.say(room.room.id, "hello?"), CallFault);
  assertEquals(fault.code, "not_found");
  assertMatch(fault.message, /no such nick/i);
});

withNgircd(
  "triba irc: takes another nickname if its own is taken, and gets it back",
  async (server) => {
    const bert = await RawUser.connect(server.port, "anna");
    await using anna = await BackendUser.start({
      nick: "anna",
      port: server.port,
      join: ["#lobby"],
      times: { regainMs: 300 },
    });
    await anna.waitForEvent(({ type }) => type === "RoomUpdated", "the channel");
    const members = async () => {
      const answer = await anna.ask({ type: "ListMembers", room: "#lobby" });
      return answer.type === "Members" ? answer.members.map(({ id }) => id) : [];
    };
    assertEquals(await members(), ["anna_"]);
    await bert[Symbol.asyncDispose]();
    for (let tries = 0; (await members())[0] !== "anna"; tries++) {
      assert(tries < 600, "gets its nickname back");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },
);

withNgircd(
  "triba irc: comes back after a restart of the server, and joins again",
  async (server) => {
    await using anna = await BackendUser.start({
      nick: "anna",
      port: server.port,
      join: ["#lobby"],
    });
    await anna.waitForStatus("Online");
    await server.stop();
    await anna.waitForStatus("Offline");
    const fault = await assertRejects(() => anna.say("#lobby", "anybody?"), CallFault);
    assertEquals(fault.code, "unavailable");
    await server.start();
    await anna.waitForStatus("Online", 2);
    await using bert = await RawUser.connect(server.port, "bert");
    await bert.join("#lobby");
    await bert.waitFor(/ 353 .*anna/);
    await anna.say("#lobby", "back");
    await bert.waitFor(/ PRIVMSG #lobby :?back$/);
  },
);

withNgircd(
  "triba irc: TLS with a known authority, and none with an unknown one",
  async (server) => {
    const authorities = [await Deno.readTextFile(server.authority)];
    await using anna = await BackendUser.start({ nick: "anna", port: server.tlsPort, authorities });
    await anna.waitForStatus("Online");
    await anna.ask({ type: "JoinRoom", room: "#safe" });
    await using bert = await RawUser.connect(server.port, "bert");
    await bert.join("#safe");
    await bert.waitFor(/ 366 /);
    await anna.say("#safe", "over TLS");
    await bert.waitFor(/over TLS/);
    await bert.send("PRIVMSG #safe :received");
    await anna.waitForMessage("#safe", "received");

    await using carl = await BackendUser.start({
      nick: "carl",
      port: server.tlsPort,
      authorities: [],
    });
    await carl.waitForStatus("Offline");
    const [offline] = carl.statuses.filter(({ type }) => type === "Offline");
    assert(offline?.type === "Offline");
    assertMatch(offline.reason, /Cannot trust 127\.0\.0\.1:\d+: .*no authority known here/);
  },
);

withNgircd("triba irc: a burst of 30 lines arrives whole and in order", async (server) => {
  await using anna = await BackendUser.start({
    nick: "anna",
    port: server.port,
    join: ["#lobby"],
  });
  await using bert = await RawUser.connect(server.port, "bert");
  await bert.join("#lobby");
  await anna.waitForStatus("Online");
  await bert.waitFor(/ 366 /);
  await until(() => anna.events.some(({ type }) => type === "RoomUpdated"), "the channel");
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`);
  await anna.say("#lobby", lines.join("\n"));
  await bert.waitFor(/ PRIVMSG #lobby :?line 30$/);
  const heard = bert.lines.filter((line) => / PRIVMSG #lobby /.test(line));
  assertEquals(heard.map((line) => line.replace(/^.* PRIVMSG #lobby :?/, "")), lines);
  assertEquals(anna.statuses.map(({ type }) => type), ["Connecting", "Online"]);
});

withNgircd(
  "triba irc: a login over a plain connection is refused, and no password sent",
  async (server) => {
    await using anna = await BackendUser.start({ nick: "anna", port: server.port });
    const login = { type: "Login", account: "anna", secret: "correct horse" } as const;
    assertEquals((await assertRejects(() => anna.ask(login), CallFault)).code, "denied");
    await anna.waitForStatus("Online");
  },
);

withNgircd(
  "triba irc: a login without SASL on the server fails, and nobody is half logged in",
  async (server) => {
    const authorities = [await Deno.readTextFile(server.authority)];
    await using anna = await BackendUser.start({ nick: "anna", port: server.tlsPort, authorities });
    await anna.waitForStatus("Online");
    const login = { type: "Login", account: "anna", secret: "correct horse" } as const;
    const fault = await assertRejects(() => anna.ask(login), CallFault);
    assertEquals(fault.code, "unavailable");
    assertMatch(fault.message, /does not offer SASL PLAIN/);
    assertEquals(anna.statuses.at(-1)?.type, "Offline");
    assertEquals(anna.log.join("\n").includes("correct horse"), false);
  },
);

withNgircd(
  "triba irc: a new run has the rooms, the messages and what is unread of the last",
  async (server, folder) => {
    const options = { nick: "anna", port: server.port, state: folder };
    await using bert = await RawUser.connect(server.port, "bert");
    await bert.join("#lobby");
    let sent = "";
    {
      await using anna = await BackendUser.start(options);
      await anna.waitForStatus("Online");
      await anna.ask({ type: "JoinRoom", room: "#lobby" });
      sent = await anna.say("#lobby", "one", "txn-1");
      await bert.send("PRIVMSG #lobby :two");
      await bert.send("PRIVMSG anna :three");
      await anna.waitForMessage("bert", "three");
    }
    await bert.waitFor(/^:anna!\S+ QUIT/);
    await using anna = await BackendUser.start(options);
    await anna.waitForStatus("Online");
    await until(() => anna.events.some(({ type }) => type === "RoomUpdated"), "the channel");
    const rooms = await anna.ask({ type: "ListRooms" });
    assert(rooms.type === "Rooms");
    assertEquals(
      rooms.rooms.map(({ id, unread, direct }) => [id, unread, direct]).sort(),
      [["#lobby", 1, false], ["bert", 1, true]],
    );
    const page = await anna.ask({ type: "FetchMessages", room: "#lobby", before: null, limit: 1 });
    assert(page.type === "Messages" && page.next !== null);
    const rest = await anna.ask({
      type: "FetchMessages",
      room: "#lobby",
      before: page.next,
      limit: 10,
    });
    assert(rest.type === "Messages");
    const texts = [...page.messages, ...rest.messages].map(({ content }) =>
      "text" in content ? content.text : ""
    );
    assertEquals([texts, rest.next], [["two", "one"], null]);
    const heard = bert.lines.length;
    assertEquals(
      await anna.say("#lobby", "one", "txn-1"),
      sent,
      "the same txn is the same message",
    );
    await anna.say("#lobby", "end");
    await bert.waitFor(/PRIVMSG #lobby :?end/);
    assertEquals(bert.lines.slice(heard).filter((line) => /PRIVMSG #lobby :?one/.test(line)), []);
    for await (const { name } of Deno.readDir(`${folder}/test`)) {
      const { mode } = await Deno.stat(`${folder}/test/${name}`);
      assertEquals((mode ?? 0) & 0o077, 0, name);
    }
  },
);
