import { assert, assertEquals, assertMatch } from "@std/assert";
import { Bridge, groupBridges, MAX_ERRANDS } from "../../../../lib/triba/bridge/mod.ts";
import type { BridgeSpec } from "../../../../lib/triba/config/mod.ts";
import { SharedCore } from "../../../../lib/triba/hub/mod.ts";
import {
  type Answer,
  CallFault,
  type Content,
  type CoreCall,
  type Message,
} from "../../../../lib/triba/mod.ts";
import { createLogger } from "../../../../lib/log/mod.ts";
import { FakeCore } from "../../../support/fake_core.ts";
import { settle } from "../hub/support.ts";

const text = (said: string): Content => ({ type: "Text", text: said });

/** How the backends of a test behave. */
type Echo = "as-agreed" | "event-first" | "event-after";

/** A core whose backends keep what is sent. */
class Networks extends FakeCore {
  readonly sent: { backend: string; room: string; content: Content; txn: string }[] = [];
  readonly lines: string[] = [];
  readonly pauses: number[] = [];
  readonly shared: SharedCore;
  readonly bridges: Bridge[];
  echo: Echo = "as-agreed";
  fail: CallFault | undefined;
  #count = 0;
  #txn = 0;

  constructor(bridges: readonly BridgeSpec[], ...backends: readonly string[]) {
    super(...backends);
    this.answer = (backend, call) => this.#answer(backend, call);
    this.shared = new SharedCore(this);
    const log = createLogger({ format: "text", level: "debug", write: (l) => this.lines.push(l) });
    this.bridges = groupBridges(bridges).map((group) =>
      new Bridge(group, {
        core: this.shared,
        log,
        clock: () => 1000,
        pause: async (milliseconds) => {
          this.pauses.push(milliseconds);
          await settle();
        },
        makeTxn: () => `txn-${++this.#txn}`,
        selfName: (backend) => `me@${backend}`,
      })
    );
  }

  say(backend: string, room: string, content: Content, id = `said-${++this.#count}`): string {
    const message: Message = { id, room, sender: "u1", sent_ms: 1, content };
    this.tell({ type: "event", backend, event: { type: "MessageReceived", message } });
    return id;
  }

  /** What was sent, as `BACKEND ROOM TEXT`. */
  take(): string[] {
    return this.sent.splice(0).map(({ backend, room, content }) =>
      `${backend} ${room} ${content.type} ${"text" in content ? content.text : ""}`
    );
  }

  async end(): Promise<void> {
    await Promise.all(this.bridges.map((bridge) => bridge.close()));
  }

  async #answer(backend: string, call: CoreCall): Promise<Answer> {
    if (call.type === "ListMembers") {
      return { type: "Members", members: [{ id: "u1", name: "Ada" }] };
    }
    if (call.type === "ListRooms") {
      const room = { id: "!7", name: "by-name", topic: null, unread: 0, direct: false };
      return { type: "Rooms", rooms: [room] };
    }
    if (call.type !== "SendMessage") return { type: "Success" };
    if (this.fail !== undefined) throw this.fail;
    this.sent.push({ backend, room: call.room, content: call.content, txn: call.txn });
    const id = `${backend}-${++this.#count}`;
    if (this.echo === "event-first") this.say(backend, call.room, call.content, id);
    await settle();
    if (this.echo === "event-after") {
      setTimeout(() => this.say(backend, call.room, call.content, id), 0);
    }
    return { type: "Sent", message: id };
  }
}

const ONE: readonly BridgeSpec[] = [{
  name: "one",
  a: { backend: "a", room: "x" },
  b: { backend: "b", room: "y" },
}];

async function onNetworks(
  bridges: readonly BridgeSpec[],
  backends: readonly string[],
  run: (networks: Networks) => Promise<void>,
): Promise<void> {
  const networks = new Networks(bridges, ...backends);
  try {
    await calm();
    await run(networks);
  } finally {
    await networks.end();
  }
  assert(!networks.lines.some((line) => line.includes("unexpectedly")), networks.lines.join("\n"));
}

async function calm(): Promise<void> {
  for (let i = 0; i < 20; i++) await settle();
}

Deno.test("Bridge: texts, notices and emotes go both ways with the sender's name on every line", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    networks.say("a", "x", text("hi\n<Eve> forged"));
    networks.say("b", "y", { type: "Notice", text: "n" });
    networks.say("b", "y", { type: "Emote", text: "waves" });
    networks.say("a", "x", { type: "Reply", to: "m", content: text("re") });
    const file = {
      type: "File",
      name: "f\x1b",
      mime: "a/b",
      size: 7,
      path: "/p",
      url: "https://u",
    };
    networks.say("a", "x", file as Content);
    networks.say("a", "elsewhere", text("not bridged"));
    await calm();
    assertEquals(networks.take().sort(), [
      "a x Emote Ada waves",
      "a x Notice <Ada> n",
      "b y Text <Ada> [file f\\x1b, 7 bytes] https://u",
      "b y Text <Ada> hi\n<Ada> <Eve> forged",
      "b y Text <Ada> re",
    ]);
  }));

