// The driver of a backend: order of requests, answers for what handlers throw, cancelling, what is
// told to the core, and the ends.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  type Answer,
  runBackendSession,
  type ServedRequest,
} from "../../../../lib/triba/backend/mod.ts";
import { type BackendEvent, CallFault, type CoreCall, makeId } from "../../../../lib/triba/mod.ts";
import { settle } from "../../../support/time.ts";
import { until, within } from "../../../support/within.ts";
import { memoryStreamPair } from "../../../support/memory_stream.ts";
import { TestLog } from "../../../support/test_log.ts";
import { random, TestCore } from "../../../support/triba_core.ts";
import { openSession, TestBackend, type TestSession } from "./support.ts";

function send(room: string, txn: string): CoreCall {
  return { type: "SendMessage", room, txn, content: { type: "Text", text: txn } };
}

const SUCCESS: Answer = { type: "Success" };

/** Ends a session as a core should, and checks that the backend saw it so. */
async function end({ core, running }: TestSession): Promise<void> {
  assertEquals(await core.shutdown(), undefined);
  assertEquals(await running, undefined);
}

/** The code with which a call failed. */
async function codeOf(answer: Promise<Answer>): Promise<string> {
  return (await assertRejects(() => answer, CallFault)).code;
}

Deno.test("runBackendSession: answers what the handler answers", async () => {
  const session = await openSession();
  session.backend.onHandle = (request) =>
    Promise.resolve(
      request.type === "SendMessage" ? { type: "Sent", message: request.txn } : SUCCESS,
    );
  assertEquals(await session.core.call(send("a", "t1")), { type: "Sent", message: "t1" });
  assertEquals(await session.core.call({ type: "JoinRoom", room: "b" }), SUCCESS);
  await end(session);
  assertEquals(session.backend.closed, 1);
});

Deno.test("runBackendSession: a CallFault is the answer, anything else is internal and only in the log", async () => {
  const session = await openSession();
  session.backend.onHandle = (request) =>
    Promise.reject(
      request.type === "ListRooms"
        ? new CallFault("denied", "Not for you")
        : new Error("database gone: /secret/path"),
    );
  const denied = await assertRejects(() => session.core.call({ type: "ListRooms" }), CallFault);
  assertEquals([denied.code, denied.message], ["denied", "Not for you"]);
  const failed = await assertRejects(() => session.core.call(send("a", "t")), CallFault);
  assertEquals([failed.code, failed.message], ["internal", "Internal error"]);
  assert(session.log.lines.some((line) => line.includes("database gone")));
  await end(session);
});

Deno.test("runBackendSession: a handler that throws at once is answered like one that rejects", async () => {
  const session = await openSession();
  session.backend.onHandle = () => {
    throw new CallFault("busy", "Later");
  };
  assertEquals(await codeOf(session.core.call({ type: "ListRooms" })), "busy");
  await end(session);
});

Deno.test("runBackendSession: an answer of another request's kind is internal", async () => {
  const session = await openSession();
  session.backend.onHandle = () => Promise.resolve({ type: "Rooms", rooms: [] });
  assertEquals(await codeOf(session.core.call(send("a", "t"))), "internal");
  assert(session.log.lines.some((line) => line.includes("Rooms is no answer to SendMessage")));
  await end(session);
});

Deno.test("runBackendSession: changes of one room run one after the other, other requests beside them", async () => {
  const session = await openSession();
  const started: string[] = [];
  const gates = new Map<string, PromiseWithResolvers<Answer>>();
  session.backend.onHandle = (request) => {
    const name = nameOf(request);
    started.push(name);
    const gate = Promise.withResolvers<Answer>();
    gates.set(name, gate);
    return gate.promise;
  };
  const answers = [
    session.core.call(send("a", "1")),
    session.core.call(send("a", "2")),
    session.core.call({ type: "SetTyping", room: "a", typing: true }),
    session.core.call(send("b", "3")),
    session.core.call({ type: "FetchMessages", room: "a", before: null, limit: 1 }),
    session.core.call({ type: "ListRooms" }),
  ];
  await settle();
  assertEquals(started, ["1", "3", "FetchMessages", "ListRooms"]);
  const go = async (name: string, answer: Answer) => {
    gates.get(name)?.resolve(answer);
    await settle();
  };
  await go("1", { type: "Sent", message: "m1" });
  assertEquals(started.slice(4), ["2"]);
  await go("2", { type: "Sent", message: "m2" });
  assertEquals(started.slice(5), ["SetTyping"]);
  await go("SetTyping", SUCCESS);
  await go("3", { type: "Sent", message: "m3" });
  await go("FetchMessages", { type: "Messages", messages: [], next: null });
  await go("ListRooms", { type: "Rooms", rooms: [] });
  assertEquals((await Promise.all(answers)).length, 6);
  await end(session);
});

function nameOf(request: ServedRequest): string {
  return request.type === "SendMessage" ? request.txn : request.type;
}

