import { assert, assertEquals, assertMatch } from "@std/assert";
import { History, type HubRequest, MAX_WAITING_REQUESTS } from "../../../../lib/triba/hub/mod.ts";
import { type Answer, CallFault } from "../../../../lib/triba/mod.ts";
import { openStatus } from "../../../support/fake_core.ts";
import { ask, attach, makeHub, Screen, settle } from "./support.ts";

const SEND: HubRequest = {
  type: "call",
  id: 1,
  backend: "echo",
  call: { type: "SendMessage", room: "r", txn: "t", content: { type: "Text", text: "hi" } },
};

function sequences(screen: Screen): number[] {
  return screen.take().flatMap((message) => message.type === "notice" ? [message.sequence] : []);
}

Deno.test("Hub: greets with protocol, version, run and the number of the last notice", () => {
  const { core, hub } = makeHub();
  core.change("echo", { restarts: 1 });
  const screen = new Screen();
  hub.attach(screen);
  assertEquals(screen.take(), [{
    type: "hello",
    protocol: "triba-core",
    version: 1,
    run: "run-1",
    agent: "triba-core/test",
    name: "interface-1",
    sequence: 1,
  }]);
  core.change("echo", {});
  assertEquals(screen.take(), [], "notices come only when asked for");
});

Deno.test("Hub: subscribe gives all that is so, then every notice with the next number", () => {
  const { core, hub } = makeHub();
  core.change("echo", { state: "spawned" });
  const { attachment, screen } = attach(hub);
  ask(attachment, { type: "subscribe", id: "s" });
  const [reply] = screen.take();
  assert(reply?.type === "reply" && reply.result.type === "snapshot");
  assertEquals([reply.id, reply.result.sequence, reply.result.lost], ["s", 1, null]);
  assertEquals(reply.result.backends.map(({ name, state }) => [name, state]), [
    ["echo", "spawned"],
  ]);
  core.change("echo", { state: "waiting", exit: 69, restartDelayMs: 1000, reason: "gone" });
  core.tell({ type: "event", backend: "echo", event: { type: "RoomRemoved", room: "r" } });
  core.tell({ type: "removed", backend: "echo" });
  const notices = screen.take();
  assertEquals(notices.map((notice) => notice.type === "notice" && notice.sequence), [2, 3, 4]);
  const [changed, event, removed] = notices;
  assert(changed?.type === "notice" && changed.notice.type === "backend");
  const { state, exit, restart_delay_ms, reason, pid } = changed.notice.backend;
  assertEquals([state, exit, restart_delay_ms, reason, pid], ["waiting", 69, 1000, "gone", 4711]);
  assert(event?.type === "notice" && event.notice.type === "event");
  assertEquals(event.notice.event, { type: "RoomRemoved", room: "r" });
  assert(removed?.type === "notice" && removed.notice.type === "removed");
});

Deno.test("Hub: resume misses nothing, and says when it cannot", () => {
  const { core, hub } = makeHub(new History(3));
  for (let i = 0; i < 3; i++) core.change("echo", {});
  const { attachment, screen } = attach(hub);
  const resume = (run: string, sequence: number) => {
    ask(attachment, { type: "resume", id: 1, run, sequence });
    const [answer] = screen.messages;
    return answer?.type === "reply" ? answer.result : answer;
  };
  assertEquals(resume("run-1", 1), { type: "resumed", sequence: 3 });
  assertEquals(sequences(screen), [2, 3]);
  core.change("echo", {});
  assertEquals(sequences(screen), [4]);
  assertEquals(resume("run-1", 4), { type: "resumed", sequence: 4 });
  assertEquals(sequences(screen), []);
  for (const [run, sequence, lost] of [["run-1", 0, "too_old"], ["run-0", 4, "other_run"]]) {
    const result = resume(String(run), Number(sequence));
    assert(result?.type === "snapshot");
    assertEquals([result.lost, result.sequence], [lost, 4]);
    screen.take();
  }
  const future = resume("run-1", 5);
  assert(future?.type === "error" && future.code === "invalid_argument");
});

