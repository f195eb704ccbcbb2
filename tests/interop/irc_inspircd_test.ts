// The backend against inspircd with atheme's services: message tags, ids and times of the server,
// echoes, typing, SASL PLAIN.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CallFault } from "../../lib/triba/call_fault.ts";
import { withTemporaryFolder } from "../support/folder.ts";
import {
  haveCommands,
  inspircd,
  type IrcServer,
  startAtheme,
  startServer,
} from "../support/irc_server.ts";
import { BackendUser, RawUser, type UserOptions } from "../support/irc_users.ts";
import { freePort } from "../support/network.ts";
import { until } from "../support/within.ts";

const present = haveCommands("inspircd", "atheme-services", "openssl");
const ACCOUNT = { account: "anna", secret: "correct horse battery" };

interface Stage {
  readonly server: IrcServer;
  /** Starts a user with TLS. */
  readonly start: (options: Partial<UserOptions>) => Promise<BackendUser>;
}

function withInspircd(
  name: string,
  test: (stage: Stage) => Promise<void>,
  flood: "patient" | "strict" = "patient",
): void {
  Deno.test({
    name: present
      ? name
      : `${name} (skipped: no inspircd, atheme-services or openssl on this machine)`,
    ignore: !present,
    fn: () =>
      withTemporaryFolder(async (folder) => {
        const services = { port: freePort(), password: "between-servers" };
        await using server = await startServer(folder, inspircd(services, flood));
        await using _atheme = await startAtheme(folder, services);
        const authorities = [await Deno.readTextFile(server.authority)];
        await test({
          server,
          start: (options) =>
            BackendUser.start({ nick: "anna", port: server.tlsPort, authorities, ...options }),
        });
      }),
  });
}

/** Makes an account as users do. */
async function register(server: IrcServer): Promise<void> {
  await using user = await RawUser.connect(server.port, ACCOUNT.account);
  await user.send(
    `PRIVMSG NickServ :REGISTER ${ACCOUNT.secret.replaceAll(" ", "_")} a@test.example`,
  );
  await user.waitFor(/is now registered/);
}

