import { assert, assertEquals, assertThrows } from "@std/assert";
import { byteLength, IrcFault } from "../../../lib/irc/mod.ts";
import { ALL_CAPS, Scripted } from "../../support/irc_machine.ts";

function heard(client: Scripted) {
  return client.events.flatMap((event) => event.type === "message" ? [event.message] : []);
}

Deno.test("ClientMachine hears what people write", () => {
  const client = Scripted.registered(ALL_CAPS);
  client.server("@time=2026-11-21T16:38:05.123Z;msgid=m1 :bert!b@h PRIVMSG #Room :\x02hi\x02");
  client.server(":bert!b@h PRIVMSG Anna :\x01ACTION waves\x01", ":bert!b@h NOTICE @#room :psst");
  client.server("@+draft/reply=m1 :bert!b@h PRIVMSG #room :yes");
  const [first, second, third, fourth] = heard(client);
  assertEquals(first, {
    id: "m1",
    time: Date.UTC(2026, 10, 21, 16, 38, 5, 123),
    from: "bert",
    own: false,
    room: "#Room",
    direct: false,
    kind: "text",
    text: "hi",
    reply: undefined,
  });
  assertEquals([second?.room, second?.direct, second?.kind], ["bert", true, "emote"]);
  assertEquals([third?.room, third?.kind, third?.id], ["#room", "notice", undefined]);
  assertEquals(fourth?.reply, "m1");
});

Deno.test("ClientMachine takes no time or id that makes no sense", () => {
  const client = Scripted.registered(ALL_CAPS);
  for (
    const time of [
      "",
      "x",
      "2026-13-41T00:00:00Z",
      "1969-12-31T23:59:59Z",
      "2026-11-21",
      "9".repeat(400),
    ]
  ) {
    client.server(`@time=${time};msgid= :b PRIVMSG anna :x`);
    const [message] = heard(client);
    assertEquals([message?.time, message?.id], [undefined, undefined], time);
  }
  client.server(
    `@msgid=${"x".repeat(300)} :b PRIVMSG anna :x`,
    "@msgid=a\\r\\nb :b PRIVMSG anna :x",
  );
  assertEquals(heard(client).map(({ id }) => id), [undefined, "ab"]);
});

Deno.test("ClientMachine answers no program, and shows servers in the log", () => {
  const client = Scripted.registered();
  client.server(":b!b@h PRIVMSG anna :\x01VERSION\x01", ":b!b@h NOTICE anna :\x01VERSION x\x01");
  client.server(
    ":b!b@h PRIVMSG anna :\x01DCC SEND x 1 2 3\x01",
    ":b!b@h NOTICE anna :\x01ACTION x\x01",
  );
  client.server("NOTICE anna :*** Hello", "NOTICE * :hi", ":b!b@h PRIVMSG other :not for us");
  assertEquals(client.sent, []);
  for (const event of client.events) assertEquals(event.type, "log");
});

Deno.test("ClientMachine reports own messages of elsewhere as own", () => {
  const client = Scripted.registered();
  client.server(":anna!a@h PRIVMSG bert :from the phone", ":anna!a@h PRIVMSG #room :too");
  assertEquals(heard(client).map(({ own, room, direct }) => [own, room, direct]), [
    [true, "bert", true],
    [true, "#room", false],
  ]);
});

Deno.test("ClientMachine.say learns id and time from a labelled echo", () => {
  const client = Scripted.registered(ALL_CAPS);
  const send = client.say("#room", "hello");
  assertEquals(client.sent, [`@label=${send}.0 PRIVMSG #room hello`]);
  client.server(
    `@label=${send}.0;msgid=x1;time=2026-11-21T00:00:00.000Z :anna!a@h PRIVMSG #room :he***`,
  );
  assertEquals(client.events, [
    { type: "sent", send, id: "x1", time: Date.UTC(2026, 10, 21) },
  ]);
});

Deno.test("ClientMachine.say finds its label in a batch", () => {
  const client = Scripted.registered(ALL_CAPS);
  const send = client.say("bert", "hello");
  client.server(`@label=${send}.0 BATCH +7 labeled-response`, "@batch=7 301 anna bert :Away");
  client.server("@batch=7;msgid=x2 :anna!a@h PRIVMSG bert :hello", "BATCH -7");
  assertEquals(client.events.filter(({ type }) => type !== "log"), [
    { type: "sent", send, id: "x2", time: undefined },
  ]);
});

