import { assert, assertEquals, assertThrows } from "@std/assert";
import { IrcFault } from "../../../lib/irc/mod.ts";
import { cuts } from "../../support/chunks.ts";
import { ALL_CAPS, GREETING, Scripted } from "../../support/irc_machine.ts";

const LOGIN = { by: "sasl", as: { account: "anna", secret: "correct horse" } } as const;
const BLOB = btoa("\0anna\0correct horse");

Deno.test("ClientMachine registers with a server that has capabilities", () => {
  const client = new Scripted();
  assertEquals(client.sent, GREETING);
  client.server("CAP * LS * :batch echo-message other=1,2", "CAP * LS :message-tags server-time");
  assertEquals(client.sent, ["CAP REQ :batch echo-message message-tags server-time"]);
  client.server("CAP anna ACK :batch echo-message message-tags server-time");
  assertEquals(client.sent, ["CAP END"]);
  client.server("001 anna :Welcome", "005 anna NETWORK=Test :are supported", "372 anna :x");
  assertEquals(client.events, []);
  client.server("376 anna :End");
  assertEquals(client.events, [{ type: "registered", nick: "anna", network: "Test" }]);
});

Deno.test("ClientMachine registers with a server of the old protocol", () => {
  const client = new Scripted();
  client.server("421 * CAP :Unknown command", "001 Anna :Welcome", "422 Anna :No MOTD");
  const registered = client.events.filter(({ type }) => type === "registered");
  assertEquals(registered, [{ type: "registered", nick: "Anna", network: undefined }]);
  assertEquals(client.machine.nick, "Anna");
});

Deno.test("ClientMachine asks for each capability if the server refuses them together", () => {
  const client = new Scripted();
  client.server("CAP * LS :batch server-time");
  client.look();
  client.server("CAP * NAK :batch server-time");
  assertEquals(client.sent, ["CAP REQ batch", "CAP REQ server-time"]);
  client.server("CAP * NAK :batch");
  assertEquals(client.sent, []);
  client.server("CAP * ACK :server-time");
  assertEquals(client.sent, ["CAP END"]);
});

Deno.test("ClientMachine takes capabilities that come and go later", () => {
  const client = Scripted.registered("server-time");
  client.server("CAP anna NEW :echo-message=x unknown");
  assertEquals(client.sent, ["CAP REQ echo-message"]);
  assertEquals(client.machine.carriesReplies, false);
  client.server(
    "CAP anna ACK :echo-message",
    "CAP anna NEW message-tags",
    "CAP anna ACK message-tags",
  );
  assertEquals(client.machine.carriesReplies, true);
  client.server("CAP anna DEL :message-tags");
  assertEquals(client.machine.carriesReplies, false);
});

Deno.test("ClientMachine logs in with SASL PLAIN before the registration ends", () => {
  const client = new Scripted({ login: LOGIN });
  client.server("CAP * LS :sasl=EXTERNAL,PLAIN");
  client.look();
  client.server("CAP * ACK :sasl");
  assertEquals(client.sent, ["AUTHENTICATE PLAIN"]);
  client.server("AUTHENTICATE +");
  assertEquals(client.sent, [`AUTHENTICATE ${BLOB}`]);
  client.server("900 * anna!a@h anna :You are logged in", "903 * :Success");
  assertEquals(client.sent, ["CAP END"]);
  assertEquals(client.events, [{ type: "authenticated", account: "anna" }]);
  client.server("001 anna :Welcome", "376 anna :End");
  assertEquals(client.events.map(({ type }) => type), ["registered"]);
});

Deno.test("ClientMachine gives the password once, and only when it was asked for", () => {
  const early = new Scripted({ login: LOGIN });
  early.look();
  early.server("AUTHENTICATE +", "AUTHENTICATE +");
  assertEquals(early.sent, []);
  early.server(
    "CAP * LS :sasl",
    "CAP * ACK :sasl",
    "AUTHENTICATE +",
    "AUTHENTICATE +",
    "AUTHENTICATE x",
  );
  assertEquals(early.sent.filter((line) => line.includes(BLOB)).length, 1);
  const without = new Scripted();
  without.look();
  without.server("CAP * LS :sasl", "CAP * ACK :sasl", "AUTHENTICATE +");
  assertEquals(without.sent, ["CAP END"]);
});

Deno.test("ClientMachine ends with a wrong password, and shows it to nobody", async (t) => {
  for (const numeric of ["902", "904", "905", "906", "464"]) {
    await t.step(numeric, () => {
      const client = new Scripted({ login: LOGIN });
      client.server("CAP * LS :sasl", "CAP * ACK :sasl", "AUTHENTICATE +", `${numeric} * :No`);
      assertEquals(client.fault, "unauthenticated");
      assert(client.done);
      assertEquals(JSON.stringify(client.events).includes("correct"), false);
    });
  }
});