Deno.test("runBackendSession: a change that fails does not hold up the next one of its room", async () => {
  const session = await openSession();
  session.backend.onHandle = (request) =>
    nameOf(request) === "1"
      ? Promise.reject(new CallFault("denied", "No"))
      : Promise.resolve({ type: "Sent", message: "m" });
  const [first, second] = [session.core.call(send("a", "1")), session.core.call(send("a", "2"))];
  assertEquals(await codeOf(first), "denied");
  assertEquals(await second, { type: "Sent", message: "m" });
  await end(session);
});

Deno.test("runBackendSession: Cancel aborts the handler's signal, and what it throws then is no news", async () => {
  const session = await openSession();
  const aborted = Promise.withResolvers<void>();
  session.backend.onHandle = (_, signal) =>
    new Promise((_, reject) =>
      signal.addEventListener("abort", () => {
        aborted.resolve();
        reject(new Error("given up"));
      })
    );
  const { call, answer } = session.core.begin(send("a", "t"));
  await settle();
  session.core.cancel(call);
  assertEquals(await codeOf(answer), "cancelled");
  await within(aborted.promise, "the signal");
  await end(session);
  assertEquals(session.log.lines.filter((line) => !line.startsWith("debug")), []);
});

Deno.test("runBackendSession: a change that is cancelled while it waits for its turn is never begun", async () => {
  const session = await openSession();
  const gate = Promise.withResolvers<Answer>();
  const started: string[] = [];
  session.backend.onHandle = (request) => {
    started.push(nameOf(request));
    return nameOf(request) === "1"
      ? gate.promise
      : Promise.resolve({ type: "Sent", message: nameOf(request) });
  };
  const first = session.core.call(send("a", "1"));
  const second = session.core.begin(send("a", "2"));
  const third = session.core.call(send("a", "3"));
  await settle();
  session.core.cancel(second.call);
  assertEquals(await codeOf(second.answer), "cancelled");
  gate.resolve({ type: "Sent", message: "m1" });
  await first;
  assertEquals(await third, { type: "Sent", message: "3" });
  assertEquals(started, ["1", "3"]);
  await end(session);
});

function received(number: number): BackendEvent {
  const content = { type: "Text", text: "x" } as const;
  const message = { id: `${number}`, room: "a", sender: "b", sent_ms: 1, content };
  return { type: "MessageReceived", message };
}

Deno.test("CoreLink.event: at most 64 are on their way, the others wait, all in order", async () => {
  const session = await openSession();
  const ids: number[] = [];
  session.core.onRequest = (_, id) => void ids.push(id);
  let acknowledged = 0;
  const all = Array.from(
    { length: 200 },
    (_, i) => session.link.event(received(i)).then(() => acknowledged++),
  );
  await delay(20);
  assertEquals([ids.length, acknowledged], [64, 0]);
  const respond = (id: number) =>
    session.core.driver.apply(session.core.machine.respond(id, SUCCESS));
  respond(ids.shift() as number);
  await until(() => acknowledged === 1, "the first acknowledgement");
  await settle();
  assertEquals(ids.length, 64);
  session.core.onRequest = (_, id) => respond(id);
  for (const id of ids.splice(0)) respond(id);
  await Promise.all(all);
  const seen = session.core.requests.map((request) =>
    request.type === "Event" && request.event.type === "MessageReceived"
      ? request.event.message.id
      : ""
  );
  assertEquals(seen, Array.from({ length: 200 }, (_, i) => `${i}`));
  await end(session);
});

Deno.test("CoreLink.event: a refusal rejects, is logged, and ends nothing for who does not wait", async () => {
  const session = await openSession();
  session.core.onRequest = (_, id) => {
    const error = { type: "Error", code: "denied", message: "Not now" } as const;
    session.core.driver.apply(session.core.machine.respond(id, error));
  };
  session.link.event(received(1));
  const fault = await assertRejects(() => session.link.status({ type: "Online" }), CallFault);
  assertEquals([fault.code, fault.message], ["denied", "Not now"]);
  assertEquals(session.log.lines.filter((line) => line.startsWith("warn")), [
    "warn: Core does not take Event: denied, Not now",
    "warn: Core does not take Status: denied, Not now",
  ]);
  await end(session);
});

Deno.test("CoreLink.event: what is not acknowledged when the core is gone rejects, later calls too", async () => {
  const session = await openSession();
  session.core.onRequest = () => {};
  const told = [session.link.status({ type: "Online" }), session.link.event(received(1))];
  for (let i = 0; i < 100; i++) session.link.event(received(i));
  await settle();
  session.coreStream.close();
  assertEquals((await session.running)?.code, "lost");
  for (const promise of [...told, session.link.status({ type: "Connecting" })]) {
    assertEquals((await assertRejects(() => promise, CallFault)).code, "unavailable");
  }
  assertEquals(session.log.lines.filter((line) => line.startsWith("warn")), []);
  await session.core.ended;
});

