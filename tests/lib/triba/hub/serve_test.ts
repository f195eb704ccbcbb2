// User interfaces over streams: cutting, queueing, reading too slowly, and the client.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  History,
  HubClient,
  HubFault,
  type HubMessage,
  LineCutter,
  LineQueue,
  MAX_LINE_BYTES,
  MESSAGE_LINE_JSON,
  refuseInterface,
  serveInterface,
} from "../../../../lib/triba/hub/mod.ts";
import { NetFault } from "../../../../lib/net/mod.ts";
import { CallFault } from "../../../../lib/triba/mod.ts";
import { memoryStreamPair, readAll } from "../../../support/memory_stream.ts";
import { makeHub, settle } from "./support.ts";

const utf8 = new TextEncoder();

Deno.test("LineCutter: whole, byte by byte and cut at each offset, the lines are the same", () => {
  const bytes = utf8.encode("one\n\n \r\ntwo\r\nth\u00e9\n\xffx\nrest");
  bytes[bytes.lastIndexOf(0xc3)] = 0xff;
  const cut = (...parts: readonly Uint8Array[]) => {
    const cutter = new LineCutter();
    return [...parts.flatMap((part) => cutter.push(part)), ...cutter.end()];
  };
  const whole = cut(bytes);
  assertEquals(whole.map((line) => line.type === "line" ? line.text : line.reason), [
    "one",
    "two",
    "th\u00e9",
    "The line is not UTF-8",
    "rest",
  ]);
  assertEquals(cut(...Array.from(bytes, (byte) => Uint8Array.of(byte))), whole);
  for (let at = 0; at <= bytes.length; at++) {
    assertEquals(cut(bytes.subarray(0, at), bytes.subarray(at)), whole, `cut at ${at}`);
  }
});

Deno.test("LineCutter: a line above the limit is left out, the next one is read", () => {
  const cutter = new LineCutter(5);
  assertEquals(cutter.push(utf8.encode("12345\n123456\n12")), [
    { type: "line", text: "12345" },
    { type: "bad", reason: "The line has 6 bytes, at most 5 fit" },
  ]);
  assertEquals(cutter.push(utf8.encode("3\n")), [{ type: "line", text: "123" }]);
  const large = new LineCutter();
  assertEquals(large.push(new Uint8Array(MAX_LINE_BYTES + 1)), []);
  assertEquals(large.push(utf8.encode("\n")).map(({ type }) => type), ["bad"]);
});

Deno.test("History: keeps the last lines, by number and by size", () => {
  const history = new History(3, 10);
  for (let i = 0; i < 5; i++) history.add((sequence) => `${sequence}`);
  assertEquals([history.after(1), history.after(2), history.after(5), history.after(9)], [
    undefined,
    ["3", "4", "5"],
    [],
    [],
  ]);
  history.add(() => "123456789");
  assertEquals([history.after(3), history.after(4)], [undefined, ["5", "123456789"]]);
  history.add(() => "x".repeat(50));
  assertEquals([history.after(6), history.after(7)], [undefined, []]);
});

Deno.test("LineQueue: refuses lines once its reader is too slow, and says the last one instead", async () => {
  const [ours, theirs] = memoryStreamPair(4);
  const queue = new LineQueue(ours, 10);
  assertEquals([queue.push("a".repeat(30)), queue.push("bb")], [true, true]);
  await settle();
  assertEquals([queue.push("c".repeat(11)), queue.push("d")], [true, false]);
  queue.end("bye", true);
  assert(queue.ended && queue.push("e"));
  const all = readAll(theirs);
  await queue.flush();
  ours.close();
  const lines = new TextDecoder().decode(await all).split("\n");
  assertEquals(lines, ["a".repeat(30), "bye", ""]);
});

/** A user interface that writes and reads lines by hand. */
async function converse(
  sent: string,
  whileOpen: (stage: ReturnType<typeof makeHub>) => Promise<void> | void = () => {},
): Promise<HubMessage[]> {
  const [ours, theirs] = memoryStreamPair();
  const stage = makeHub();
  const serving = serveInterface(ours, stage.hub);
  const all = readAll(theirs);
  await theirs.write(utf8.encode(sent));
  await settle();
  await whileOpen(stage);
  await theirs.closeWrite();
  await serving;
  const text = new TextDecoder().decode(await all);
  assert(text.endsWith("\n"));
  return text.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("serveInterface: answers lines, the last one without an end too, and closes at the end", async () => {
  const messages = await converse(
    '{"type":"subscribe","id":1}\nnonsense\n{"type":"status","id":2}',
    ({ core }) => core.change("echo", {}),
  );
  assertEquals(messages.map((m) => "id" in m ? [m.type, m.id] : m.type), [
    "hello",
    ["reply", 1],
    ["error", null],
    "notice",
    ["reply", 2],
  ]);
});

Deno.test("serveInterface: answers what was asked before the end of the input", async () => {
  const [ours, theirs] = memoryStreamPair();
  const { core, hub } = makeHub();
  const answer = Promise.withResolvers<{ readonly type: "Success" }>();
  core.answer = () => answer.promise;
  const serving = serveInterface(ours, hub);
  const all = readAll(theirs);
  await theirs.write(
    utf8.encode('{"type":"call","id":1,"backend":"echo","call":{"type":"ListRooms"}}\n'),
  );
  await theirs.closeWrite();
  await settle();
  answer.resolve({ type: "Success" });
  await serving;
  const lines = new TextDecoder().decode(await all).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).type), ["hello", "reply"]);
});