Deno.test("ClientMachine goes on without a login never, if one was wanted", async (t) => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    "no capability": ["CAP * LS :server-time", "CAP * ACK :server-time"],
    "no PLAIN": ["CAP * LS :sasl=EXTERNAL", "CAP * ACK :sasl"],
    "refused": ["CAP * LS :sasl", "CAP * NAK :sasl"],
    "no capabilities": ["001 anna :Welcome"],
    "welcomed in the middle": ["CAP * LS :sasl", "CAP * ACK :sasl", "001 anna :Welcome"],
  };
  for (const [name, lines] of Object.entries(cases)) {
    await t.step(name, () => {
      const client = new Scripted({ login: LOGIN });
      client.server(...lines);
      assertEquals(client.fault, "no-login");
    });
  }
});

Deno.test("ClientMachine logs in with the password of the connection", () => {
  const as = { account: "anna/libera", secret: "correct horse" };
  const client = new Scripted({ login: { by: "pass", as } });
  assertEquals(client.sent, [
    "CAP LS 302",
    "PASS :correct horse",
    "NICK anna",
    "USER anna/libera 0 * Anna",
  ]);
  client.server("ERROR :Access denied: Bad password?");
  assertEquals(client.fault, "unauthenticated");
});

Deno.test("ClientMachine never sends a password that would end its line", () => {
  const as = { account: "anna", secret: "x\r\nQUIT" };
  const client = new Scripted({ login: { by: "pass", as } });
  assertEquals(client.fault, "argument");
  assertEquals(client.sent, ["CAP LS 302"]);
});

Deno.test("ClientMachine tries other nicknames, and gives up some time", () => {
  const client = new Scripted();
  client.look();
  client.server("433 * anna :in use");
  assertEquals(client.sent, ["NICK anna_"]);
  client.server("437 * anna_ :unavailable", "436 * anna__ :collision");
  assertEquals(client.sent, ["NICK anna__", "NICK anna___"]);
  client.server("433 * anna___ :in use");
  assertEquals(client.sent, ["NICK anna5000"]);
  client.server("432 * anna5000 :Erroneous");
  assertEquals(client.sent, ["NICK anna5000"]);
  for (let i = 0; i < 20; i++) client.server("433 * x :in use");
  assertEquals(client.fault, "nick");
});

Deno.test("ClientMachine gets its nickname back when it is free, or asks from time to time", () => {
  const client = new Scripted();
  client.server("433 * anna :in use", "001 anna_ :Welcome", "376 anna_ :End");
  client.look();
  client.server(":anna_!a@h JOIN #r", ":anna!x@y QUIT :bye");
  client.pass(1000);
  assertEquals(client.sent, ["NICK anna"]);
  client.server("433 anna_ anna :in use");
  client.pass(58_000);
  assertEquals(client.sent, []);
  client.pass(2000);
  assertEquals(client.sent, ["NICK anna"]);
  client.look();
  client.server(":anna_!a@h NICK :anna");
  assertEquals(client.events, [{ type: "nick", nick: "anna" }]);
  client.pass(200_000);
  assertEquals(client.sent, []);
});

Deno.test("ClientMachine does not ask again for a nickname that the server has cut", () => {
  const client = new Scripted({ nick: "annabelle-of-the-hills" });
  client.server(
    "001 annabelle-of :Welcome",
    "005 annabelle-of NICKLEN=12 :are",
    "376 annabelle-of :End",
  );
  client.look();
  client.pass(300_000);
  assertEquals(client.sent, []);
});

Deno.test("ClientMachine does not fight services that rename it", () => {
  const client = Scripted.registered();
  client.server(":anna!a@h NICK Guest1");
  client.pass(300_000);
  assertEquals(client.sent, []);
  assertEquals(client.machine.nick, "Guest1");
});

Deno.test("ClientMachine gives up a registration that takes too long", () => {
  const client = new Scripted();
  client.pass(40_000);
  client.server("NOTICE * :Looking up your host");
  client.pass(10_000);
  assertEquals(client.fault, "timeout");
});

Deno.test("ClientMachine answers pings before anything else, and no longer than a line", () => {
  const client = Scripted.registered();
  for (let i = 0; i < 10; i++) client.say("bert", `line ${i}`);
  client.look();
  client.server("PING :tok en");
  assertEquals(client.sent, ["PONG :tok en"]);
  client.server(`PING ${"x".repeat(5000)}`);
  assertEquals(client.sent, [`PONG ${"x".repeat(480)}`]);
});

