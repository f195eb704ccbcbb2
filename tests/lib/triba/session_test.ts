import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import type {
  AnyRequest,
  BackendRequest,
  CoreCall,
  CoreRequest,
  Response,
} from "../../../lib/triba/mod.ts";
import { eventsOf, faultOf, openBackend, openCore, type Seen } from "./support.ts";

const JOIN: CoreCall = { type: "JoinRoom", room: "a" };
const LIST: CoreCall = { type: "ListRooms" };
const ONLINE: BackendRequest = { type: "Status", status: { type: "Online" } };

function errorCode(seen: Seen | undefined): unknown {
  return (seen?.[2] as { Error?: string[] } | undefined)?.Error?.[0];
}

Deno.test("request: 64 are on their way, the others take their turn", () => {
  const { machine, peer } = openCore();
  const sent: Seen[] = [];
  for (let i = 0; i < 70; i++) sent.push(...peer.read(machine.request(JOIN, 0)));
  assertEquals(sent.map(([id]) => id), Array.from({ length: 64 }, (_, i) => 3 + i));
  const step = machine.receive(peer.response(10, "Success"), 0);
  assertEquals(eventsOf(step, "answer").map(({ call }) => call), [8]);
  assertEquals(peer.read(step).map(([id]) => id), [67], "the first of those that wait");
});

Deno.test("request: Ping and Shutdown go out though 64 are on their way", () => {
  const { machine, peer } = openCore();
  for (let i = 0; i < 65; i++) peer.read(machine.request(JOIN, 0));
  assertEquals(peer.read(machine.request({ type: "Ping" }, 0)), [[67, "Ping"]]);
  assertEquals(peer.read(machine.cancel(1, 0)), [[68, { Cancel: 3 }]]);
  assertEquals(peer.read(machine.shutdown(0)), [[69, "Shutdown"]]);
});

Deno.test("request: one that timed out holds its place until its response comes, which is dropped", () => {
  const { machine, peer } = openCore();
  for (let i = 0; i < 65; i++) peer.read(machine.request(JOIN, 0));
  assertEquals(machine.wakeAt, 30_000);
  const late = machine.tick(30_000);
  const failures = eventsOf(late, "failure");
  assertEquals([failures.length, failures[0]?.code, failures[0]?.answered], [65, "timeout", false]);
  assertEquals(peer.read(late), [[67, "Ping"]], "the 65th was never sent");
  assertEquals(peer.read(machine.request(LIST, 30_000)), [], "no place is free");
  const step = machine.receive(peer.response(3, "Success"), 30_001);
  assertEquals(step.events, [], "dropped without complaint");
  assertEquals(peer.read(step), [[68, "ListRooms"]]);
  const again = machine.receive(peer.response(3, "Success"), 30_002);
  assertEquals(faultOf(again)?.code, "unmatched");
});

Deno.test("request: the 65th of the peer is answered busy, pings and cancels are not", () => {
  const { machine, peer } = openBackend();
  for (let i = 0; i < 64; i++) {
    assertEquals(eventsOf(machine.receive(peer.request("ListRooms"), 0), "request").length, 1);
  }
  const step = machine.receive(peer.request("ListRooms"), 0);
  assertEquals(errorCode(peer.read(step)[0]), "busy");
  assertEquals(eventsOf(step, "request"), []);
  assertEquals(peer.read(machine.receive(peer.request("Ping"), 0))[0]?.[2], "Success");
  const cancelled = peer.read(machine.receive(peer.request({ Cancel: 5 }), 0));
  assertEquals([cancelled[0]?.[2], errorCode(cancelled[1])], ["Success", "cancelled"]);
  assertEquals(eventsOf(machine.receive(peer.request("ListRooms"), 0), "request").length, 1);
  machine.respond(3, { type: "Rooms", rooms: [] });
  assertEquals(eventsOf(machine.receive(peer.request("ListRooms"), 0), "request").length, 1);
});