withInspircd(
  "triba irc: ids and times are those of the server, for all alike",
  async ({ server, start }) => {
    await using anna = await start({ join: ["#lobby"] });
    await using bert = await RawUser.connect(server.port, "bert", "message-tags server-time");
    await bert.join("#lobby");
    await bert.waitFor(/ 366 /);
    await until(() => anna.events.some(({ type }) => type === "RoomUpdated"), "the channel");
    const id = await anna.say("#lobby", "good morning");
    const line = await bert.waitFor(/ PRIVMSG #lobby :?good morning$/);
    assertEquals(/[@;]msgid=([^; ]+)/.exec(line)?.[1], id);
    await bert.send("PRIVMSG #lobby :same to you");
    const message = await anna.waitForMessage("#lobby", "same to you");
    assertMatch(message.id, /^001~/);
    const page = await anna.ask({ type: "FetchMessages", room: "#lobby", before: null, limit: 9 });
    assert(page.type === "Messages");
    assertEquals(page.messages.map((each) => each.id), [message.id, id]);
    assertEquals(anna.messages.map((each) => each.id), [message.id], "each message once");
    await bert.send(`@+draft/reply=${id} PRIVMSG #lobby :very good`);
    await until(() => anna.messages.length === 2, "the answer");
    assertEquals(anna.messages[1]?.content, {
      type: "Reply",
      to: id,
      content: { type: "Text", text: "very good" },
    });
  },
);

withInspircd("triba irc: talks with one person, also with itself", async ({ server, start }) => {
  await using anna = await start({});
  await using bert = await RawUser.connect(server.port, "bert");
  await anna.waitForStatus("Online");
  await bert.send("PRIVMSG anna :psst");
  await anna.waitForMessage("bert", "psst");
  await anna.say("bert", "what?");
  await bert.waitFor(/ PRIVMSG bert :?what\?$/);
  await anna.ask({ type: "StartDirect", user: "nobody" });
  const fault = await assertRejects(() => anna.say("nobody", "hello?"), CallFault);
  assertEquals(fault.code, "not_found");
  await anna.ask({ type: "StartDirect", user: "anna" });
  await anna.say("anna", "to myself");
  await anna.say("bert", "end");
  assertEquals(anna.messages.map(({ room }) => room), ["bert"]);
});

withInspircd("triba irc: who writes is seen on both sides", async ({ server, start }) => {
  await using anna = await start({ join: ["#lobby"] });
  await using bert = await RawUser.connect(server.port, "bert", "message-tags");
  await bert.join("#lobby");
  await bert.waitFor(/ 366 /);
  await until(() => anna.events.some(({ type }) => type === "RoomUpdated"), "the channel");
  await anna.ask({ type: "SetTyping", room: "#lobby", typing: true });
  await bert.waitFor(/^@\S*\+typing=active\S* :anna!\S+ TAGMSG :?#lobby$/);
  await bert.send("@+typing=active TAGMSG #lobby");
  await anna.waitForEvent(
    (event) => event.type === "Typing" && event.users.join() === "bert",
    "that bert writes",
  );
  await bert.send("PRIVMSG #lobby :written");
  await anna.waitForEvent(
    (event) => event.type === "Typing" && event.users.length === 0,
    "that nobody writes",
  );
});

withInspircd(
  "triba irc: a burst of 30 lines arrives where the server throws out who floods",
  async ({ server, start }) => {
    await using bert = await RawUser.connect(server.port, "bert");
    await bert.join("#lobby");
    await bert.waitFor(/ 366 /);
    const lines = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`);
    {
      await using rash = await start({ nick: "rash", join: ["#lobby"], times: { burst: 1000 } });
      await rash.waitForEvent(({ type }) => type === "RoomUpdated", "the channel");
      await rash.say("#lobby", lines.join("\n"));
      await rash.waitForStatus("Offline");
      await bert.waitFor(/^:rash!\S+ QUIT :?.*flood/i);
    }
    const heard = bert.lines.length;
    await using anna = await start({ join: ["#lobby"], times: { lineMs: 300 } });
    await anna.waitForEvent(({ type }) => type === "RoomUpdated", "the channel");
    await new Promise((resolve) => setTimeout(resolve, 1100)); // the registration counted too
    await anna.say("#lobby", lines.join("\n"));
    await bert.waitFor(/^:anna!.* PRIVMSG #lobby :?line 30$/);
    const said = bert.lines.slice(heard).filter((line) => /^:anna!.* PRIVMSG #lobby /.test(line));
    assertEquals(said.map((line) => line.replace(/^.* PRIVMSG #lobby :?/, "")), lines);
    assertEquals(anna.messages, [], "no echo is a message");
    assertEquals(anna.statuses.map(({ type }) => type), ["Connecting", "Online"]);
  },
  "strict",
);

withInspircd(
  "triba irc: logs in with SASL PLAIN, and says clearly when the password is wrong",
  async ({ server, start }) => {
    await register(server);
    const secret = ACCOUNT.secret.replaceAll(" ", "_");
    await using anna = await start({ nick: "anna2", needsLogin: true });
    await anna.waitForStatus("AuthRequired");
    const wrong = { type: "Login", account: ACCOUNT.account, secret: "tr0ub4dor&3" } as const;
    const fault = await assertRejects(() => anna.ask(wrong), CallFault);
    assertEquals(fault.code, "unauthenticated");
    await anna.waitForStatus("AuthRequired", 2);
    assertEquals(await anna.ask({ type: "Login", account: ACCOUNT.account, secret }), {
      type: "Success",
    });
    await anna.waitForStatus("Online");
    assertMatch(anna.log.join("\n"), /Logged in as anna/);
    await using bert = await RawUser.connect(server.port, "bert");
    await bert.send("WHOIS anna2");
    await bert.waitFor(/ 330 bert anna2 anna /);
    const said = JSON.stringify([anna.log, anna.statuses, anna.events]) + fault.message;
    for (const hidden of [secret, wrong.secret, btoa(`\0anna\0${secret}`)]) {
      assertEquals(said.includes(hidden), false, "no password in logs or events");
    }
    assertEquals(anna.statuses.map(({ type }) => type), [
      "AuthRequired",
      "Connecting",
      "AuthRequired",
      "Connecting",
      "Online",
    ]);
  },
);

withInspircd(
  "triba irc: logs in from a connection without a login, and keeps the login when the server restarts",
  async ({ server, start }) => {
    await register(server);
    const secret = ACCOUNT.secret.replaceAll(" ", "_");
    await using anna = await start({ nick: "anna2", join: ["#lobby"] });
    await anna.waitForStatus("Online");
    await anna.ask({ type: "Login", account: ACCOUNT.account, secret });
    await anna.waitForStatus("Online", 2);
    assertEquals(anna.log.filter((line) => /Logged in/.test(line)).length, 1);
    await anna.ask({ type: "Login", account: ACCOUNT.account, secret });
    await server.stop();
    await anna.waitForStatus("Offline");
    await server.start();
    await anna.waitForStatus("Online", 3); // the services come back a moment after the server
    assertEquals(anna.log.filter((line) => /Logged in/.test(line)).length, 2);
    assertEquals(anna.statuses.some(({ type }) => type === "AuthRequired"), false);
  },
);