Deno.test("ClientMachine asks a silent server, and gives up when nothing comes", () => {
  const client = new Scripted({ times: { pingMs: 1000, pongMs: 500 } });
  client.server("001 anna :Welcome", "376 anna :End");
  client.look();
  client.now += 999;
  client.take(client.machine.tick(client.now));
  assertEquals(client.sent, []);
  client.now += 1;
  client.take(client.machine.tick(client.now));
  assertEquals(client.sent, ["PING alive"]);
  client.now += 400;
  client.server("PONG irc.example alive");
  client.now += 1000;
  client.take(client.machine.tick(client.now));
  assertEquals(client.sent, ["PING alive"]);
  client.now += 500;
  client.take(client.machine.tick(client.now));
  assertEquals(client.fault, "dead");
  assertEquals(client.machine.wakeAt, undefined);
});

Deno.test("ClientMachine ends as the server says, as the stream ends, or as we want", async (t) => {
  await t.step("ERROR", () => {
    const client = Scripted.registered();
    client.server("ERROR :Closing \x02Link\x02");
    const [event] = client.events.filter(({ type }) => type === "fault");
    assert(event?.type === "fault" && event.fault.code === "closed");
    assertEquals(event.fault.message, 'Lost the server: it says "Closing Link"');
  });
  await t.step("end", () => {
    const client = Scripted.registered();
    client.take(client.machine.end(client.now));
    assertEquals(client.fault, "lost");
  });
  await t.step("banned", () => {
    const client = new Scripted();
    client.server("465 * :You are banned");
    assertEquals(client.fault, "banned");
    const other = new Scripted();
    other.server("ERROR :Closing link: K-Lined");
    assertEquals(other.fault, "banned");
  });
  await t.step("quit, then ERROR", () => {
    const client = Scripted.registered();
    client.take(client.machine.quit("so\r\nlong", client.now));
    assertEquals(client.sent, ["QUIT solong"]);
    client.server("ERROR :Closing link");
    assertEquals(client.events, [{ type: "end" }]);
    assertEquals(client.machine.receive(new Uint8Array(5), client.now), {
      send: [],
      events: [],
      done: true,
    });
  });
  await t.step("quit, then nothing", () => {
    const client = Scripted.registered();
    client.take(client.machine.quit("", client.now));
    client.pass(2000);
    assertEquals(client.events, [{ type: "end" }]);
  });
});

Deno.test("ClientMachine bears lines that make no sense", () => {
  const client = Scripted.registered();
  client.server(
    "\u00e4\u00f6",
    "@",
    ":x",
    "PRIVMSG",
    "JOIN",
    "KICK",
    "NICK",
    "CAP",
    "BATCH",
    "353",
    "FAIL",
    "PONG",
    "TOPIC",
    "QUIT",
  );
  client.server(
    ":a PRIVMSG",
    ":a!b@c NOTICE anna",
    ":anna!a@h NICK",
    ":anna!a@h JOIN",
    "433",
    "005",
    "332 anna",
  );
  assertEquals(client.done, false);
  for (const event of client.events) assertEquals(event.type, "log");
});

Deno.test("ClientMachine does the same wherever the stream is cut", async (t) => {
  const stream = new TextEncoder().encode(
    [
      "CAP * LS :sasl server-time",
      "CAP anna ACK :sasl server-time",
      "AUTHENTICATE +",
      "903 anna :ok",
      "001 anna :Welcome",
      "376 anna :End",
      ":anna!a@h JOIN #room",
      "PING :x",
      "@time=2026-11-21T00:00:00Z :bert!b@h PRIVMSG #room :gr\u00fc\u00dfe",
      "ERROR :bye",
      "PING :late",
    ].map((line) => `${line}\r\n`).join(""),
  );
  const run = (chunks: readonly Uint8Array[]) => {
    const client = new Scripted({ login: LOGIN });
    for (const chunk of chunks) client.take(client.machine.receive(chunk, 0));
    return [client.fault, client.sent, client.events.map((event) => event.type)];
  };
  const whole = run([stream]);
  assertEquals(whole[0], "closed");
  for (const { name, chunks } of cuts(stream)) {
    await t.step(name, () => assertEquals(run(chunks), whole));
  }
});

Deno.test("ClientMachine ends at a line without an end", () => {
  const client = Scripted.registered(ALL_CAPS);
  client.take(client.machine.receive(new Uint8Array(20_000).fill(0x41), client.now));
  assertEquals(client.fault, "too-long");
});

Deno.test("ClientMachine.join refuses names that are none, and changes nothing", () => {
  const client = Scripted.registered();
  for (const name of ["", "#a b", "#a\r\nQUIT"]) {
    assertThrows(() => client.machine.join([{ name }], client.now), IrcFault);
  }
  assertEquals([client.sent, client.done], [[], false]);
});
