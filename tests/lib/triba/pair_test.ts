// A core and a backend of this library against each other, in memory, in every way they can talk.

import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  BackendMachine,
  type BackendMachineEvent,
  type BackendRequest,
  type CoreCall,
  type CoreEvent,
  CoreMachine,
  formatIdArgument,
  makeId,
  parseIdArgument,
} from "../../../lib/triba/mod.ts";
import type { Step } from "../../../lib/net/mod.ts";

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));

interface Way {
  readonly byteOrder: "big" | "little";
  readonly form: "compact" | "tagged";
  readonly handshake: "plain" | "versioned";
  readonly sealed: boolean;
  /** Bytes that one read brings. */
  readonly chunk: number;
}

function* allWays(): Generator<Way> {
  for (const byteOrder of ["big", "little"] as const) {
    for (const form of ["compact", "tagged"] as const) {
      for (
        const [handshake, sealed] of [["plain", false], ["versioned", false], [
          "versioned",
          true,
        ]] as const
      ) {
        for (const chunk of [1, 7, 65_536]) yield { byteOrder, form, handshake, sealed, chunk };
      }
    }
  }
}

/** Both machines and the bytes between them. */
class Pair {
  readonly core: CoreMachine;
  readonly backend: BackendMachine;
  readonly coreEvents: CoreEvent[] = [];
  readonly backendEvents: BackendMachineEvent[] = [];
  #toCore = new Uint8Array();
  #toBackend = new Uint8Array();

  constructor(readonly way: Way) {
    const { byteOrder, form, handshake, sealed } = way;
    const id = makeId(random);
    const spawnSecret = sealed ? random(32) : undefined;
    this.core = new CoreMachine({
      admit: () => ({ agent: "core/1", byteOrder, form, handshake, spawnSecret }),
      random,
    });
    this.backend = new BackendMachine({
      settings: {
        id: parseIdArgument(formatIdArgument(id)),
        agent: "echo/1",
        byteOrder,
        form,
        spawnSecret,
      },
      random,
    });
    this.atCore(this.core.start(0));
    this.atBackend(this.backend.start(0));
  }

  atCore(step: Step<CoreEvent>): void {
    this.#toBackend = concat([this.#toBackend, ...step.send]);
    for (const event of step.events) {
      this.coreEvents.push(event);
      if (event.type === "request") {
        this.atCore(this.core.respond(event.id, { type: "Success" }));
      }
    }
  }

  atBackend(step: Step<BackendMachineEvent>): void {
    this.#toCore = concat([this.#toCore, ...step.send]);
    for (const event of step.events) {
      this.backendEvents.push(event);
      if (event.type === "shutdown") this.atBackend(this.backend.stop());
      if (event.type !== "request") continue;
      const { body } = event;
      this.atBackend(this.backend.respond(
        event.id,
        body.type === "SendMessage"
          ? { type: "Sent", message: `$${body.txn}` }
          : body.type === "ListRooms"
          ? { type: "Rooms", rooms: [] }
          : { type: "Error", code: "not_found", message: "No such thing" },
      ));
    }
  }

  /** Carries bytes until both are silent. */
  run(): void {
    const { chunk } = this.way;
    while (this.#toCore.length + this.#toBackend.length > 0) {
      const [forCore, forBackend] = [this.#toCore, this.#toBackend];
      [this.#toCore, this.#toBackend] = [forCore.slice(chunk), forBackend.slice(chunk)];
      this.core.prepare();
      if (forCore.length > 0) this.atCore(this.core.receive(forCore.subarray(0, chunk), 0));
      if (forBackend.length > 0) {
        this.atBackend(this.backend.receive(forBackend.subarray(0, chunk), 0));
      }
    }
  }
}

function message(txn: string, text: string): CoreCall {
  return { type: "SendMessage", room: "a", txn, content: { type: "Text", text } };
}

function eventOf(text: string): BackendRequest {
  const content = { type: "Text", text } as const;
  const received = { id: "$1", room: "a", sender: "b", sent_ms: 5, content };
  return { type: "Event", event: { type: "MessageReceived", message: received } };
}

for (const way of allWays()) {
  const { byteOrder, form, handshake, sealed, chunk } = way;
  const name = `${form}, ${byteOrder}-endian, ${handshake}${sealed ? ", sealed-1" : ""}`;
  Deno.test(`pair: ${name}, ${chunk} bytes a read`, () => {
    const pair = new Pair(way);
    pair.run();
    const opened = [...pair.coreEvents, ...pair.backendEvents].filter(({ type }) =>
      type === "open"
    );
    assertEquals(opened.length, 2);
    for (const open of opened) {
      assert(open.type === "open");
      assertEquals(open.agreement.sealed, sealed);
      assertEquals(open.agreement.minor, handshake === "plain" ? 0 : 1);
    }
    for (let i = 0; i < 100; i++) {
      pair.atCore(
        pair.core.request(
          i % 3 === 0 ? message(`${i}`, "\u00e9".repeat(i)) : { type: "ListRooms" },
          0,
        ),
      );
      pair.atBackend(pair.backend.request(eventOf("x".repeat(i)), 0));
    }
    pair.atCore(pair.core.request({ type: "JoinRoom", room: "nowhere" }, 0));
    pair.run();
    const answers = pair.coreEvents.filter((event) => event.type === "answer");
    assertEquals(answers.length, 100);
    for (const answer of answers) {
      const { call, response } = answer;
      if ((call - 1) % 3 === 0) assertEquals(response, { type: "Sent", message: `$${call - 1}` });
      else assertEquals(response, { type: "Rooms", rooms: [] });
    }
    assertEquals(pair.coreEvents.filter((event) => event.type === "failure"), [
      {
        type: "failure",
        call: 101,
        code: "not_found",
        message: "No such thing",
        answered: true,
      },
    ]);
    assertEquals(pair.backendEvents.filter((event) => event.type === "answer").length, 100);
    pair.atCore(pair.core.shutdown(0));
    pair.run();
    if (pair.backend.state === "closed") pair.atCore(pair.core.end(0));
    assertEquals(pair.coreEvents.at(-1), { type: "end" });
    assertEquals(pair.core.state, "closed");
  });
}

Deno.test("pair: a message of 900 KiB in both directions", () => {
  const pair = new Pair({
    byteOrder: "big",
    form: "compact",
    handshake: "versioned",
    sealed: true,
    chunk: 65_536,
  });
  pair.run();
  const text = "y".repeat(900 * 1024);
  pair.atCore(pair.core.request(message("t", text), 0));
  pair.atBackend(pair.backend.request(eventOf(text), 0));
  pair.run();
  assertEquals(pair.coreEvents.at(-1)?.type, "answer");
  const request = pair.coreEvents.find((event) => event.type === "request");
  assert(request?.type === "request" && request.body.type === "Event");
  assertEquals(request.body, eventOf(text));
});