Deno.test("runBackendSession: the end of the core aborts requests and closes the backend once", async () => {
  const session = await openSession();
  const signal = Promise.withResolvers<AbortSignal>();
  session.backend.onHandle = (_, given) => {
    signal.resolve(given);
    return new Promise((_, reject) => given.addEventListener("abort", () => reject(given.reason)));
  };
  session.core.call(send("a", "t"));
  const given = await signal.promise;
  session.coreStream.close();
  assertEquals((await session.running)?.code, "lost");
  assert(given.aborted);
  assertEquals(session.backend.closed, 1);
  await session.core.ended;
});

Deno.test("runBackendSession: Shutdown is answered after the backend is closed, open requests before", async () => {
  const session = await openSession();
  const order: string[] = [];
  session.backend.onHandle = (_, signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  session.backend.onClose = async () => {
    await delay(10);
    order.push("closed");
  };
  const call = session.core.call(send("a", "t"));
  await settle();
  const over = session.core.shutdown().then(() => order.push("over"));
  assertEquals(await codeOf(call), "unavailable");
  await over;
  assertEquals(order, ["closed", "over"]);
  assertEquals(await session.running, undefined);
});

Deno.test("runBackendSession: a backend that does not close, or a handler that hears nothing, is left alone in time", async () => {
  const session = await openSession({ closeTimeoutMs: 30 });
  session.backend.onHandle = () => new Promise(() => {});
  session.backend.onClose = () => new Promise(() => {});
  session.core.call(send("a", "t"));
  await settle();
  assertEquals(await within(session.core.shutdown(), "the end", 3000), undefined);
  assertEquals(await session.running, undefined);
  assert(session.log.lines.includes("warn: Backend is not closed after 30 ms: goes on without it"));
});

Deno.test("runBackendSession: a backend whose close throws ends all the same", async () => {
  const session = await openSession();
  session.backend.onClose = () => Promise.reject(new Error("no"));
  await end(session);
  assert(session.log.lines.includes("error: Cannot close the backend: Error: no"));
});

Deno.test("runBackendSession: a backend that throws when the session opens ends it", async () => {
  const [coreStream, backendStream] = memoryStreamPair();
  const core = new TestCore(coreStream);
  const backend = new TestBackend();
  backend.open = () => {
    throw new Error("a defect");
  };
  const settings = { id: makeId(random), agent: "backend/1" };
  const log = new TestLog();
  const running = runBackendSession(backendStream, backend, { settings, log });
  await assertRejects(() => running, Error, "a defect");
  assertEquals(backend.closed, 1);
  assertEquals((await core.ended)?.code, "lost");
});

Deno.test("runBackendSession: its signal ends it like Shutdown", async () => {
  const controller = new AbortController();
  const session = await openSession({ signal: controller.signal });
  controller.abort();
  assertEquals(await session.running, undefined);
  assertEquals(session.backend.closed, 1);
  assertEquals((await session.core.ended)?.code, "lost");
});

Deno.test("runBackendSession: a reset in the middle is as the end of the stream", async () => {
  const session = await openSession();
  session.coreStream.reset();
  assertEquals((await session.running)?.code, "lost");
  await session.core.ended;
});

Deno.test("runBackendSession: rooms beyond one packet follow as RoomUpdated", async () => {
  const session = await openSession();
  const rooms = Array.from({ length: 12 }, (_, i) => ({
    id: `${i}`,
    name: "n".repeat(100_000),
    topic: null,
    unread: 0,
    direct: false,
  }));
  session.backend.onHandle = () => Promise.resolve({ type: "Rooms", rooms });
  const answer = await session.core.call({ type: "ListRooms" });
  assert(answer.type === "Rooms" && answer.rooms.length < 12);
  await until(() => session.core.requests.length === 12 - answer.rooms.length, "the other rooms");
  const others = session.core.requests.map((request) =>
    request.type === "Event" && request.event.type === "RoomUpdated" ? request.event.room.id : ""
  );
  assertEquals([...answer.rooms.map(({ id }) => id), ...others], rooms.map(({ id }) => id));
  await end(session);
});

Deno.test("runBackendSession: messages beyond one packet are cut, and next says where to go on", async () => {
  const session = await openSession();
  const messages = Array.from({ length: 12 }, (_, i) => ({
    id: `${i}`,
    room: "a",
    sender: "b",
    sent_ms: i,
    content: { type: "Text" as const, text: "t".repeat(100_000) },
  }));
  session.backend.onHandle = () => Promise.resolve({ type: "Messages", messages, next: null });
  const fetch = { type: "FetchMessages", room: "a", before: null, limit: 12 } as const;
  const answer = await session.core.call(fetch);
  assert(answer.type === "Messages");
  assertEquals([answer.messages.length, answer.next], [10, "9"]);
  await end(session);
});