Deno.test("request: responses in any order find their calls", () => {
  const { machine, peer } = openCore();
  const calls = [LIST, JOIN, LIST].map((body) => machine.request(body, 0).call);
  const answers = [[5, { Rooms: [] }], [3, { Rooms: [] }], [4, {
    Error: ["denied", "no"],
  }]] as const;
  const seen = answers.flatMap(([req, body]) => [
    ...machine.receive(peer.response(req, body), 0).events,
  ]);
  const found = seen.map((event) => "call" in event ? [event.type, event.call] : []);
  assertEquals(found, [["answer", calls[2]], ["answer", calls[0]], ["failure", calls[1]]]);
});

Deno.test("request: before the session is open and after its end it fails at once", () => {
  const { machine } = openBackend();
  const ended = machine.end(0);
  assertEquals(ended.done, true);
  const step = machine.request(ONLINE, 0);
  const [failure] = eventsOf(step, "failure");
  assertEquals([failure?.call, failure?.code, step.done], [step.call, "unavailable", true]);
});

Deno.test("request: the number of a packet is taken when it is written", () => {
  const { machine, peer } = openCore();
  machine.request(JOIN, 0);
  // An answer to the peer in between takes the next number, whatever was asked before.
  peer.read(machine.receive(peer.request("Ping"), 0));
  assertEquals(peer.read(machine.request(LIST, 0)), [[5, "ListRooms"]]);
});

Deno.test("request: what is too large fails without using a number", () => {
  const { machine, peer } = openCore();
  const text = "x".repeat(1024 * 1024);
  const body: CoreCall = {
    type: "SendMessage",
    room: "a",
    txn: "t",
    content: { type: "Text", text },
  };
  const step = machine.request(body, 0);
  assertEquals(eventsOf(step, "failure").map(({ code }) => code), ["invalid_argument"]);
  assertEquals(step.send, []);
  assertEquals(peer.read(machine.request(LIST, 0)), [[3, "ListRooms"]]);
});

Deno.test("request: a payload of 1 MiB is sent, one byte more is not", () => {
  const { machine, peer } = openCore();
  const around = 16 + "\x92\x03\x81\xabSendMessage\x93\xa1a\xa1t\x81\xa4Text\xdb....".length;
  const send = (length: number) =>
    machine.request(
      {
        type: "SendMessage",
        room: "a",
        txn: "t",
        content: { type: "Text", text: "x".repeat(length) },
      },
      0,
    );
  assertEquals(send(1024 * 1024 - around + 1).send, []);
  const step = send(1024 * 1024 - around);
  assertEquals(step.send[0]?.length, 4 + 1024 * 1024);
  assertEquals(peer.read(step)[0]?.[0], 3);
});

Deno.test("request: nesting beyond 16 levels and broken texts fail here, not at the peer", () => {
  const { machine } = openCore();
  let content: Extract<CoreRequest, { type: "SendMessage" }>["content"] = {
    type: "Text",
    text: "x",
  };
  for (let i = 0; i < 10; i++) content = { type: "Reply", to: "m", content };
  for (const wrong of [content, { type: "Text", text: "\ud800" } as const]) {
    const step = machine.request({ type: "SendMessage", room: "a", txn: "t", content: wrong }, 0);
    assertEquals(eventsOf(step, "failure")[0]?.code, "invalid_argument");
    assertEquals(step.send, []);
  }
});

Deno.test("request: names that the machine sends itself are refused", () => {
  const { machine } = openCore();
  for (
    const body of [
      { type: "Shutdown" },
      { type: "Cancel", request: 1 },
      { type: "HandshakeSuccess" },
      { type: "ApiVersion", major: 1, minor: 0, agent: "x", features: [] },
      { type: "Status", status: { type: "Online" } },
      { type: "toString" },
      null,
    ]
  ) {
    const step = machine.request(body as never, 0);
    assertEquals(eventsOf(step, "failure")[0]?.code, "invalid_argument", JSON.stringify(body));
  }
});

const NEWER: readonly CoreCall[] = [
  { type: "EditMessage", room: "a", message: "m", content: { type: "Text", text: "x" } },
  { type: "RemoveMessage", room: "a", message: "m" },
  { type: "React", room: "a", message: "m", key: "k", add: true },
  { type: "ListMembers", room: "a" },
  { type: "StartDirect", user: "u" },
  { type: "LoginAnswer", answers: [] },
  {
    type: "SendMessage",
    room: "a",
    txn: "t",
    content: { type: "Reply", to: "m", content: { type: "Text", text: "x" } },
  },
];

