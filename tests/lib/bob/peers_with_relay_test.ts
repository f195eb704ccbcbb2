// Our peers at our relay, all of it machines: what section 12 of the protocol document lists for
// the main port, and the way through the secure port.

import { assert, assertEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import {
  GuessBudget,
  type MainAction,
  makeIdentity,
  type PortMachine,
  type ReceiverEvent,
  ReceiverMachine,
  RelayMachine,
  Rooms,
  type SecureAction,
  SecureMachine,
  type SecurePeerEvent,
  SecurePeerMachine,
  type SenderEvent,
  SenderMachine,
} from "../../../lib/bob/mod.ts";
import type { Machine } from "../../../lib/net/mod.ts";
import { Probe } from "./probe.ts";
import { bytesOfText, randomBytes, serverFor } from "./strangers.ts";

type AnyProbe = Probe<{ readonly type: string }>;

/** A relay with the peers that are connected to it; bytes travel one by one or in one piece. */
class Meeting {
  readonly #rooms = new Rooms();
  readonly #main: RelayMachine;
  readonly #secure = new SecureMachine(this.#rooms);
  readonly #peers = new Map<
    number,
    { probe: AnyProbe; port: PortMachine<MainAction | SecureAction> }
  >();
  readonly #byByte: boolean;
  #now = 0;

  constructor(
    { byByte = false, waitTimeoutMs }: { byByte?: boolean; waitTimeoutMs?: number } = {},
  ) {
    this.#main = new RelayMachine(this.#rooms, { waitTimeoutMs });
    this.#byByte = byByte;
  }

  connect<Event extends { readonly type: string }>(
    machine: Machine<Event>,
    port: "main" | "secure" = "main",
  ): Probe<Event> {
    const id = this.#peers.size + 1;
    const identity = makeIdentity({ host: "10.0.0.1", port: 50000 + id });
    const relay = port === "main" ? this.#main : this.#secure;
    relay.open(id, { identity, group: "10.0.0.1" }, this.#now);
    const probe = new Probe(machine);
    this.#peers.set(id, { probe: probe as unknown as AnyProbe, port: relay });
    return probe;
  }

  /** Lets everybody talk until nobody has anything to say. */
  run(): void {
    for (let silent = false; !silent;) {
      silent = true;
      for (const [id, { probe, port }] of this.#peers) {
        const bytes = decodeHex(probe.takeBytes());
        if (bytes.length === 0) continue;
        silent = false;
        this.#carryOut(port.receive(id, bytes, this.#now));
      }
    }
  }

  wait(ms: number): void {
    this.#now += ms;
    this.#carryOut(this.#main.tick(this.#now));
    this.run();
  }

  #carryOut(actions: readonly (MainAction | SecureAction)[]): void {
    for (const action of actions) {
      if (action.type !== "send" && action.type !== "close") continue;
      const peer = this.#peers.get(action.connection);
      assert(peer !== undefined);
      if (action.type === "close") peer.probe.end();
      else if (this.#byByte) {
        peer.probe.feed(...Array.from(action.bytes, (byte) => Uint8Array.of(byte)));
      } else peer.probe.feed(action.bytes);
    }
  }
}

function sender(password: string, guesses = new GuessBudget(100)): SenderMachine {
  return new SenderMachine({ server: serverFor(password), guesses });
}

function receiver(password: string, guesses = new GuessBudget(100)): ReceiverMachine {
  return new ReceiverMachine({ password: bytesOfText(password), guesses, randomBytes });
}

function typesOf(events: readonly { readonly type: string }[]): string[] {
  return events.map(({ type }) => type).filter((type) => type !== "senders");
}

for (const byByte of [false, true]) {
  const how = byByte ? "byte by byte" : "in whole packets";

  Deno.test(`Sender and receiver agree, accept and open the pipe at our relay: ${how}`, () => {
    const meeting = new Meeting({ byByte });
    const [offering, wanting] = [sender("code"), receiver("code")];
    const there = meeting.connect<SenderEvent>(offering);
    const here = meeting.connect<ReceiverEvent>(wanting);
    meeting.run();
    assertEquals(typesOf(there.takeEvents()), ["registered", "agreed"]);
    const [, question] = here.takeEvents().filter(({ type }) => type !== "senders");
    assert(question?.type === "agreed");
    here.apply(wanting.accept(question.uid, here.now));
    meeting.run();
    const [sent] = there.takeEvents();
    const [received] = here.takeEvents();
    assert(sent?.type === "accepted" && received?.type === "accepted");
    assertEquals(sent.keys, received.keys);
    assert(there.done && here.done);
    const pipes = [sent, received].map(({ identity }) => {
      return meeting.connect<SecurePeerEvent>(new SecurePeerMachine(identity, 1000), "secure");
    });
    meeting.run();
    assertEquals(pipes.map((pipe) => pipe.takeTold()), [
      [{ type: "open", received: "" }],
      [{ type: "open", received: "" }],
    ]);
  });
}

Deno.test("One of two senders has the receiver's password: one failure, one agreement", () => {
  const meeting = new Meeting();
  const wrong = meeting.connect<SenderEvent>(sender("other"));
  const right = meeting.connect<SenderEvent>(sender("code"));
  const here = meeting.connect<ReceiverEvent>(receiver("code"));
  meeting.run();
  assertEquals(typesOf(wrong.takeEvents()), ["registered", "failed"]);
  assertEquals(typesOf(right.takeEvents()), ["registered", "agreed"]);
  const told = here.takeTold();
  assertEquals(told.filter(({ type }) => type === "agreed").map(({ uid }) => uid), [2]);
  const counts = told.findLast(({ type }) => type === "senders");
  assertEquals(counts, { type: "senders", waiting: 2, failed: 1 });
});

Deno.test("Both go on waiting after a wrong password, and a later receiver is served", () => {
  const meeting = new Meeting();
  const guesses = new GuessBudget(100);
  const there = meeting.connect<SenderEvent>(sender("code", guesses));
  const wrong = meeting.connect<ReceiverEvent>(receiver("other"));
  meeting.run();
  assertEquals([there.done, wrong.done, guesses.spent], [false, false, 1]);
  meeting.connect<ReceiverEvent>(receiver("code"));
  meeting.run();
  assertEquals(typesOf(there.takeEvents()), ["registered", "failed", "agreed"]);
  assertEquals(guesses.spent, 1);
});

Deno.test("A refusal reaches the sender, which stays for another receiver", () => {
  const meeting = new Meeting();
  const there = meeting.connect<SenderEvent>(sender("code"));
  const first = receiver("code");
  const here = meeting.connect<ReceiverEvent>(first);
  meeting.run();
  here.apply(first.refuse(1, here.now));
  assert(here.done);
  meeting.run();
  meeting.connect<ReceiverEvent>(receiver("code"));
  meeting.run();
  assertEquals(typesOf(there.takeEvents()), ["registered", "agreed", "refused", "agreed"]);
});

Deno.test("The relay's time-out ends a sender, and its receiver withdraws the question", () => {
  const meeting = new Meeting({ waitTimeoutMs: 3000 });
  const there = meeting.connect<SenderEvent>(sender("code"));
  meeting.run();
  meeting.wait(2000);
  const here = meeting.connect<ReceiverEvent>(receiver("code"));
  meeting.run();
  meeting.wait(1000);
  assertEquals(typesOf(there.takeEvents()), ["registered", "agreed", "relay-timeout"]);
  assertEquals(typesOf(here.takeEvents()), ["registered", "agreed", "cancelled"]);
  meeting.wait(2000);
  assertEquals(typesOf(here.takeEvents()), ["relay-timeout"]);
});