Deno.test("ClientMachine.say is refused by a labelled error, wherever it names", () => {
  const client = Scripted.registered(ALL_CAPS);
  const [one, two, three] = [client.say("#a", "1"), client.say("#a", "2"), client.say("#a", "3")];
  client.server(`@label=${two}.0 404 anna #A :Cannot send`, `@label=${three}.0 ACK`);
  client.server(`@label=${one}.0 FAIL PRIVMSG SOMETHING #a :Not now`);
  assertEquals(client.events, [
    { type: "unsent", send: two, numeric: "404", text: "Cannot send" },
    { type: "sent", send: three, id: undefined, time: undefined },
    { type: "unsent", send: one, numeric: "SOMETHING", text: "Not now" },
  ]);
});

Deno.test("ClientMachine.say finds an echo without label by its text", () => {
  const client = Scripted.registered("echo-message");
  const [one, two] = [client.say("#Room", "same"), client.say("#room", "same")];
  client.server(
    ":anna!a@h PRIVMSG #room :other",
    ":anna!a@h PRIVMSG #room :same",
    ":anna!a@h PRIVMSG #room :same",
  );
  const events = client.events;
  assertEquals(events.map((event) => event.type === "sent" ? event.send : event.type), [
    "message",
    one,
    two,
  ]);
});

Deno.test("ClientMachine.say without echoes waits for a pong, one for what was sent meanwhile", () => {
  const client = Scripted.registered();
  const [one, two, three] = [client.say("a", "1"), client.say("b", "2"), client.say("b", "3")];
  assertEquals(client.sent, ["PRIVMSG a 1", "PING sent-1", "PRIVMSG b 2", "PRIVMSG b 3"]);
  client.server("PONG irc.example :sent-1");
  assertEquals(client.events, [{ type: "sent", send: one, id: undefined, time: undefined }]);
  assertEquals(client.sent, ["PING sent-2"]);
  client.server("401 anna b :No such nick", "PONG irc.example sent-9", "PONG irc.example sent-2");
  assertEquals(client.events, [
    { type: "unsent", send: two, numeric: "401", text: "No such nick" },
    { type: "sent", send: three, id: undefined, time: undefined },
  ]);
});

Deno.test("ClientMachine.say counts what gets no sign as sent", () => {
  const client = Scripted.registered("echo-message");
  const send = client.say("#a", "censored");
  client.server(":anna!a@h PRIVMSG #a :c******d");
  client.look();
  client.pass(15_000);
  assertEquals(client.events, [{ type: "sent", send, id: undefined, time: undefined }]);
});

