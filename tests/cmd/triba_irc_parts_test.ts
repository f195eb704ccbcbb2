// The parts of `triba irc` by themselves: what is kept, who writes, what slows down.

import { assert, assertEquals, assertThrows } from "@std/assert";
import { refusal } from "../../cmd/triba/irc/faults.ts";
import { History, type Kept } from "../../cmd/triba/irc/history.ts";
import { Rooms } from "../../cmd/triba/irc/rooms.ts";
import { Store } from "../../cmd/triba/irc/store.ts";
import { Told } from "../../cmd/triba/irc/told.ts";
import { Typing } from "../../cmd/triba/irc/typing.ts";
import { createLogger, SILENT } from "../../lib/log/mod.ts";
import type { CoreLink } from "../../lib/triba/backend/mod.ts";
import { CallFault } from "../../lib/triba/mod.ts";
import { modeOf, withTemporaryFolder } from "../support/folder.ts";
import { FakeTime, settle } from "../support/time.ts";

function kept(id: string, own?: boolean, txn?: string): Kept {
  const content = { type: "Text", text: id } as const;
  return {
    message: { id, room: "#a", sender: "bert", sent_ms: 1, content },
    own: own ?? false,
    txn,
  };
}

Deno.test("History gives pages, newest first, until there is no more", () => {
  const history = new History(100);
  for (let i = 0; i < 7; i++) assert(history.add(kept(`m${i}`)));
  const pages: string[][] = [];
  for (let before: string | null = null;;) {
    const { messages, next } = history.fetch(before, 3);
    pages.push(messages.map(({ id }) => id));
    if (next === null) break;
    before = next;
  }
  assertEquals(pages, [["m6", "m5", "m4"], ["m3", "m2", "m1"], ["m0"]]);
  assertEquals(new History(5).fetch(null, 3), { messages: [], next: null });
  assertEquals(history.fetch(null, 0).messages, []);
  assertEquals(assertThrows(() => history.fetch("x", 1), CallFault).code, "not_found");
});

Deno.test("History keeps a message once, and so many in all", () => {
  const history = new History(3);
  assertEquals([history.add(kept("a", true, "t")), history.add(kept("a"))], [true, false]);
  assertEquals(history.sentAs("t"), "a");
  for (const id of ["b", "c", "d"]) history.add(kept(id));
  assertEquals(history.all.map(({ message }) => message.id), ["b", "c", "d"]);
  assertEquals([history.sentAs("t"), history.has("a")], [undefined, false]);
  history.add(kept("own", true));
  assertEquals(history.unreadAfter("c"), 1, "own messages are read");
});

Deno.test("Rooms: ids follow the network's way to compare names", () => {
  const rooms = new Rooms("rfc1459", 10);
  const room = rooms.open("#A[", false);
  assertEquals(rooms.open("#a{", false), room);
  assertEquals(rooms.describe(room), {
    id: "#a{",
    name: "#A[",
    topic: null,
    unread: 0,
    direct: false,
  });
  assertEquals(rooms.remap("rfc1459"), []);
  assertEquals(rooms.remap("ascii"), ["#a{"]);
  assertEquals([rooms.find("#a["), rooms.find("#a{")], [room, undefined]);
  assertEquals(assertThrows(() => rooms.get("#x"), CallFault).code, "not_found");
});

Deno.test("Rooms: strangers do not fill the list, the longest silent conversation goes", () => {
  const rooms = new Rooms("ascii", 10);
  for (let i = 0; i < 199; i++) {
    const { message, ...rest } = kept("m");
    rooms.open(`n${i}`, true).history.add({
      ...rest,
      message: { ...message, sent_ms: i === 7 ? 1 : 1000 + i },
    });
  }
  assertEquals(rooms.surplus(), undefined);
  rooms.open("last", true).history.add(kept("x"));
  rooms.open("#channel", false);
  assertEquals(rooms.surplus()?.name, "n7");
});