Deno.test("Bridge: no loop, however backends report what they were asked to send", async () => {
  for (const echo of ["as-agreed", "event-first", "event-after"] as const) {
    await onNetworks(ONE, ["a", "b"], async (networks) => {
      networks.echo = echo;
      for (let i = 0; i < 3; i++) networks.say("a", "x", text(`m${i}`));
      networks.say("b", "y", text("other way"));
      await calm();
      assertEquals(networks.take().sort(), [
        "a x Text <Ada> other way",
        "b y Text <Ada> m0",
        "b y Text <Ada> m1",
        "b y Text <Ada> m2",
      ], echo);
    });
  }
});

Deno.test("Bridge: bridges in a circle send each message once to each room", () => {
  const end = (backend: string) => ({ backend, room: "r" });
  const circle = [["a", "b"], ["b", "c"], ["c", "a"]].map(([from = "", to = ""], i) => ({
    name: `${i}`,
    a: end(from),
    b: end(to),
  }));
  assertEquals(groupBridges(circle).map(({ ends }) => ends.length), [3]);
  return onNetworks(circle, ["a", "b", "c"], async (networks) => {
    networks.echo = "event-first";
    networks.say("a", "r", text("hi"));
    await calm();
    assertEquals(networks.take().sort(), ["b r Text <Ada> hi", "c r Text <Ada> hi"]);
  });
});

Deno.test("groupBridges: bridges without a common room stay apart", () => {
  const far = { name: "far", a: { backend: "a", room: "q" }, b: { backend: "c", room: "q" } };
  assertEquals(groupBridges([...ONE, far]).map(({ names }) => names), [["one"], ["far"]]);
});

Deno.test("Bridge: what a user interface sends is forwarded too, though no event tells of it", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    const call = { type: "SendMessage", room: "x", txn: "1", content: text("from here") } as const;
    await networks.shared.request("interface-1", "a", call);
    await calm();
    assertEquals(networks.take(), ["a x Text from here", "b y Text <me@a> from here"]);
  }));

Deno.test("Bridge: edits and removals follow the message to its copies, and come not back", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    const id = networks.say("a", "x", text("frist"));
    await calm();
    const message = { id, room: "x", sender: "u1", sent_ms: 1, content: text("first") };
    networks.tell({ type: "event", backend: "a", event: { type: "MessageEdited", message } });
    await calm();
    networks.tell({
      type: "event",
      backend: "a",
      event: { type: "MessageRemoved", room: "x", message: id },
    });
    await calm();
    const calls = networks.asked.filter(({ call }) => /^(Edit|Remove)/.test(call.type));
    assertEquals(calls, [
      {
        backend: "b",
        call: {
          type: "EditMessage",
          room: "y",
          message: "b-2",
          content: text("<Ada> first"),
        },
      },
      { backend: "b", call: { type: "RemoveMessage", room: "y", message: "b-2" } },
    ]);
    const copy = { id: "b-2", room: "y", sender: "me", sent_ms: 1, content: text("<Ada> first") };
    networks.tell({ type: "event", backend: "b", event: { type: "MessageEdited", message: copy } });
    networks.tell({
      type: "event",
      backend: "a",
      event: { type: "MessageRemoved", room: "x", message: "never forwarded" },
    });
    await calm();
    assertEquals(networks.asked.filter(({ call }) => /^(Edit|Remove)/.test(call.type)).length, 2);
  }));

Deno.test("Bridge: an edit from here is forwarded once, whether its backend reports it or not", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    const send = { type: "SendMessage", room: "x", txn: "1", content: text("frist") } as const;
    const answer = await networks.shared.request("terminal", "a", send);
    assert(answer.type === "Sent");
    await calm();
    const id = answer.message;
    const edit = { type: "EditMessage", room: "x", message: id, content: text("first") } as const;
    await networks.shared.request("terminal", "a", edit);
    const message = { id, room: "x", sender: "me", sent_ms: 1, content: text("first") };
    networks.tell({ type: "event", backend: "a", event: { type: "MessageEdited", message } });
    await calm();
    const edits = networks.asked.filter(({ backend, call }) =>
      backend === "b" && call.type === "EditMessage"
    );
    assertEquals(edits.map(({ call }) => "content" in call && call.content), [
      text("<me@a> first"),
    ]);
  }));

Deno.test("Bridge: edits are left out where the backend has no such feature", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    networks.change("b", { features: [] });
    const id = networks.say("a", "x", text("one"));
    await calm();
    const message = { id, room: "x", sender: "u1", sent_ms: 1, content: text("two") };
    networks.tell({ type: "event", backend: "a", event: { type: "MessageEdited", message } });
    await calm();
    assertEquals(networks.asked.some(({ call }) => call.type === "EditMessage"), false);
  }));