Deno.test("serveInterface: says goodbye when the hub is closed", async () => {
  const messages = await converse("", ({ hub }) => hub.close());
  assertEquals(messages.map((m) => m.type), ["hello", "end"]);
});

Deno.test("serveInterface: sends all notices from the first where that was asked for", async () => {
  const [ours, theirs] = memoryStreamPair();
  const { core, hub } = makeHub();
  core.change("echo", {});
  const serving = serveInterface(ours, hub, { subscribed: true });
  core.change("echo", {});
  const all = readAll(theirs);
  await settle();
  await theirs.closeWrite();
  await serving;
  const lines = new TextDecoder().decode(await all).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line).sequence), [1, 1, 2]);
});

Deno.test("serveInterface: one that does not read is given up, while another gets everything", async () => {
  const [ours, theirs] = memoryStreamPair(1024);
  const { core, hub, dropped } = makeHub();
  const slow = serveInterface(ours, hub);
  await theirs.write(utf8.encode('{"type":"subscribe","id":1}\n'));
  await settle();
  const [other, quick] = memoryStreamPair();
  const serving = serveInterface(other, hub, { subscribed: true });
  const read = readAll(quick);
  const lines = ["x".repeat(1024 * 1024)];
  let said = 0;
  while (dropped.length === 0 && said < 50) {
    core.change("echo", { lastLines: lines });
    said++;
    await settle();
  }
  assertEquals(dropped, ["interface-1"]);
  assert(said > 5 && said < 20, `given up after ${said}`);
  const rest = new TextDecoder().decode(await readAll(theirs));
  assertEquals(JSON.parse(rest.trimEnd().split("\n").at(-1) ?? "").reason, "slow_reader");
  await slow;
  await quick.closeWrite();
  await serving;
  const seen = new TextDecoder().decode(await read).trimEnd().split("\n");
  assertEquals(seen.length, 1 + said);
});

Deno.test("serveInterface: a connection that breaks ends it, with nothing left over", async () => {
  const [ours, theirs] = memoryStreamPair();
  const { core, hub } = makeHub();
  const serving = serveInterface(ours, hub, { subscribed: true });
  await settle();
  theirs.reset();
  await assertRejects(() => serving, NetFault);
  core.change("echo", {});
  await settle();
});

Deno.test("HubClient: asks, gets answers and notices, and faults with their codes", async () => {
  const [ours, theirs] = memoryStreamPair();
  const { core, hub } = makeHub();
  const serving = serveInterface(ours, hub);
  const client = await HubClient.open(theirs);
  assertEquals([client.hello.run, client.hello.name], ["run-1", "interface-1"]);
  const seen: HubMessage[] = [];
  const running = client.run((message) => seen.push(message));
  const snapshot = await client.ask({ type: "subscribe" });
  assert(snapshot.type === "snapshot" && snapshot.backends.length === 1);
  core.answer = () => Promise.reject(new CallFault("denied", "No"));
  const refused = await assertRejects(
    () => client.ask({ type: "call", backend: "echo", call: { type: "Ping" } }),
    CallFault,
  );
  assertEquals([refused.code, refused.message], ["denied", "No"]);
  core.change("echo", {});
  await settle();
  assertEquals(seen.map(({ type }) => type), ["notice"]);
  core.answer = () => new Promise(() => {});
  const unanswered = client.ask({ type: "call", backend: "echo", call: { type: "Ping" } });
  const failed = assertRejects(() => unanswered, NetFault, "it closed the connection");
  await settle();
  hub.close();
  await Promise.all([serving, running, failed]);
  await assertRejects(() => client.ask({ type: "status" }), NetFault);
  client[Symbol.dispose]();
});

Deno.test("refuseInterface: says why, and closes", async () => {
  const [ours, theirs] = memoryStreamPair();
  await refuseInterface(ours);
  const said = JSON.parse(new TextDecoder().decode(await readAll(theirs)));
  assertEquals(MESSAGE_LINE_JSON.read(said, { path: "", strict: true, depth: 0 }), said);
  assertEquals([said.type, said.reason, ours.closed], ["end", "too_many", true]);
});

Deno.test("HubClient: what is no core, or one of another version, is said to be so", async () => {
  const cases: readonly [string, RegExp][] = [
    ["HTTP/1.1 400 Bad Request\r\n\r\n", /a line is not JSON/],
    ["{}\n", /does not speak triba-core/],
    ['{"type":"end","reason":"too_many","message":"Too many"}\n', /Cannot ask the core: Too many/],
    ["", /does not speak triba-core/],
    [
      '{"type":"hello","protocol":"triba-core","version":2,"run":"r","agent":"a","name":"n","sequence":0,"new":1}\n',
      /it speaks version 2 of its lines, this program 1/,
    ],
  ];
  for (const [said, reason] of cases) {
    const [ours, theirs] = memoryStreamPair();
    await ours.write(utf8.encode(said));
    await ours.closeWrite();
    const fault = await assertRejects(() => HubClient.open(theirs), HubFault);
    assert(reason.test(fault.message), fault.message);
    assert(theirs.closed);
  }
});
