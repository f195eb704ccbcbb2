// The schema is what the validators demand, and real lines keep to it; judged by ajv.

import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "ajv/2020";
import {
  CALL_JSON,
  EVENT_JSON,
  HUB_SCHEMA,
  type HubMessage,
  MESSAGE_LINE_JSON,
  REQUEST_JSON,
} from "../../../../lib/triba/hub/mod.ts";
import {
  BACKEND_REQUESTS,
  CORE_REQUESTS,
  EVENT,
  RESPONSES,
  STATUS,
} from "../../../../lib/triba/mod.ts";
import { CHAT_DEFINITIONS } from "../../../../lib/triba/hub/chat_json.ts";
import { Random } from "../../../support/fuzz.ts";
import { ask, attach, makeHub, Screen, settle } from "./support.ts";

const ajv = new Ajv2020({ strict: true, strictTypes: false });
ajv.addSchema(HUB_SCHEMA, "hub");
const isRequest = ajv.getSchema("hub#/$defs/request");
const isMessage = ajv.getSchema("hub#/$defs/message");

function accepts(shape: { read: typeof REQUEST_JSON.read }, value: unknown): boolean {
  try {
    shape.read(value, { path: "", strict: true, depth: 0 });
    return true;
  } catch {
    return false;
  }
}

const TEXT = { type: "Text", text: "x" };
const SAMPLES: readonly unknown[] = [
  { type: "subscribe", id: 1, logs: true },
  { type: "resume", id: "a", run: "r", sequence: 4 },
  { type: "cancel", id: 1, request: "a" },
  { type: "status", id: 1, backend: "x" },
  { type: "restart", id: 1, backend: "x" },
  { type: "stop", id: 1, backend: "x" },
  { type: "logs", id: 1, backend: "x", lines: 10 },
  ...[
    { type: "Login", account: "a", secret: "s" },
    { type: "FetchMessages", room: "r", before: null, limit: 50 },
    {
      type: "SendMessage",
      room: "r",
      txn: "t",
      content: { type: "Reply", to: "m", content: TEXT },
    },
    { type: "React", room: "r", message: "m", key: "+", add: true },
    { type: "LoginAnswer", answers: ["a"] },
  ].map((call) => ({ type: "call", id: 1, backend: "x", call })),
];

Deno.test("HUB_SCHEMA: compiles strictly, and knows every name of the protocol", () => {
  assert(isRequest !== undefined && isMessage !== undefined);
  const namesOf = (name: string) => {
    const { schema } = CHAT_DEFINITIONS[name] as { schema: { oneOf?: unknown } };
    const variants = schema.oneOf as { properties: { type: { const: string } } }[];
    return variants.map(({ properties }) => properties.type.const).sort();
  };
  const without = (names: readonly string[], ...left: string[]) =>
    names.filter((name) => !left.includes(name)).sort();
  assertEquals(
    namesOf("call"),
    without(CORE_REQUESTS.names, "ApiVersion", "HandshakeSuccess", "Shutdown", "Cancel"),
  );
  assertEquals(namesOf("answer"), without(RESPONSES.names, "Error"));
  assertEquals(namesOf("event"), [...EVENT.names, "Unknown"].sort());
  assertEquals(namesOf("network"), [...STATUS.names, "Unknown"].sort());
  assert(BACKEND_REQUESTS.has("Event"));
  assert(CALL_JSON !== undefined && EVENT_JSON !== undefined);
});

Deno.test("HUB_SCHEMA: says of altered requests what the core says of them", () => {
  const random = new Random(7);
  let refused = 0;
  for (const sample of SAMPLES) {
    assert(accepts(REQUEST_JSON, sample) && isRequest?.(sample), JSON.stringify(sample));
    for (let i = 0; i < 100; i++) {
      const altered = JSON.parse(JSON.stringify(alter(structuredClone(sample), random)));
      const accepted = accepts(REQUEST_JSON, altered);
      assertEquals(isRequest?.(altered), accepted, JSON.stringify(altered));
      if (!accepted) refused++;
    }
  }
  assert(refused > 500, `${refused} were refused`);
});