Deno.test("Bridge: joins when a backend comes online, and finds a room by its name", () => {
  const named = [{
    name: "n",
    a: { backend: "a", room: "By-Name" },
    b: { backend: "b", room: "y" },
  }];
  return onNetworks(named, ["a", "b"], async (networks) => {
    const joins = () =>
      networks.asked.splice(0).flatMap(({ backend, call }) =>
        call.type === "JoinRoom" ? [`${backend} ${call.room}`] : []
      );
    assertEquals(joins().sort(), ["a By-Name", "b y"]);
    networks.say("a", "!7", text("hi"));
    networks.say("b", "y", text("back"));
    await calm();
    assertEquals(networks.take().sort(), ["a !7 Text <Ada> back", "b y Text <Ada> hi"]);
    networks.change("a", { state: "waiting" });
    networks.change("a", { network: { type: "Connecting" } });
    await calm();
    assertEquals(joins(), []);
    networks.change("a", { network: { type: "Online" } });
    await calm();
    assertEquals(joins(), ["a By-Name"]);
  });
});

Deno.test("Bridge: keeps messages for a backend that is offline, a bounded number, and says what went", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    networks.change("b", { state: "waiting" });
    for (let i = 0; i < MAX_ERRANDS + 5; i++) {
      networks.say("a", "x", text(`${i}`));
      if (i % 50 === 0) await settle();
    }
    await calm();
    assertEquals(networks.take(), []);
    assertEquals(networks.bridges[0]?.waiting, MAX_ERRANDS);
    assertEquals(networks.lines.filter((line) => line.includes("dropped the oldest")).length, 5);
    networks.change("b", {});
    for (let i = 0; i < 50; i++) await calm();
    const sent = networks.take();
    assertEquals(sent.slice(0, 2), [
      "b y Notice [bridge] 5 messages could not be kept while this room was offline",
      "b y Text <Ada> 5",
    ]);
    assertEquals(sent.length, MAX_ERRANDS + 1);
  }));

Deno.test("Bridge: tries again with the same txn after a passing fault, and gives up in the end", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    networks.fail = new CallFault("timeout", "No answer");
    networks.say("a", "x", text("one"));
    for (let i = 0; i < 3; i++) await settle();
    networks.fail = undefined;
    await calm();
    assertEquals(networks.take(), ["b y Text <Ada> one"]);
    const txns = networks.asked.flatMap(({ call }) =>
      call.type === "SendMessage" ? [call.txn] : []
    );
    assert(txns.length >= 2 && new Set(txns).size === 1, txns.join(" "));
    networks.fail = new CallFault("busy", "Later");
    networks.pauses.length = 0;
    networks.say("a", "x", text("two"));
    await calm();
    assertEquals(networks.pauses, [1000, 2000, 4000, 8000]);
    assertMatch(networks.lines.join("\n"), /bridge: gave a message up/);
    networks.fail = new CallFault("denied", "Not here");
    networks.say("a", "x", text("three"));
    await calm();
    assertMatch(networks.lines.join("\n"), /bridge: a message was not taken .*code=denied/);
    networks.fail = undefined;
    networks.say("a", "x", text("four"));
    await calm();
    assertEquals(networks.take(), ["b y Text <Ada> four"]);
  }));

Deno.test("Bridge: a message that was sent though nobody said so is not forwarded back", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    networks.fail = new CallFault("timeout", "No answer");
    networks.say("a", "x", text("once"));
    await settle();
    networks.say("b", "y", text("<Ada> once"), "b-lost");
    await calm();
    assertEquals(networks.take().filter((line) => line.startsWith("a ")), []);
  }));

Deno.test("Bridge: neither a program that repeats what it hears nor another bridge makes a loop", () =>
  onNetworks(ONE, ["a", "b"], async (networks) => {
    networks.say("a", "x", text("hi"));
    await calm();
    networks.say("b", "y", text("<Ada> hi"), "of-a-parrot");
    await calm();
    assertEquals(networks.take(), ["b y Text <Ada> hi"]);
    for (let said = "x", hops = 0; hops < 6; hops++) {
      networks.say("b", "y", text(said));
      await calm();
      said = networks.take()[0]?.replace("a x Text ", "") ?? "";
      assertEquals(said === "", hops > 3, `after ${hops} hops: ${said}`);
      if (said === "") break;
    }
    assertMatch(networks.lines.join("\n"), /left a message out that goes round backend=b room=y/);
  }));

Deno.test("Bridge: says at its end what was not forwarded", async () => {
  const networks = new Networks(ONE, "a", "b");
  networks.change("b", { state: "stopped" });
  networks.say("a", "x", text("late"));
  await calm();
  await networks.end();
  assertMatch(networks.lines.join("\n"), /ended with messages that were not forwarded .*dropped=1/);
  networks.shared.close();
  assertEquals(networks.isHeard, false);
});