Deno.test("Hub: a user interface that comes back gets every event once, wherever it left", () => {
  for (let leftAfter = 0; leftAfter <= 6; leftAfter++) {
    const { core, hub } = makeHub();
    const seen: number[] = [];
    const first = attach(hub);
    ask(first.attachment, { type: "subscribe", id: 0 });
    for (let i = 1; i <= 6; i++) {
      if (i - 1 === leftAfter) first.attachment.end();
      core.change("echo", { restarts: i });
    }
    seen.push(...sequences(first.screen));
    const second = attach(hub);
    ask(second.attachment, { type: "resume", id: 0, run: "run-1", sequence: leftAfter });
    seen.push(...sequences(second.screen));
    assertEquals(seen, [1, 2, 3, 4, 5, 6], `left after ${leftAfter}`);
  }
});

Deno.test("Hub: a call goes to the backend, its answer back, and a change to everybody", async () => {
  const { core, hub } = makeHub();
  core.answer = () => Promise.resolve({ type: "Sent", message: "m1" });
  const one = attach(hub);
  const two = attach(hub);
  ask(two.attachment, { type: "subscribe", id: 0 });
  two.screen.take();
  ask(one.attachment, SEND);
  await settle();
  assertEquals(one.screen.take(), [{
    type: "reply",
    id: 1,
    result: { type: "answer", answer: { type: "Sent", message: "m1" } },
  }]);
  const [notice] = two.screen.take();
  assert(notice?.type === "notice" && notice.notice.type === "done");
  const { by, call, answer } = notice.notice;
  assertEquals([by, call, answer], [
    "interface-1",
    SEND.call,
    { type: "Sent", message: "m1" } as Answer,
  ]);
});

Deno.test("Hub: what came with an answer is told behind it, in its order", async () => {
  const { core, hub } = makeHub();
  core.answer = () => {
    const answered = Promise.resolve({ type: "Sent", message: "m1" } as const);
    core.tell({ type: "event", backend: "echo", event: { type: "RoomRemoved", room: "1" } });
    core.change("echo", {});
    core.tell({ type: "event", backend: "echo", event: { type: "RoomRemoved", room: "2" } });
    return answered;
  };
  const { attachment, screen } = attach(hub);
  ask(attachment, { type: "subscribe", id: 0 });
  screen.take();
  ask(attachment, SEND);
  await settle();
  await settle();
  assertEquals(
    screen.take().map((m) => m.type === "notice" ? [m.sequence, m.notice.type] : m.type),
    [[1, "done"], "reply", [2, "event"], [3, "backend"], [4, "event"]],
  );
});

Deno.test("Hub: logins are shown to nobody", async () => {
  const { core, hub } = makeHub();
  const { attachment, screen } = attach(hub);
  const other = attach(hub);
  ask(other.attachment, { type: "subscribe", id: 0, logs: true });
  other.screen.take();
  const call = { type: "Login", account: "me", secret: "canary" } as const;
  ask(attachment, { type: "call", id: 1, backend: "echo", call });
  core.answer = () => Promise.reject(new CallFault("unauthenticated", "No"));
  ask(attachment, { type: "call", id: 2, backend: "echo", call });
  attachment.receive({
    type: "line",
    text: '{"id":3,"type":"call","backend":"echo","call":{"type":"Login","secret":"canary"}}',
  });
  attachment.receive({ type: "line", text: '{"secret":"canary"' });
  await settle();
  const all = JSON.stringify([screen.messages, other.screen.messages]);
  assertEquals([all.includes("canary"), other.screen.messages.length], [false, 0]);
  assertEquals(screen.messages.map(({ type }) => type), ["error", "error", "reply", "error"]);
});

Deno.test("Hub: a fault of a call is told with its code; a defect without detail", async () => {
  const { core, hub, defects } = makeHub();
  const { attachment, screen } = attach(hub);
  core.answer = () => Promise.reject(new CallFault("denied", "Not you"));
  ask(attachment, SEND);
  await settle();
  core.answer = () => Promise.reject(new TypeError("inner detail"));
  ask(attachment, SEND);
  await settle();
  assertEquals(screen.take(), [
    { type: "error", id: 1, code: "denied", message: "Not you" },
    { type: "error", id: 1, code: "internal", message: "The core failed, see its log" },
  ]);
  assertEquals(defects.map(String), ["TypeError: inner detail"]);
});