Deno.test("ClientMachine.say cuts long texts so that nothing is lost on the way", () => {
  const client = Scripted.registered(ALL_CAPS);
  client.server(":anna!~anna@a.host.example JOIN #room");
  client.look();
  const text = "gr\u00fc\u00dfe \u{1f600} ".repeat(200).trim();
  client.say("#room", text);
  client.pass(60_000);
  const bodies = client.sent.map((line) => line.replace(/^@\S+ /, ""));
  assert(bodies.length > 3);
  for (const body of bodies) {
    const relayed = `:anna!~anna@a.host.example ${
      body.replace("#room ", "#room :").replace("::", ":")
    }\r\n`;
    assert(byteLength(relayed) <= 512, `${byteLength(relayed)}`);
  }
  assert(bodies.some((body) => byteLength(`:anna!~anna@a.host.example ${body}\r\n`) > 490));
  assertEquals(bodies.map((body) => body.replace(/^PRIVMSG #room :?/, "")).join(" "), text);
});

Deno.test("ClientMachine.say: one label for each piece, one answer for all", () => {
  const client = Scripted.registered(ALL_CAPS);
  const send = client.say("#a", "1\n2\n3");
  client.server(
    ...[0, 1, 2].map((i) => `@label=${send}.${i};msgid=m${i} :anna!a@h PRIVMSG #a :${i + 1}`),
  );
  assertEquals(client.events, [{ type: "sent", send, id: "m0", time: undefined }]);
});

Deno.test("ClientMachine.say makes an action of what people do, and none of anything else", () => {
  const client = Scripted.registered();
  client.say("#a", "waves", "emote");
  client.say("#a", "\x01VERSION\x01", "text");
  client.say("#a", "done", "notice");
  assertEquals(client.sent.filter((line) => !line.startsWith("PING")), [
    "PRIVMSG #a :\x01ACTION waves\x01",
    "PRIVMSG #a VERSION",
    "NOTICE #a done",
  ]);
});

Deno.test("ClientMachine.say refuses what cannot be sent, and goes on", () => {
  const client = Scripted.registered();
  for (
    const [target, text] of [["#a", ""], ["#a", "\n \0\n"], ["#a b", "x"], ["", "x"], [
      "#a\r\nQUIT",
      "x",
    ]]
  ) {
    assertThrows(() => client.say(target as string, text as string), IrcFault);
  }
  const long = assertThrows(() => client.say("#a", "x\n".repeat(61)), IrcFault);
  assertEquals(long.code, "too-long");
  assertThrows(() => client.say("x".repeat(500), "x"), IrcFault);
  for (let i = 0; i < 8; i++) client.say("#a", "x\n".repeat(60));
  assertEquals(assertThrows(() => client.say("#a", "x\n".repeat(60)), IrcFault).code, "full");
  assertEquals(client.done, false);
});

Deno.test("flood control: a burst of 5, then a line each 2 s, pongs at once", () => {
  const client = Scripted.registered(ALL_CAPS);
  const times: number[] = [];
  const begin = client.now;
  client.say("#a", Array.from({ length: 30 }, (_, i) => `${i}`).join("\n"));
  for (let second = 0; second < 120; second++) {
    for (const _ of client.sent) times.push(client.now - begin);
    client.pass(1000);
  }
  assertEquals(times.length, 30);
  for (let i = 0; i < times.length; i++) {
    // No window of 10 s holds more than the burst and what 10 s allow.
    const within = times.filter((at) =>
      at >= (times[i] as number) && at < (times[i] as number) + 10_000
    );
    assert(within.length <= 10, `${within.length} lines in 10 s`);
  }
  assert((times.at(-1) as number) <= 52_000, `${times.at(-1)} ms for all`);
});

Deno.test("flood control: a long text in one place holds up nothing elsewhere", () => {
  const client = Scripted.registered(ALL_CAPS);
  client.say("#a", "x\n".repeat(30));
  client.look();
  client.say("#b", "urgent");
  client.take(client.machine.part("#c", client.now));
  client.pass(6000);
  const order = client.sent.map((line) => line.replace(/^@\S+ /, ""));
  assertEquals(order[0], "PART #c");
  assert(order.indexOf("PRIVMSG #b urgent") <= 2, order.join());
  assert(client.machine.waitMs(client.now) > 20_000);
});

Deno.test("ClientMachine.cancel takes back what has not gone out", () => {
  const client = Scripted.registered(ALL_CAPS);
  const first = client.say("#a", "x\n".repeat(10));
  const second = client.say("#a", "later");
  assertEquals(client.machine.cancel(second), true);
  assertEquals(client.machine.cancel(first), false, "a part of it has gone out");
  client.look();
  client.pass(60_000);
  assertEquals(client.sent, []);
});

Deno.test("ClientMachine.tellTyping: not too often, never instead of a message, only where it is carried", () => {
  const client = Scripted.registered(ALL_CAPS);
  const tell = (active: boolean) =>
    client.take(client.machine.tellTyping("#a", active, client.now));
  tell(false);
  tell(true);
  tell(true);
  client.pass(3000);
  tell(true);
  tell(false);
  tell(false);
  assertEquals(client.sent, [
    "@+typing=active TAGMSG #a",
    "@+typing=active TAGMSG #a",
    "@+typing=done TAGMSG #a",
  ]);
  client.say("#a", "x\n".repeat(20));
  client.look();
  tell(true);
  assertEquals(client.sent, []);
  const old = Scripted.registered();
  assertEquals(old.machine.carriesTyping, false);
  old.take(old.machine.tellTyping("#a", true, old.now));
  assertEquals(old.sent, []);
});

Deno.test("ClientMachine hears who writes", () => {
  const client = Scripted.registered(ALL_CAPS);
  client.server("@+typing=active :bert!b@h TAGMSG #a", "@+typing=done :bert!b@h TAGMSG anna");
  client.server(
    "@+typing=x :bert!b@h TAGMSG #a",
    "TAGMSG #a",
    "@+typing=active :anna!a@h TAGMSG #a",
  );
  assertEquals(client.events, [
    { type: "typing", room: "#a", nick: "bert", state: "active" },
    { type: "typing", room: "bert", nick: "bert", state: "done" },
  ]);
});