Deno.test("request: what API 1.1 adds is sent only where both speak it", () => {
  for (const body of NEWER) {
    const older = openCore({ minor: 0 });
    const step = older.machine.request(body, 0);
    assertEquals(eventsOf(step, "failure")[0]?.code, "invalid_argument", body.type);
    assertEquals(step.send, []);
    assertEquals(openCore({ minor: 1 }).machine.request(body, 0).send.length, 1, body.type);
  }
});

Deno.test("request: events that API 1.1 adds, or contents in them, stay away from an older core", () => {
  const content = { type: "File", name: "f", mime: "m", size: 1, path: null, url: null } as const;
  const message = { id: "m", room: "a", sender: "u", sent_ms: 0, content };
  const events: Extract<BackendRequest, { type: "Event" }>["event"][] = [
    { type: "Reaction", room: "a", message: "m", user: "u", key: "k", add: true },
    { type: "Read", room: "a", user: "u", message: "m" },
    { type: "MessageReceived", message },
    { type: "MessageEdited", message },
  ];
  for (const event of events) {
    const step = openBackend({ minor: 0 }).machine.request({ type: "Event", event }, 0);
    assertEquals(eventsOf(step, "failure")[0]?.code, "invalid_argument", event.type);
    const newer = openBackend({ minor: 1 }).machine.request({ type: "Event", event }, 0);
    assertEquals(newer.send.length, 1, event.type);
  }
});

Deno.test("respond: an answer of a newer version, too large or malformed becomes internal", () => {
  const large = Array.from({ length: 3 }, (_, i) => ({
    id: `${i}`,
    name: "n".repeat(400_000),
    topic: null,
    unread: 0,
    direct: false,
  }));
  const answers: Response[] = [
    { type: "Members", members: [] },
    { type: "Rooms", rooms: large },
    { type: "Rooms" } as never,
    { type: "Nothing" } as never,
  ];
  for (const response of answers) {
    const { machine, peer } = openBackend({ minor: 0 });
    machine.receive(peer.request("ListRooms"), 0);
    const step = machine.respond(3, response);
    assertEquals(errorCode(peer.read(step)[0]), "internal");
    assertEquals(eventsOf(step, "log")[0]?.level, "error");
  }
});

Deno.test("respond: the second answer and one after a cancel are dropped", () => {
  const { machine, peer } = openBackend();
  machine.receive(peer.request("ListRooms"), 0);
  assertEquals(machine.respond(3, { type: "Rooms", rooms: [] }).send.length, 1);
  assertEquals(machine.respond(3, { type: "Rooms", rooms: [] }).send, []);
  assertEquals(machine.respond(99, { type: "Success" }).send, []);
});

Deno.test("respond: the message of an error becomes one line", () => {
  const { machine, peer } = openBackend();
  machine.receive(peer.request("ListRooms"), 0);
  const step = machine.respond(3, { type: "Error", code: "denied", message: "a\nb\x1b[31m" });
  assertEquals(peer.read(step)[0]?.[2], { Error: ["denied", "a\\x0ab\\x1b[31m"] });
});

Deno.test("cancel: the backend's answers to both requests come out as one failure", () => {
  const { machine, peer } = openCore();
  const { call } = machine.request(LIST, 0);
  peer.read(machine.cancel(call, 0));
  assertEquals(machine.receive(peer.response(4, "Success"), 0).events, []);
  const step = machine.receive(peer.response(3, { Error: ["cancelled", "gone"] }), 0);
  assertEquals(eventsOf(step, "failure"), [
    { type: "failure", call, code: "cancelled", message: "gone", answered: true },
  ]);
  assertEquals(machine.cancel(call, 0).send, [], "nothing is left to cancel");
});

Deno.test("cancel: a call that waits for its turn is given up here", () => {
  const { machine, peer } = openCore();
  for (let i = 0; i < 64; i++) peer.read(machine.request(JOIN, 0));
  const { call } = machine.request(LIST, 0);
  const step = machine.cancel(call, 0);
  assertEquals(step.send, []);
  assertEquals(eventsOf(step, "failure").map(({ call, code }) => [call, code]), [
    [call, "cancelled"],
  ]);
});