Deno.test("Hub: cancel and leaving abort what only reads; a message is still sent", async () => {
  const { core, hub } = makeHub();
  const aborted: string[] = [];
  core.answer = (_, call, signal) =>
    new Promise((_, reject) =>
      signal?.addEventListener("abort", () => {
        aborted.push(call.type);
        reject(new CallFault("cancelled", "Called off"));
      })
    );
  const { attachment, screen } = attach(hub);
  ask(attachment, { type: "call", id: 7, backend: "echo", call: { type: "ListRooms" } });
  ask(attachment, { type: "cancel", id: 8, request: 7 });
  await settle();
  assertEquals(screen.take().map((m) => m.type === "error" ? m.code : m.type), [
    "reply",
    "cancelled",
  ]);
  ask(attachment, { type: "call", id: 9, backend: "echo", call: { type: "ListRooms" } });
  ask(attachment, SEND);
  attachment.end();
  await settle();
  assertEquals(aborted, ["ListRooms", "ListRooms"]);
});

Deno.test("Hub: status, logs, restart and stop; a name that is not there", async () => {
  const { core, hub } = makeHub(undefined, "a", "b");
  for (let i = 0; i < 1002; i++) {
    core.tell({ type: "log", backend: "a", pid: 1, level: "info", text: `line ${i}` });
  }
  const { attachment, screen } = attach(hub);
  ask(attachment, { type: "status", id: 1, backend: "b" });
  ask(attachment, { type: "logs", id: 2, backend: "a", lines: 2 });
  ask(attachment, { type: "logs", id: 3, backend: "a", lines: 1000 });
  ask(attachment, { type: "restart", id: 4, backend: "a" });
  ask(attachment, { type: "stop", id: 5, backend: "b" });
  await settle();
  const [status, logs, all, ...rest] = screen.take();
  assert(status?.type === "reply" && status.result.type === "status");
  assertEquals(status.result.backends.map(({ name }) => name), ["b"]);
  assert(logs?.type === "reply" && logs.result.type === "logs");
  assertEquals(logs.result.lines.map(({ text }) => text), ["line 1000", "line 1001"]);
  assert(all?.type === "reply" && all.result.type === "logs");
  assertEquals(all.result.lines[0]?.text, "line 2");
  assertEquals(rest.map((m) => m.type === "reply" && m.result.type), ["done", "done"]);
  assertEquals(core.done, ["restart a", "stop b"]);
  for (const type of ["status", "logs", "restart", "stop"] as const) {
    ask(attachment, { type, id: type, backend: "x" });
  }
  await settle();
  assertEquals(
    screen.take().map((m) => m.type === "error" && [m.id, m.code]),
    ["status", "logs", "restart", "stop"].map((id) => [id, "not_found"]),
  );
});

Deno.test("Hub: log lines go to whoever asked for them, without a number", () => {
  const { core, hub } = makeHub();
  const one = attach(hub);
  const two = attach(hub);
  ask(one.attachment, { type: "subscribe", id: 0, logs: true });
  ask(two.attachment, { type: "subscribe", id: 0 });
  one.screen.take();
  two.screen.take();
  core.tell({ type: "log", backend: "echo", pid: 5, level: "warn", text: "x" });
  assertEquals(one.screen.take(), [{
    type: "log",
    backend: "echo",
    time_ms: 1_700_000_000_000,
    level: "warn",
    pid: 5,
    text: "x",
  }]);
  assertEquals(two.screen.take(), []);
  core.change("echo", {});
  assertEquals(sequences(one.screen), [1]);
});

