// `triba core` at the terminal: what is typed, what is shown; and one run on a terminal.

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  CommandFault,
  helpLines,
  parseCommandLine,
} from "../../cmd/triba/core/terminal/commands.ts";
import { LineEditor, widthOf } from "../../cmd/triba/core/terminal/line_editor.ts";
import { Numbers } from "../../cmd/triba/core/terminal/numbers.ts";
import { renderMessage, renderRoom } from "../../cmd/triba/core/terminal/render.ts";
import { TerminalSession } from "../../cmd/triba/core/terminal/session.ts";
import { Terminal, type TerminalDevice } from "../../cmd/triba/core/terminal/terminal.ts";
import { Hub, SharedCore } from "../../lib/triba/hub/mod.ts";
import type { Answer, CoreCall } from "../../lib/triba/mod.ts";
import { FakeCore } from "../support/fake_core.ts";

const utf8 = new TextEncoder();

Deno.test("parseCommandLine: every command of the help, and plain text", () => {
  const cases: readonly [string, unknown][] = [
    ["", undefined],
    ["  ", undefined],
    ["hi there", { type: "say", text: "hi there" }],
    ["//etc is a folder", { type: "say", text: "/etc is a folder" }],
    ["/rooms", { type: "rooms", backend: undefined }],
    ["/rooms echo", { type: "rooms", backend: "echo" }],
    ["/join echo/The Lobby", { type: "join", room: "echo/The Lobby" }],
    ["/room 3", { type: "room", room: "3" }],
    ["/leave", { type: "leave" }],
    ["/history", { type: "history", count: 20 }],
    ["/history 5", { type: "history", count: 5 }],
    ["/members", { type: "members" }],
    ["/me waves", { type: "me", text: "waves" }],
    ["/notice n", { type: "notice", text: "n" }],
    ["/reply 4 yes, indeed", { type: "reply", message: 4, text: "yes, indeed" }],
    ["/edit 4 no", { type: "edit", message: 4, text: "no" }],
    ["/remove 4", { type: "remove", message: 4 }],
    ["/react 4 +1", { type: "react", message: 4, key: "+1" }],
    ["/unreact 4 +1", { type: "unreact", message: 4, key: "+1" }],
    ["/read", { type: "read", message: undefined }],
    ["/read 4", { type: "read", message: 4 }],
    ["/typing on", { type: "typing", typing: true }],
    ["/direct ada", { type: "direct", user: "ada" }],
    ["/status", { type: "status" }],
    ["/login irc my name", { type: "login", backend: "irc", account: "my name" }],
    ["/answer irc", { type: "answer", backend: "irc" }],
    ["/restart irc", { type: "restart", backend: "irc" }],
    ["/stop irc", { type: "stop", backend: "irc" }],
    ["/logs irc", { type: "logs", backend: "irc", count: 20 }],
    ["/logs irc 3", { type: "logs", backend: "irc", count: 3 }],
    ["/help", { type: "help" }],
    ["/quit", { type: "quit" }],
  ];
  for (const [line, expected] of cases) assertEquals(parseCommandLine(line), expected, line);
  const named = new Set(cases.map(([line]) => /^\/(\w+)/.exec(line)?.[1]).filter(Boolean));
  const helped = helpLines().flatMap((line) => /^ {2}\/(\w+)/.exec(line)?.[1] ?? []);
  assertEquals(helped.toSorted(), [...named].toSorted());
});

Deno.test("parseCommandLine: says what would be right", () => {
  const cases: readonly [string, RegExp][] = [
    ["/histroy", /Unknown command "\/histroy"; did you mean \/history\?/],
    ["/x\x1b", /Unknown command "\/x\\x1b"; \/help lists all/],
    ["/toString", /Unknown command/],
    ["/edit 4", /it is \/edit N TEXT/],
    ["/edit four x", /it is \/edit N TEXT/],
    ["/typing maybe", /it is \/typing on\|off/],
    ["/history 0", /it is \/history \[COUNT\]/],
    ["/members x", /it is \/members/],
    ["/login irc", /it is \/login BACKEND ACCOUNT/],
  ];
  for (const [line, message] of cases) {
    assertMatch(assertThrows(() => parseCommandLine(line), CommandFault).message, message);
  }
});