Deno.test("cancel: received for an unknown or answered request it is Success, and nothing else", () => {
  const { machine, peer } = openBackend();
  for (const request of [0, 3, 77]) {
    const step = machine.receive(peer.request({ Cancel: request }), 0);
    assertEquals(peer.read(step).map(([, , body]) => body), ["Success"]);
    assertEquals(step.events, []);
  }
  machine.receive(peer.request("ListRooms"), 0);
  const step = machine.receive(peer.request({ Cancel: 6 }), 0);
  assertEquals(eventsOf(step, "cancel"), [{ type: "cancel", id: 6 }]);
  assertEquals(machine.respond(6, { type: "Rooms", rooms: [] }).send, []);
});

Deno.test("ping: after 30 s of silence, after 60 s again, dead after 90 s", () => {
  for (const { machine, peer } of [openCore(), openBackend()]) {
    assertEquals(machine.wakeAt, 30_000);
    assertEquals(peer.read(machine.tick(29_999)), []);
    assertEquals(peer.read(machine.tick(30_000)).map(([, body]) => body), ["Ping"]);
    const second = machine.tick(60_000);
    assertEquals(peer.read(second).map(([, body]) => body), ["Ping"]);
    assertEquals(second.events, [], "that the first ping timed out, nobody needs to know");
    assertEquals(machine.wakeAt, 90_000);
    assertEquals(faultOf(machine.tick(89_999)), undefined);
    assertEquals(faultOf(machine.tick(90_000))?.code, "dead");
  }
});

Deno.test("ping: any packet begins the time anew, a part of one does not", () => {
  const { machine, peer } = openCore();
  machine.tick(30_000);
  peer.read(machine.receive(peer.response(3, "Success"), 31_000));
  assertEquals(machine.wakeAt, 61_000);
  machine.receive(peer.request("Ping").subarray(0, 10), 60_000);
  assertEquals(machine.wakeAt, 61_000);
});

Deno.test("ping: a late tick still gives the peer its time to answer", () => {
  const { machine, peer } = openCore();
  assertEquals(peer.read(machine.tick(1_000_000)).length, 1);
  assertEquals(machine.wakeAt, 1_030_000);
});

Deno.test("version 0.0: no ping, no newer call, and no Shutdown but an end at once", () => {
  const { machine } = openCore({ plain: true });
  assertEquals(machine.wakeAt, undefined);
  assertEquals(machine.tick(1_000_000).send, []);
  const ping = machine.request({ type: "Ping" }, 0);
  assertEquals(eventsOf(ping, "failure")[0]?.code, "invalid_argument");
  for (const body of NEWER) assertEquals(machine.request(body, 0).send, []);
  assertEquals(machine.request(LIST, 0).send.length, 1, "what a user asks for is sent");
  const step = machine.shutdown(0);
  assertEquals([step.send, step.events.at(-1)?.type, step.done], [[], "end", true]);
  assertEquals(openBackend({ plain: true }).machine.wakeAt, undefined);
});

Deno.test("shutdown: answered, the end of the stream is clean", () => {
  const { machine, peer } = openCore();
  const { call } = machine.request(LIST, 0);
  assertEquals(peer.read(machine.shutdown(100)).at(-1), [4, "Shutdown"]);
  assertEquals([machine.state, machine.wakeAt], ["closing", 5_100]);
  assertEquals(machine.shutdown(200).send, [], "it is asked once");
  const refused = machine.request(JOIN, 200);
  assertEquals(eventsOf(refused, "failure")[0]?.code, "unavailable");
  assertEquals(machine.receive(peer.response(4, "Success"), 300).done, false);
  const step = machine.end(400);
  assertEquals(step.events.map(({ type }) => type), ["failure", "end"]);
  assertEquals(eventsOf(step, "failure")[0]?.call, call);
  assertEquals([step.done, machine.state], [true, "closed"]);
});

Deno.test("shutdown: not answered, the end is a crash, and so is no end within 5 s", () => {
  const early = openCore();
  early.machine.shutdown(0);
  assertEquals(faultOf(early.machine.end(10))?.code, "lost");
  const refused = openCore();
  refused.machine.shutdown(0);
  const step = refused.machine.receive(refused.peer.response(3, { Error: ["busy", "no"] }), 0);
  assertEquals(eventsOf(step, "log")[0]?.level, "warn");
  assertEquals(faultOf(refused.machine.end(10))?.code, "lost");
  const silent = openCore();
  silent.machine.shutdown(0);
  assertEquals(faultOf(silent.machine.tick(4_999)), undefined);
  assertEquals(faultOf(silent.machine.tick(5_000))?.code, "timeout");
});