/** Replaces, removes or adds something somewhere. */
function alter(value: unknown, random: Random): unknown {
  const OTHERS = [null, true, 0, -1, 1.5, 1e300, "", "x".repeat(300), [], {}, [1], { a: 1 }];
  if (typeof value !== "object" || value === null || random.below(4) === 0) {
    return random.pick(OTHERS);
  }
  const fields = value as Record<string, unknown>;
  const keys = Object.keys(fields);
  const key = random.pick([...keys, "other"]);
  if (random.below(3) === 0) delete fields[key];
  else fields[key] = alter(fields[key], random);
  return value;
}

Deno.test("HUB_SCHEMA: real lines of a core keep to it, and are read back as they are", async () => {
  const { core, hub } = makeHub();
  const screen = new Screen();
  const attachment = hub.attach(screen);
  const other = attach(hub);
  core.answer = (_, call) =>
    Promise.resolve(
      call.type === "ListRooms"
        ? { type: "Rooms", rooms: [{ id: "r", name: "R", topic: null, unread: 1, direct: false }] }
        : call.type === "FetchMessages"
        ? { type: "Messages", messages: [message], next: null }
        : { type: "Sent", message: "m" },
    );
  const message = {
    id: "m",
    room: "r",
    sender: "u",
    sent_ms: 1,
    content: { type: "File", name: "f", mime: "a/b", size: 1, path: null, url: "u" },
  } as const;
  ask(attachment, { type: "subscribe", id: 1, logs: true });
  core.change("echo", { network: { type: "Offline", reason: "x" }, exit: 0, signal: "SIGTERM" });
  core.change("echo", { network: undefined, restartDelayMs: 1.5, lastLines: ["l"] });
  for (const event of EVENTS) core.tell({ type: "event", backend: "echo", event });
  core.tell({ type: "event", backend: "echo", event: { type: "MessageReceived", message } });
  core.tell({ type: "log", backend: "echo", level: "debug", text: "\u202e\x1b" });
  for (const [id, call] of [{ type: "ListRooms" } as const, FETCH].entries()) {
    ask(attachment, { type: "call", id: `c${id}`, backend: "echo", call });
  }
  ask(other.attachment, SAMPLES[9] as never);
  ask(attachment, { type: "logs", id: 4, backend: "echo" });
  ask(attachment, { type: "resume", id: 5, run: "x", sequence: 0 });
  ask(attachment, { type: "resume", id: 6, run: "run-1", sequence: 0 });
  attachment.receive({ type: "line", text: "x" });
  await settle();
  core.tell({ type: "removed", backend: "echo" });
  hub.close();
  const types = new Set<HubMessage["type"]>();
  for (const line of screen.messages) {
    assert(isMessage?.(line), `${JSON.stringify(line)}: ${ajv.errorsText(isMessage?.errors)}`);
    assertEquals(MESSAGE_LINE_JSON.read(line, { path: "", strict: true, depth: 0 }), line);
    types.add(line.type);
  }
  assertEquals([...types].sort(), ["end", "error", "hello", "log", "notice", "reply"]);
});

const FETCH = { type: "FetchMessages", room: "r", before: null, limit: 5 } as const;
const EVENTS = [
  { type: "MessageRemoved", room: "r", message: "m" },
  { type: "RoomUpdated", room: { id: "r", name: "n", topic: "t", unread: 0, direct: true } },
  { type: "RoomRemoved", room: "r" },
  { type: "Typing", room: "r", users: ["u"] },
  { type: "Reaction", room: "r", message: "m", user: "u", key: "k", add: false },
  { type: "Read", room: "r", user: "u", message: "m" },
  { type: "Unknown", name: "Later" },
] as const;