Deno.test("LineEditor: types, deletes, clears, fetches lines back, and ignores other keys", () => {
  const editor = new LineEditor();
  const type = (keys: string) => editor.push(utf8.encode(keys));
  assertEquals(type("he\x1b[3~\x1bOPllo\x1bx\t\x00"), []);
  assertEquals(editor.text, "hello");
  type("\u{1f44d}\u{1f3fd}e\u0301\x7f\x7f");
  assertEquals(editor.text, "hello", "a letter with all its marks goes at once");
  type(" big world\x17");
  assertEquals(editor.text, "hello big ");
  type("\x15");
  assertEquals(editor.text, "");
  assertEquals(type("one\r"), [{ type: "line", text: "one" }]);
  editor.remember("one");
  editor.remember("two");
  type("\x1b[A\x1b[A\x1b[A");
  assertEquals(editor.text, "one");
  type("\x1b[B");
  assertEquals(editor.text, "two");
  assertEquals(type("\x04"), [], "Ctrl-D does nothing where something is typed");
  type("\x15");
  assertEquals(type("\x04"), [{ type: "end" }]);
  const [first, ...rest] = utf8.encode("\u00e4");
  editor.push(Uint8Array.of(first ?? 0));
  editor.push(Uint8Array.from(rest));
  assertEquals(editor.text, "\u00e4");
});

Deno.test("LineEditor: shows the end of a long line, wide letters counted twice, and no secrets", () => {
  const editor = new LineEditor();
  editor.push(utf8.encode("0123456789\u6f22\u5b57"));
  assertEquals(editor.visible(6, false), "89\u6f22\u5b57");
  assertEquals(editor.visible(80, true), "");
  assertEquals(widthOf("a\u6f22e\u0301"), 4);
  editor.push(utf8.encode("x".repeat(20_000)));
  assertEquals(editor.text.length, 16 * 1024);
});

Deno.test("renderMessage: one line for each kind, with nothing that steers a terminal", () => {
  const shown = { number: 7, at: 1_700_000_000_000, place: "irc/#x", sender: "a\x1b[2J" };
  const render = (content: Parameters<typeof renderMessage>[0]["content"], remark?: string) =>
    renderMessage({ ...shown, content, remark }, "UTC");
  assertEquals(
    render({ type: "Text", text: "two\nlines\x07\u202e" }),
    "[7] 22:13 irc/#x <a\\x1b[2J> two \u23ce lines\\x07\\u{202e}",
  );
  assertEquals(
    render({ type: "Emote", text: "waves" }, "edited"),
    "[7] 22:13 irc/#x * a\\x1b[2J waves (edited)",
  );
  assertEquals(render({ type: "Notice", text: "n" }), "[7] 22:13 irc/#x -a\\x1b[2J- n");
  const reply = { type: "Reply", to: "m", content: { type: "Text", text: "t" } } as const;
  assertEquals(render(reply), "[7] 22:13 irc/#x <a\\x1b[2J> t (a reply)");
  const file = {
    type: "File",
    name: "f\r",
    mime: "a/b",
    size: 2048,
    path: null,
    url: "u\x9b",
  } as const;
  assertEquals(render(file), "[7] 22:13 irc/#x <a\\x1b[2J> [file f\\x0d, a/b, 2.0 KiB] u\\x9b");
  const room = { id: "#x\x1b", name: "X", topic: "t\x1b", unread: 2, direct: true };
  assertEquals(renderRoom(3, "irc", room), '  3  irc/#x\\x1b "X": direct, 2 unread, t\\x1b');
});