Deno.test("Hub: lines that are no requests are refused with a reason, and their id if they have one", () => {
  const { hub } = makeHub();
  const { attachment, screen } = attach(hub);
  const cases: readonly [string, unknown, RegExp][] = [
    ["nonsense", null, /The line is not JSON/],
    ["[]", null, /The line must be an object/],
    ["{}", null, /type must be one of subscribe, resume/],
    ['{"id":1}', 1, /type must be one of/],
    ['{"id":-1,"type":"subscribe"}', null, /id must be a text of 1 to 64 characters or a whole/],
    ['{"id":"a","type":"subscribe","logs":1}', "a", /logs must be true or false/],
    [
      '{"id":"a","type":"subscribe","log":true}',
      "a",
      /The line has a key that is none of type, id/,
    ],
    ['{"id":2,"type":"call","backend":"echo","call":{"type":"Shutdown"}}', 2, /call.type must be/],
    [
      '{"id":2,"type":"call","backend":"echo","call":{"type":"JoinRoom"}}',
      2,
      /call.room is missing/,
    ],
    ['{"id":2,"type":"logs","backend":"echo","lines":0}', 2, /lines must be a whole number from 1/],
    [
      '{"id":2,"type":"call","backend":"echo","call":{"type":"JoinRoom","room":"\\ud800"}}',
      2,
      /call.room must be a text without lone surrogates/,
    ],
    ['{"id":2,"type":"toString"}', 2, /type must be one of/],
    ['{"id":2,"type":"subscribe","__proto__":{}}', 2, /has a key that is none of/],
  ];
  for (const [text, id, reason] of cases) {
    attachment.receive({ type: "line", text });
    const [error] = screen.take();
    assert(error?.type === "error", text);
    assertEquals([error.id, error.code], [id, "invalid_argument"], text);
    assertMatch(error.message, reason);
  }
  attachment.receive({ type: "bad", reason: "The line is not UTF-8" });
  assertEquals(screen.take().map((m) => m.type === "error" && m.message), [
    "The line is not UTF-8",
  ]);
});

Deno.test("Hub: contents in contents are refused where no packet could hold them", () => {
  const { hub } = makeHub();
  const { attachment, screen } = attach(hub);
  const nested = (depth: number): unknown =>
    depth === 0
      ? { type: "Text", text: "x" }
      : { type: "Reply", to: "m", content: nested(depth - 1) };
  const send = (depth: number) => {
    const call = { type: "EditMessage", room: "r", message: "m", content: nested(depth) };
    attachment.receive({
      type: "line",
      text: JSON.stringify({ id: 1, type: "call", backend: "gone", call }),
    });
    return screen.take().map((m) => m.type === "error" && m.message);
  };
  assertEquals(send(4), []);
  assertMatch(String(send(100)), /is nested too deeply/);
});

Deno.test("Hub: an id that waits is refused again; so are too many at once", () => {
  const { core, hub } = makeHub();
  core.answer = () => new Promise(() => {});
  const { attachment, screen } = attach(hub);
  const call = { type: "ListRooms" } as const;
  for (let id = 1; id <= MAX_WAITING_REQUESTS; id++) {
    ask(attachment, { type: "call", id, backend: "echo", call });
  }
  ask(attachment, { type: "call", id: 1, backend: "echo", call });
  ask(attachment, { type: "call", id: 999, backend: "echo", call });
  assertEquals(screen.take().map((m) => m.type === "error" && [m.id, m.code]), [
    [1, "invalid_argument"],
    [999, "busy"],
  ]);
});

Deno.test("Hub: a reader that is too slow is told so and given up; the others are served", () => {
  const { core, hub, dropped } = makeHub();
  const slow = attach(hub);
  const quick = attach(hub);
  for (const { attachment } of [slow, quick]) ask(attachment, { type: "subscribe", id: 0 });
  slow.screen.room = 2;
  for (let i = 0; i < 5; i++) core.change("echo", {});
  const last = slow.screen.messages.at(-1);
  assert(last?.type === "end");
  assertEquals([last.reason, slow.screen.instead, slow.attachment.ended], [
    "slow_reader",
    true,
    true,
  ]);
  assertEquals(slow.screen.messages.length, 1 + 2 + 1);
  assertEquals(sequences(quick.screen), [1, 2, 3, 4, 5]);
  assertEquals(dropped, ["interface-1"]);
});

Deno.test("Hub: close says goodbye to all, after what waits", () => {
  const { core, hub, dropped } = makeHub();
  const { screen, attachment } = attach(hub);
  hub.close();
  const [end] = screen.take();
  assert(end?.type === "end");
  assertEquals([end.reason, screen.instead, attachment.ended, dropped], [
    "stopped",
    false,
    true,
    [],
  ]);
  core.tell({ type: "backend", status: openStatus("echo") });
  assertEquals(screen.take(), []);
});