Deno.test("stop: the backend answers Shutdown when it is ready, and ends", () => {
  const { machine, peer } = openBackend();
  const asked = machine.receive(peer.request("Shutdown"), 0);
  assertEquals([asked.events, asked.send], [[{ type: "shutdown" }], []]);
  const offline = { type: "Status", status: { type: "Offline", reason: "asked to stop" } } as const;
  assertEquals(peer.read(machine.request(offline, 0)).length, 1, "it may still say goodbye");
  const step = machine.stop();
  assertEquals(peer.read(step).map(([, req, body]) => [req, body]), [[3, "Success"]]);
  assertEquals([step.events.at(-1), step.done], [{ type: "end" }, true]);
});

Deno.test("stop: without Shutdown the backend just closes, which the core will call a crash", () => {
  const step = openBackend().machine.stop();
  assertEquals([step.send, step.events, step.done], [[], [{ type: "end" }], true]);
});

Deno.test("Login: the core warns once where nothing proves who the peer is", () => {
  const { machine } = openCore();
  const login: CoreCall = { type: "Login", account: "bob", secret: "hunter2" };
  const steps = [machine.request(login, 0), machine.request(login, 0)];
  const lines = steps.flatMap((step) => eventsOf(step, "log"));
  assertEquals(lines.map(({ level }) => level), ["warn"]);
  assertEquals(lines[0]?.message.includes("hunter2"), false);
});

Deno.test("Event and Status: unknown variants are acknowledged, logged once, and not shown", () => {
  const { machine, peer } = openCore();
  let lines = 0;
  for (const body of [{ Event: "Wave" }, { Event: { Wave: [1] } }, { Status: { Away: 2.5 } }]) {
    const step = machine.receive(peer.request(body), 0);
    assertEquals(peer.read(step)[0]?.[2], "Success");
    assertEquals(eventsOf(step, "request"), []);
    lines += eventsOf(step, "log").length;
  }
  assertEquals(lines, 2);
});

Deno.test("reflection: what 5.1 says is passed on is passed on, and no more", () => {
  // A response of the core comes back while the same number is outstanding on both sides.
  const { machine, peer } = openCore();
  machine.request(JOIN, 0);
  const reflected = peer.response(3, "Success");
  assertEquals(eventsOf(machine.receive(reflected, 0), "answer").length, 1);
  // A request of the core comes back: it belongs to the core alone.
  const other = openCore();
  const [frame] = other.machine.request(LIST, 0).send;
  assertEquals(faultOf(other.machine.receive(frame as Uint8Array, 0))?.code, "out-of-place");
});

Deno.test("receive: many packets in one chunk are handled in order up to the first fault", () => {
  const { machine, peer } = openCore();
  const chunk = concat([
    peer.request("Ping"),
    peer.request({ Status: "Online" }),
    peer.request("ListRooms"),
    peer.request("Ping"),
  ]);
  const step = machine.receive(chunk, 0);
  assertEquals(peer.read(step), [[3, 3, "Success"]]);
  assertEquals(step.events.map(({ type }) => type), ["request", "fault"]);
});

Deno.test("abort: ends the connection and fails its calls", () => {
  const { machine } = openCore();
  machine.request(LIST, 0);
  const fault = faultOf(openBackend().machine.end(0));
  assert(fault !== undefined);
  const step = machine.abort(fault);
  assertEquals(step.events.map(({ type }) => type), ["failure", "fault"]);
  assertEquals(machine.abort(fault).events, [], "once");
  assertEquals(machine.receive(new Uint8Array(9), 0), { send: [], events: [], done: true });
  assertEquals(machine.wakeAt, undefined);
});

Deno.test("AnyRequest: bodies of both sides are plain objects that JSON keeps", () => {
  const bodies: AnyRequest[] = [...NEWER, ONLINE];
  assertEquals(JSON.parse(JSON.stringify(bodies)), bodies);
});