Deno.test("Numbers: the same thing keeps its number, old ones are forgotten", () => {
  const numbers = new Numbers<string>((thing) => thing);
  assertEquals([numbers.of("a"), numbers.of("b"), numbers.of("a")], [1, 2, 1]);
  for (let i = 0; i < 1000; i++) numbers.of(`${i}`);
  assertEquals([numbers.get(1), numbers.get(1002)], [undefined, "999"]);
  assertEquals(numbers.of("a"), 1003);
});

class FakeScreen {
  readonly lines: string[] = [];
  readonly questions: string[] = [];
  answers: (string | undefined)[] = [];
  print(line: string): void {
    this.lines.push(line);
  }
  ask(question: string, secret: boolean): Promise<string | undefined> {
    this.questions.push(`${question}${secret}`);
    return Promise.resolve(this.answers.shift());
  }
  refresh(): void {}
  take(): string[] {
    return this.lines.splice(0);
  }
}

function makeSession(...backends: string[]) {
  const core = new FakeCore(...backends);
  const shared = new SharedCore(core);
  const hub = new Hub({ core: shared, run: "r", agent: "a", clock: () => 0 });
  const screen = new FakeScreen();
  const session = new TerminalSession({
    hub,
    screen,
    clock: () => 1_700_000_000_000,
    makeTxn: () => "txn",
    zone: "UTC",
  });
  shared.subscribe((notice) => session.take(notice));
  core.answer = answerAsNetwork;
  return { core, screen, session };
}

// deno-lint-ignore require-await -- answers as a backend does
async function answerAsNetwork(_: string, call: CoreCall): Promise<Answer> {
  const said = { room: "r1", sender: "ada", sent_ms: 1_700_000_000_000 };
  switch (call.type) {
    case "ListRooms": {
      const room = { id: "r1", name: "Lobby", topic: null, unread: 0, direct: false };
      return { type: "Rooms", rooms: [room] };
    }
    case "FetchMessages": {
      const text = (of: string) => ({ type: "Text", text: of }) as const;
      const messages = call.before === null
        ? [{ ...said, id: "m3", content: text("three") }, {
          ...said,
          id: "m2",
          content: text("two"),
        }]
        : [{ ...said, id: "m1", content: text("one") }];
      return { type: "Messages", messages, next: call.before === null ? "older" : null };
    }
    case "SendMessage":
      return { type: "Sent", message: "own" };
    case "ListMembers":
      return { type: "Members", members: [{ id: "ada", name: "Ada" }, { id: "bob", name: "bob" }] };
    case "StartDirect": {
      const room = { id: "d1", name: "ada", topic: null, unread: 0, direct: true };
      return { type: "Room", room };
    }
    case "Login":
      return { type: "LoginStep", kind: "fields", text: "Code, please", fields: ["Code"] };
    default:
      return { type: "Success" };
  }
}

Deno.test("TerminalSession: rooms, talking, history, members and messages by their numbers", async () => {
  const { core, screen, session } = makeSession("net");
  assertEquals(session.prompt, "triba> ");
  await session.execute("hello");
  assertEquals(screen.take(), ["! Nobody would hear you: choose a room with /rooms and /join"]);
  await session.execute("/rooms");
  assertEquals(screen.take(), ['  1  net/r1 "Lobby"']);
  await session.execute("/join Lobby");
  assertEquals(session.prompt, "net/r1> ");
  await session.execute("hello");
  assertEquals(screen.take(), ["[1] 22:13 <me> hello"]);
  await session.execute("/history 2");
  await session.execute("/history");
  await session.execute("/history");
  assertEquals(screen.take(), [
    "[2] 22:13 <ada> two",
    "[3] 22:13 <ada> three",
    "[4] 22:13 <ada> one",
    "-- that is all there is",
    "-- there is nothing older",
  ]);
  await session.execute("/members");
  assertEquals(screen.take(), ['  ada "Ada"', "  bob"]);
  core.asked.length = 0;
  for (
    const line of [
      "/edit 1 hi",
      "/remove 1",
      "/react 3 +1",
      "/unreact 3 +1",
      "/reply 3 yes",
      "/read 3",
      "/typing on",
      "/me waves",
      "/read",
      "/leave",
    ]
  ) assertEquals(await session.execute(line), false);
  const room = "r1";
  assertEquals(core.asked.map(({ call }) => call), [
    { type: "EditMessage", room, message: "own", content: { type: "Text", text: "hi" } },
    { type: "RemoveMessage", room, message: "own" },
    { type: "React", room, message: "m3", key: "+1", add: true },
    { type: "React", room, message: "m3", key: "+1", add: false },
    {
      type: "SendMessage",
      room,
      txn: "txn",
      content: { type: "Reply", to: "m3", content: { type: "Text", text: "yes" } },
    },
    { type: "MarkRead", room, message: "m3" },
    { type: "SetTyping", room, typing: true },
    { type: "SendMessage", room, txn: "txn", content: { type: "Emote", text: "waves" } },
    { type: "MarkRead", room, message: "own" },
    { type: "LeaveRoom", room },
  ]);
  assertEquals(session.prompt, "triba> ");
  screen.take();
  await session.execute("/edit 99 x");
  await session.execute("/direct ada");
  assertEquals([screen.take(), session.prompt], [["! There is no message [99]"], "net/d1> "]);
  assertEquals(await session.execute("/quit"), true);
});

