import { assertEquals } from "@std/assert";
import { Scripted } from "../../support/irc_machine.ts";

function inRoom(): Scripted {
  const client = Scripted.registered();
  client.take(client.machine.join([{ name: "#room" }], client.now));
  client.server(
    ":anna!a@h JOIN #Room",
    "332 anna #Room :A \x02topic\x02",
    "353 anna = #Room :@Bert +carl!c@h @+dora anna",
    "366 anna #Room :End",
  );
  return client;
}

Deno.test("ClientMachine joins, knows topic and members", () => {
  const client = inRoom();
  assertEquals(client.sent, ["JOIN #room"]);
  assertEquals(client.events, [
    { type: "joined", channel: "#Room", asked: "#room" },
    { type: "topic", channel: "#Room", topic: "A topic" },
  ]);
  assertEquals(client.machine.channels, ["#Room"]);
  assertEquals(client.machine.members("#ROOM"), ["anna", "Bert", "carl", "dora"]);
  assertEquals(client.machine.members("#other"), undefined);
});

Deno.test("ClientMachine follows who comes, goes and changes names", () => {
  const client = inRoom();
  client.look();
  client.server(":emil!e@h JOIN :#room", ":bert!b@h PART #room :bye", ":carl!c@h QUIT :bye");
  client.server(":dora!d@h NICK doris", ":emil!e@h KICK #room Doris :no", ":fritz!f@h NICK fred");
  assertEquals(client.machine.members("#room"), ["anna", "emil"]);
  client.server(":anna!a@h NICK anne");
  assertEquals(client.machine.members("#room"), ["emil", "anne"]);
  assertEquals(client.events, [{ type: "nick", nick: "anne" }]);
});

Deno.test("ClientMachine follows topics", () => {
  const client = inRoom();
  client.look();
  client.server(
    ":bert!b@h TOPIC #room :\x0304new",
    ":bert!b@h TOPIC #room :",
    "331 anna #room :none",
    ":x TOPIC #other :y",
  );
  assertEquals(client.events, [
    { type: "topic", channel: "#Room", topic: "new" },
    { type: "topic", channel: "#Room", topic: null },
    { type: "topic", channel: "#Room", topic: null },
  ]);
});

Deno.test("ClientMachine leaves, and is thrown out", () => {
  const client = inRoom();
  client.look();
  client.take(client.machine.part("#room", client.now));
  assertEquals(client.sent, ["PART #room"]);
  client.server(":anna!a@h PART #room");
  assertEquals(client.events, [{ type: "left", channel: "#Room", by: undefined, text: "" }]);
  const other = inRoom();
  other.look();
  other.server(":bert!b@h KICK #room anna :out");
  assertEquals(other.events, [{ type: "left", channel: "#Room", by: "bert", text: "out" }]);
  const third = inRoom();
  third.look();
  third.server("442 anna #room :You are not on that channel");
  assertEquals(third.events.map(({ type }) => type), ["left"]);
});

Deno.test("ClientMachine says why a channel cannot be joined", () => {
  const client = Scripted.registered();
  client.take(client.machine.join([{ name: "#A" }, { name: "#b", key: "k" }], client.now));
  assertEquals(client.sent, ["JOIN #b,#A k"]);
  client.server("475 anna #b :Cannot join (+k)", "475 anna #b :again", "403 anna #other :No such");
  const refused = client.events.filter(({ type }) => type === "not-joined");
  assertEquals(refused, [
    { type: "not-joined", channel: "#b", numeric: "475", text: "Cannot join (+k)" },
  ]);
  client.server("470 anna #A ##a :Forwarding", ":anna!a@h JOIN ##a");
  assertEquals(client.events, [{ type: "joined", channel: "##a", asked: "#A" }]);
});

Deno.test("ClientMachine joins many channels with few lines", () => {
  const client = Scripted.registered();
  const all = Array.from({ length: 20 }, (_, i) => ({ name: `#c${i}` }));
  client.take(client.machine.join(all, client.now));
  assertEquals(client.sent.map((line) => line.split(",").length), [8, 8, 4]);
});

Deno.test("ClientMachine compares names as the network says", () => {
  const client = new Scripted();
  client.server(
    "001 anna :Welcome",
    ":anna!a@h JOIN #a[",
    "005 anna CASEMAPPING=ascii :are",
    "376 anna :End",
  );
  assertEquals(client.machine.members("#A["), ["anna"]);
  assertEquals(client.machine.members("#a{"), undefined);
  assertEquals(client.machine.fold("A["), "a[");
  assertEquals(client.machine.casemapping, "ascii");
});

Deno.test("ClientMachine keeps track of no more than it should", () => {
  const client = Scripted.registered();
  for (let i = 0; i < 600; i++) client.server(`:anna!a@h JOIN #c${i}`);
  assertEquals(client.machine.channels.length, 500);
  client.server(":anna!a@h JOIN nochannel");
  for (let i = 0; i < 600; i++) {
    const names = Array.from({ length: 100 }, (_, j) => `n${i}-${j}`).join(" ");
    client.server(`353 anna = #c0 :${names}`);
  }
  assertEquals(client.machine.members("#c0")?.length, 50_000);
  assertEquals(client.machine.members("nochannel"), undefined);
});