Deno.test("Store: what was written is read, by nobody else", () =>
  withTemporaryFolder(async (folder) => {
    const store = await Store.open(folder, "[::1]:6697", 3, SILENT);
    const state = {
      casemapping: "ascii",
      nick: "anna",
      rooms: [{ name: "#a", direct: false, key: "k", topic: "t", unread: 2 }],
    } as const;
    store.saveState(() => state);
    const all: Kept[] = [];
    for (let i = 0; i < 20; i++) {
      all.push(kept(`m${i}`));
      store.addMessage("#a", kept(`m${i}`), () => all);
    }
    await store.flush();
    const again = await Store.open(folder, "[::1]:6697", 3, SILENT);
    assertEquals(await again.readState(), state);
    const ids = (await again.readMessages("#a")).map(({ message }) => message.id);
    assertEquals(ids, ["m17", "m18", "m19"]);
    assertEquals(await again.readMessages("#b"), []);
    const [own] = [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
    assertEquals(modeOf(`${own}/state.json`), 0o600);
    assertEquals([modeOf(`${own}`), modeOf(`${own}/messages`)], [0o700, 0o700]);
    for (
      const { name, size } of [...Deno.readDirSync(`${own}/messages`)].map(({ name }) => ({
        name,
        size: Deno.statSync(`${own}/messages/${name}`).size,
      }))
    ) {
      assertEquals(modeOf(`${own}/messages/${name}`), 0o600);
      assert(size < 1500, `${size} bytes: old messages go`);
    }
    again.removeMessages("#a");
    await again.flush();
    assertEquals([...Deno.readDirSync(`${own}/messages`)].length, 0);
  }));

Deno.test("Store: damaged files cost what they held, and nothing more", () =>
  withTemporaryFolder(async (folder) => {
    const lines: string[] = [];
    const log = createLogger({ format: "text", level: "info", write: (line) => lines.push(line) });
    const store = await Store.open(folder, "s", 10, log);
    store.addMessage("#a", kept("good"), () => []);
    await store.flush();
    const [file] = [...Deno.readDirSync(`${folder}/s/messages`)];
    const path = `${folder}/s/messages/${file?.name}`;
    const hostile = [
      "{",
      "null",
      "[]",
      '{"own":true}',
      '{"own":true,"message":{"id":1}}',
      JSON.stringify({ ...kept("x"), txn: 5 }),
      JSON.stringify({ ...kept("x"), message: { ...kept("x").message, content: { type: "?" } } }),
      JSON.stringify({ ...kept("x"), message: { ...kept("x").message, sent_ms: -1 } }),
    ].join("\n");
    await Deno.writeTextFile(path, `${hostile}\n${await Deno.readTextFile(path)}{"own":tr`);
    assertEquals((await store.readMessages("#a")).map(({ message }) => message.id), ["good"]);
    for (const text of ["", "{", "[]", '{"version":2}', '{"version":1}', "\xff"]) {
      await Deno.writeTextFile(`${folder}/s/state.json`, text, { mode: 0o600 });
      assertEquals(await store.readState(), undefined);
    }
    assertEquals(lines.length, 6);
    const odd = { version: 1, rooms: [1, {}, { name: "" }, { name: "#a", unread: "x", key: 1 }] };
    await Deno.writeTextFile(`${folder}/s/state.json`, JSON.stringify(odd));
    assertEquals(await store.readState(), {
      casemapping: "rfc1459",
      nick: "",
      rooms: [{ name: "#a", direct: false, key: undefined, topic: null, unread: 0 }],
    });
  }));

Deno.test("Store: a disk that cannot be written is logged, and chat goes on", () =>
  withTemporaryFolder(async (folder) => {
    const lines: string[] = [];
    const log = createLogger({ format: "text", level: "info", write: (line) => lines.push(line) });
    const store = await Store.open(folder, "s", 10, log);
    await Deno.remove(`${folder}/s`, { recursive: true });
    store.addMessage("#a", kept("m"), () => []);
    store.saveState(() => ({ casemapping: "ascii", nick: "a", rooms: [] }));
    await store.flush();
    assertEquals(lines.length, 2);
    assert(lines.every((line) => line.startsWith("error: Cannot store what happened")));
    await Deno.mkdir(`${folder}/s`);
  }));

Deno.test("Store: keeps no message if none is to be kept", () =>
  withTemporaryFolder(async (folder) => {
    const store = await Store.open(folder, "s", 0, SILENT);
    store.addMessage("#a", kept("m"), () => []);
    await store.flush();
    assertEquals([...Deno.readDirSync(`${folder}/s/messages`)].length, 0);
  }));

Deno.test("Typing: tells changes only, and forgets who does not say more", async () => {
  using time = new FakeTime();
  const told: string[] = [];
  const typing = new Typing((room, users) => told.push(`${room}: ${users.join()}`));
  typing.set("#a", "bert", true);
  typing.set("#a", "bert", true);
  typing.set("#a", "carl", true);
  typing.set("#b", "carl", false);
  assertEquals(told.splice(0), ["#a: bert", "#a: bert,carl"]);
  await time.advance(3000);
  typing.set("#a", "carl", true);
  await time.advance(3000);
  assertEquals(told.splice(0), ["#a: carl"]);
  for (let i = 0; i < 100; i++) typing.set("#a", `n${i}`, true);
  assertEquals(told.splice(0).length, 19, "no more than 20 are shown");
  typing.clear();
  assertEquals(told, ["#a: "]);
  assertEquals(time.pending, []);
});

Deno.test("Told: a core that does not acknowledge stops the reading from the network", async () => {
  const pending: PromiseWithResolvers<void>[] = [];
  const tell = () => {
    const each = Promise.withResolvers<void>();
    pending.push(each);
    return each.promise;
  };
  const agreement = { major: 1, minor: 0, agent: "x", features: new Set<string>(), sealed: false };
  const core: CoreLink = { agreement, status: tell, event: tell };
  const told = new Told();
  told.event({ type: "RoomRemoved", room: "before there is a core" });
  told.begin(core);
  assertEquals(told.knowsReplies, false);
  let reads = 0;
  const stream = told.slowDown({
    read: () => Promise.resolve(++reads),
    write: () => Promise.resolve(),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  });
  for (let i = 0; i < 255; i++) told.event({ type: "RoomRemoved", room: "#a" });
  await stream.read(new Uint8Array(1));
  assertEquals(reads, 1);
  told.status({ type: "Online" });
  const reading = stream.read(new Uint8Array(1));
  await settle();
  assertEquals(reads, 1);
  pending[0]?.reject(new CallFault("unavailable", "gone"));
  await reading;
  assertEquals(reads, 2);
});

Deno.test("refusal: numbers of servers as codes of the document", () => {
  const codes = ["401", "403", "404", "405", "437", "471", "473", "474", "475", "461", "999"]
    .map((numeric) => refusal("join", numeric, "text").code);
  assertEquals(codes, [
    "not_found",
    "not_found",
    "denied",
    "busy",
    "unavailable",
    "denied",
    "denied",
    "denied",
    "denied",
    "invalid_argument",
    "denied",
  ]);
});