Deno.test("TerminalSession: says what happens, each on a line, and which room where it is another", async () => {
  const { core, screen, session } = makeSession("net", "other");
  await session.execute("/join net/r1");
  const message = (room: string) => ({
    id: `m-${room}`,
    room,
    sender: "ada",
    sent_ms: 1_700_000_000_000,
    content: { type: "Text", text: "hi\x1b" } as const,
  });
  screen.take();
  core.change("other", { state: "spawned", pid: 9 });
  core.change("other", { state: "key", pid: 9 });
  core.change("other", { state: "waiting", exit: 69, restartDelayMs: 1000, reason: "gone\x1b" });
  core.tell({ type: "removed", backend: "other" });
  const tell = (event: Parameters<typeof core.tell>[0] & { type: "event" }) => core.tell(event);
  const backend = "net";
  tell({ type: "event", backend, event: { type: "MessageReceived", message: message("r1") } });
  tell({ type: "event", backend, event: { type: "MessageReceived", message: message("r2") } });
  tell({ type: "event", backend, event: { type: "MessageEdited", message: message("r2") } });
  const removed = { type: "MessageRemoved", room: "r1", message: "m-r1" } as const;
  tell({ type: "event", backend, event: removed });
  const reaction = { room: "r1", message: "m-r1", user: "bob", key: "+1" };
  tell({ type: "event", backend, event: { type: "Reaction", ...reaction, add: true } });
  tell({ type: "event", backend, event: { type: "Reaction", ...reaction, add: false } });
  tell({ type: "event", backend, event: { type: "Typing", room: "r1", users: ["ada", "bob"] } });
  tell({ type: "event", backend, event: { type: "Typing", room: "r2", users: ["ada"] } });
  tell({ type: "event", backend, event: { type: "RoomRemoved", room: "r2" } });
  tell({ type: "event", backend, event: { type: "Unknown", name: "Later" } });
  assertEquals(screen.take(), [
    "-- other: spawned, pid 9, online, fake/1, API 1.1, sealed",
    "-- other: waiting, pid 4711, online, fake/1, API 1.1, sealed, exit 69, again in 1.0 s, gone\\x1b",
    "-- other is no longer configured",
    "[1] 22:13 <ada> hi\\x1b",
    "[2] 22:13 net/r2 <ada> hi\\x1b",
    "[2] 22:13 net/r2 <ada> hi\\x1b (edited)",
    "-- [1] was removed",
    "-- bob: +1 on [1]",
    "-- bob: no longer +1 on [1]",
    "-- ada, bob are typing",
    "-- room net/r2 is gone",
    "-- something happened that this program does not know: Later",
  ]);
});

Deno.test("TerminalSession: secrets are asked for and not shown; logins go on step by step", async () => {
  const { core, screen, session } = makeSession("net");
  const step = {
    type: "LoginStep",
    kind: "fields",
    text: "Code, please",
    fields: ["Code"],
  } as const;
  core.answer = (_, call) =>
    Promise.resolve(call.type === "Login" ? step : { type: "Success" } as const);
  screen.answers = ["canary", "123"];
  await session.execute("/login net ada");
  assertEquals(screen.questions, ["Secret of ada: true", "Code: true"]);
  assertEquals(core.asked.map(({ call }) => call), [
    { type: "Login", account: "ada", secret: "canary" },
    { type: "LoginAnswer", answers: ["123"] },
  ]);
  assertEquals(screen.take(), ["-- Code, please", "-- logged in to net"]);
  core.tell({ type: "login", backend: "net", step });
  assertEquals(screen.take(), ["-- net asks: Code, please; /answer net"]);
  screen.answers = [undefined];
  await session.execute("/answer net");
  assertEquals(screen.take(), ["-- Code, please", "-- net asks: Code, please; /answer net"]);
  screen.answers = ["9"];
  await session.execute("/answer net");
  await session.execute("/answer net");
  assertEquals(screen.take(), [
    "-- Code, please",
    "-- logged in to net",
    "! This backend asks nothing",
  ]);
});

Deno.test("TerminalSession: faults of backends are shown, and which backend is asked for if need be", async () => {
  const { core, screen, session } = makeSession("a", "b");
  await session.execute("/join x");
  core.change("a", { state: "waiting" });
  screen.take();
  await session.execute("/rooms a");
  await session.execute("/restart c");
  await session.execute("/stop b");
  assertEquals(screen.take(), [
    "! Cannot ask: not open (unavailable)",
    "! Cannot find the backend (not_found)",
  ]);
  assertEquals(core.done, ["stop b"]);
  const other = makeSession("a", "b");
  await other.session.execute("/join x");
  assertEquals(other.screen.take(), [
    "! Which backend? Say it in front: BACKEND/ROOM; there are a, b",
  ]);
});

Deno.test("Terminal: output comes above what is being typed, which stays; questions hide it", async () => {
  const written: string[] = [];
  const keys: Uint8Array[] = [];
  let wake = Promise.withResolvers<void>();
  let resume = () => {};
  const device: TerminalDevice = {
    read: async (into) => {
      while (keys.length === 0) await wake.promise;
      const next = keys.shift() as Uint8Array;
      into.set(next);
      return next.length;
    },
    write: (text) => void written.push(text),
    setRaw: (raw) => void written.push(raw ? "raw" : "cooked"),
    columns: () => 20,
    onChange: (changed) => {
      resume = changed;
      return { [Symbol.dispose]: () => void written.push("unheard") };
    },
  };
  const type = async (text: string) => {
    keys.push(utf8.encode(text));
    wake.resolve();
    wake = Promise.withResolvers<void>();
    await new Promise((resolve) => setTimeout(resolve, 0));
  };
  const lines: string[] = [];
  const terminal = new Terminal(device);
  const running = terminal.run(() => "> ", (line) => {
    lines.push(line);
    return Promise.resolve(line === "/quit");
  });
  await type("hel");
  written.length = 0;
  terminal.print("news");
  assertEquals(written, ["\r\x1b[Knews\r\n> hel"]);
  resume();
  assertEquals(written.slice(-2), ["raw", "\r\x1b[K> hel"]);
  const asked = terminal.ask("Secret: ", true);
  await type("lo");
  assertEquals(written.at(-1), "\r\x1b[KSecret: ");
  await type("\r");
  assertEquals(await asked, "hello");
  await type("next\r/quit\r");
  await running;
  assertEquals(lines, ["next", "/quit"]);
  terminal[Symbol.dispose]();
  terminal.print("late");
  assertEquals(written.slice(-3), ["\r\x1b[K", "unheard", "cooked"]);
  assert(!written.some((text) => text.includes("late")));
});
