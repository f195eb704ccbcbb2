// `triba echo` as a core runs it: every way to talk, every request, every outcome.

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { ECHO } from "../../cmd/triba/args/echo.ts";
import type { Answer } from "../../lib/triba/backend/mod.ts";
import {
  type BackendEvent,
  CallFault,
  type Content,
  type CoreCall,
  encodeFrame,
  TribaFault,
} from "../../lib/triba/mod.ts";
import { testOutcomes } from "../support/outcomes.ts";
import { Program } from "../support/program.ts";
import {
  type BackendStage,
  onBackendStage,
  type Terms,
  testOnBackendStages,
} from "../support/triba_backend_stage.ts";
import type { TestCore } from "../support/triba_core.ts";
import { until, within } from "../support/within.ts";

const AT_ONCE = ["--delay", "0"];

function text(value: string): Content {
  return { type: "Text", text: value };
}

function send(room: string, txn: string, content: Content = text(txn)): CoreCall {
  return { type: "SendMessage", room, txn, content };
}

/** The events that a core has got. */
function eventsOf(core: TestCore): BackendEvent[] {
  return core.requests.flatMap((request) => request.type === "Event" ? [request.event] : []);
}

async function codeOf(answer: Promise<Answer>): Promise<string> {
  return (await assertRejects(() => answer, CallFault)).code;
}

/** Starts echo and opens a session. */
async function open(
  stage: BackendStage,
  args: readonly string[] = AT_ONCE,
  terms: Terms = {},
): Promise<{ core: TestCore; program: Program }> {
  const program = await stage.startBackend(["echo", stage.idArgument, ...args], terms);
  const core = await stage.connect(terms);
  await core.opened;
  return { core, program };
}

async function end({ core, program }: { core: TestCore; program: Program }): Promise<void> {
  assertEquals(await core.shutdown(), undefined);
  assertEquals((await program.ended()).code, 0);
}

Deno.test("triba echo: talks in every way that the document has", async (t) => {
  for (const byteOrder of ["big", "little"] as const) {
    for (const form of ["compact", "tagged"] as const) {
      for (
        const { handshake, sealed } of [
          { handshake: "plain", sealed: false },
          { handshake: "versioned", sealed: false },
          { handshake: "versioned", sealed: true },
        ] as const
      ) {
        const name = `${form}, ${byteOrder}-endian, ${handshake}${sealed ? ", sealed-1" : ""}`;
        await t.step(name, () =>
          onBackendStage(async (stage) => {
            const terms = { byteOrder, form, handshake, sealed };
            const wire = ["--byte-order", byteOrder, "--form", form];
            const session = await open(stage, [...AT_ONCE, ...wire], terms);
            const { core, program } = session;
            const agreement = await core.opened;
            assertEquals([agreement.sealed, agreement.minor], [
              sealed,
              handshake === "plain" ? 0 : 1,
            ]);
            const answer = await core.call(send("lobby", "t", text("hällo")));
            assert(answer.type === "Sent");
            await until(() => eventsOf(core).some(({ type }) => type === "MessageReceived"), name);
            const heard = eventsOf(core).find((event) => event.type === "MessageReceived");
            assert(heard?.type === "MessageReceived");
            assertEquals([heard.message.sender, heard.message.content], ["echo", text("hällo")]);
            if (handshake === "versioned") return await end(session);
            // A peer of version 0.0 is not asked: its stream ends (section 4.2).
            core.driver.apply(core.machine.shutdown(performance.now()));
            assertEquals((await program.ended()).code, 69);
          }));
      }
    }
  }
});

Deno.test("triba echo: a core that is gone ends it with 69 within 5 s", async (t) => {
  for (const sealed of [false, true]) {
    await t.step(sealed ? "sealed-1" : "plain", () =>
      onBackendStage(async (stage) => {
        const { core, program } = await open(stage, AT_ONCE, { sealed });
        core.call(send("lobby", "t")).catch(() => {});
        const from = performance.now();
        core.driver.apply(core.machine.abort(new TribaFault("lost", "The test lets go")));
        assertEquals((await within(program.ended(), "its end", 5000)).code, 69);
        assert(performance.now() - from < 5000);
      }));
  }
});

Deno.test("triba echo: keeps history, the newest first, and goes on where next says", async () => {
  await onBackendStage(async (stage) => {
    const session = await open(stage);
    const { core } = session;
    for (let i = 1; i <= 5; i++) {
      await core.call(send("lobby", `t${i}`, { type: "Notice", text: `${i}` }));
    }
    const fetch = async (before: string | null, limit: number) => {
      const answer = await core.call({ type: "FetchMessages", room: "lobby", before, limit });
      assert(answer.type === "Messages");
      return { ids: answer.messages.map(({ id }) => id), next: answer.next };
    };
    assertEquals(await fetch(null, 2), { ids: ["m5", "m4"], next: "m4" });
    assertEquals(await fetch("m4", 2), { ids: ["m3", "m2"], next: "m2" });
    assertEquals(await fetch("m2", 2), { ids: ["m1"], next: null });
    assertEquals(await fetch("m1", 2), { ids: [], next: null });
    assertEquals(await fetch(null, 0xffff_ffff), {
      ids: ["m5", "m4", "m3", "m2", "m1"],
      next: null,
    });
    assertEquals(
      await codeOf(core.call({
        type: "FetchMessages",
        room: "lobby",
        before: "m99",
        limit: 1,
      })),
      "not_found",
    );
    await end(session);
  });
});

Deno.test("triba echo: the same txn in the same room is the same message", async () => {
  await onBackendStage(async (stage) => {
    const session = await open(stage, [...AT_ONCE, "--room", "Other"]);
    const { core } = session;
    const notice: Content = { type: "Notice", text: "x" };
    const first = await core.call(send("lobby", "t", notice));
    assertEquals(await core.call(send("lobby", "t", notice)), first);
    assert((await core.call(send("other", "t", notice)) as { message: string }).message !== "m1");
    const all = await core.call({ type: "FetchMessages", room: "lobby", before: null, limit: 9 });
    assert(all.type === "Messages");
    assertEquals(all.messages.length, 1);
    await end(session);
  });
});

Deno.test("triba echo: rooms are listed, joined, left, and are direct with one user", async () => {
  await onBackendStage(async (stage) => {
    const session = await open(stage, [...AT_ONCE, "--room", "Kitchen"]);
    const { core } = session;
    const ids = async () => {
      const answer = await core.call({ type: "ListRooms" });
      assert(answer.type === "Rooms");
      return answer.rooms.map(({ id, direct }) => direct ? `${id} direct` : id);
    };
    assertEquals(await ids(), ["lobby", "kitchen"]);
    assertEquals(await core.call({ type: "JoinRoom", room: "Attic" }), { type: "Success" });
    await until(() => eventsOf(core).length > 0, "RoomUpdated");
    assertEquals(eventsOf(core), [{
      type: "RoomUpdated",
      room: { id: "attic", name: "Attic", topic: null, unread: 0, direct: false },
    }]);
    assertEquals(await core.call({ type: "LeaveRoom", room: "kitchen" }), { type: "Success" });
    assertEquals(await codeOf(core.call({ type: "LeaveRoom", room: "kitchen" })), "not_found");
    const direct = await core.call({ type: "StartDirect", user: "echo" });
    assert(direct.type === "Room" && direct.room.direct);
    assertEquals(await codeOf(core.call({ type: "StartDirect", user: "nobody" })), "not_found");
    assertEquals(await ids(), ["lobby", "attic", "@echo direct"]);
    assertEquals(await core.call({ type: "ListMembers", room: "attic" }), {
      type: "Members",
      members: [{ id: "you", name: "you" }, { id: "echo", name: "echo" }],
    });
    await end(session);
  });
});

Deno.test("triba echo: what you do with a message, echo does with its own", async () => {
  await onBackendStage(async (stage) => {
    const session = await open(stage);
    const { core } = session;
    await core.call(send("lobby", "t", text("one")));
    await until(() => eventsOf(core).some(({ type }) => type === "MessageReceived"), "the echo");
    const seen = core.requests.length;
    await core.call({ type: "EditMessage", room: "lobby", message: "m1", content: text("two") });
    const mark = { type: "MarkRead", room: "lobby", message: "m2" } as const;
    assertEquals(await core.call(mark), { type: "Success" });
    const react = { type: "React", room: "lobby", message: "m1", key: "+1", add: true } as const;
    await core.call(react);
    await core.call({ type: "SetTyping", room: "lobby", typing: true });
    await core.call({ type: "RemoveMessage", room: "lobby", message: "m1" });
    const notOwn = { type: "RemoveMessage", room: "lobby", message: "m2" } as const;
    assertEquals(await codeOf(core.call(notOwn)), "not_found");
    await until(() => core.requests.length >= seen + 8, "the events");
    assertEquals(
      eventsOf({ ...core, requests: core.requests.slice(seen) } as TestCore).map((event) =>
        event.type === "MessageEdited"
          ? `${event.type} ${event.message.id} ${(event.message.content as { text: string }).text}`
          : event.type === "RoomUpdated"
          ? `${event.type} ${event.room.unread}`
          : event.type === "Reaction"
          ? `${event.type} ${event.user} ${event.key}`
          : event.type === "MessageRemoved"
          ? `${event.type} ${event.message}`
          : event.type
      ),
      [
        "MessageEdited m1 two",
        "MessageEdited m2 two",
        "RoomUpdated 0",
        "Reaction you +1",
        "Reaction echo +1",
        "Typing",
        "MessageRemoved m1",
        "MessageRemoved m2",
      ],
    );
    await end(session);
  });
});

Deno.test("triba echo: a message of echo's is not the user's to change", async () => {
  await onBackendStage(async (stage) => {
    const session = await open(stage);
    const { core } = session;
    await core.call(send("lobby", "t"));
    await until(() => eventsOf(core).some(({ type }) => type === "MessageReceived"), "the echo");
    const remove = { type: "RemoveMessage", room: "lobby", message: "m2" } as const;
    assertEquals(await codeOf(core.call(remove)), "denied");
    await end(session);
  });
});

Deno.test("triba echo: writes for a while, and does not answer notices", async () => {
  await onBackendStage(async (stage) => {
    const session = await open(stage, ["--delay", "0.05"]);
    const { core } = session;
    await core.call(send("lobby", "t1", { type: "Notice", text: "no answer" }));
    await core.call(send("lobby", "t2"));
    await until(() => eventsOf(core).length >= 4, "the echo");
    assertEquals(
      eventsOf(core).map((event) => event.type === "Typing" ? event.users : event.type),
      [
        "Read",
        ["echo"],
        [],
        "MessageReceived",
      ],
    );
    await end(session);
  });
});

Deno.test("triba echo: wants a login if told to, in steps too", async (t) => {
  for (const login of ["secret", "steps"]) {
    await t.step(login, () =>
      onBackendStage(async (stage) => {
        const session = await open(stage, [...AT_ONCE, "--login", login]);
        const { core } = session;
        const statuses = () =>
          core.requests.flatMap((request) =>
            request.type === "Status" ? [request.status.type] : []
          );
        assertEquals(await codeOf(core.call({ type: "ListRooms" })), "unauthenticated");
        const wrong = { type: "Login", account: "ann", secret: "" } as const;
        assertEquals(await codeOf(core.call(wrong)), "unauthenticated");
        const step = await core.call({ type: "Login", account: "ann", secret: "x" });
        if (login === "steps") {
          assert(step.type === "LoginStep" && step.kind === "fields");
          assertEquals(
            await codeOf(core.call({ type: "LoginAnswer", answers: ["5"] })),
            "unauthenticated",
          );
          await core.call({ type: "Login", account: "ann", secret: "x" });
          await core.call({ type: "LoginAnswer", answers: ["4"] });
        }
        await until(() => statuses().includes("Online"), "the status");
        assertEquals(statuses(), ["Connecting", "AuthRequired", "Online"]);
        const members = await core.call({ type: "ListMembers", room: "lobby" });
        assert(members.type === "Members");
        assertEquals(members.members[0]?.id, "ann");
        await end(session);
      }));
  }
});

Deno.test("triba echo: an id that begins like an option is an id", async () => {
  await onBackendStage(async (stage) => {
    stage.id.set([0xfb]); // "+" in the standard alphabet, "-" in the URL-safe one
    const id = stage.idArgument.replaceAll("+", "-").replaceAll("/", "_");
    assertMatch(id, /^-/);
    const program = await stage.startBackend(["echo", id, ...AT_ONCE]);
    const core = await stage.connect();
    await core.opened;
    await end({ core, program });
  });
});

Deno.test("triba echo: finds its core by argument, in the runtime folder, in the abstract namespace", async (t) => {
  const unset = { TRIBA_SOCKET: "" };
  await t.step("argv[2]", () =>
    onBackendStage(async (stage) => {
      const args = ["echo", stage.idArgument, stage.socket, ...AT_ONCE];
      const program = await stage.startBackend(args, {}, { env: unset });
      const core = await stage.connect();
      await core.opened;
      await end({ core, program });
    }));
  await t.step("XDG_RUNTIME_DIR", () =>
    onBackendStage(async (stage) => {
      await Deno.mkdir(`${stage.folder}/trinitrix`);
      await Deno.symlink(stage.socket, `${stage.folder}/trinitrix/triba.sock`);
      const env = { ...unset, XDG_RUNTIME_DIR: stage.folder };
      const program = await stage.startBackend(["echo", stage.idArgument], {}, { env });
      const core = await stage.connect();
      await core.opened;
      await end({ core, program });
    }));
});

/** Reads that many bytes. */
async function readBytes(connection: Deno.Conn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await connection.read(bytes.subarray(filled));
    assert(count !== null, "the stream ended");
    filled += count;
  }
  return bytes;
}

testOutcomes<typeof ECHO, BackendStage>(ECHO, {
  "the core says Shutdown, or SIGTERM, SIGINT": {
    Shutdown: async (stage) => {
      const { core, program } = await open(stage);
      await core.shutdown();
      return await program.ended();
    },
    SIGTERM: async (stage) => {
      const { program } = await open(stage);
      program.kill("SIGTERM");
      return await program.ended();
    },
    SIGINT: async (stage) => {
      const { program } = await open(stage);
      program.kill("SIGINT");
      return await program.ended();
    },
  },
  "no id, or none that can be read": {
    none: async (stage) => await stage.start(["echo"]).ended(),
    "not base64": async (stage) => await stage.start(["echo", "no id at all"]).ended(),
  },
  "wrong option": {
    unknown: async (stage) => await stage.start(["echo", stage.idArgument, "--rooms"]).ended(),
  },
  "no core there": {
    "nobody listens": async (stage) => {
      const env = { TRIBA_SOCKET: `${stage.folder}/nobody` };
      return await (await stage.startBackend(["echo", stage.idArgument], {}, { env })).ended();
    },
    "abstract name": async (stage) => {
      const env = { TRIBA_SOCKET: `@triba-test-${crypto.randomUUID()}` };
      return await (await stage.startBackend(["echo", stage.idArgument], {}, { env })).ended();
    },
  },
  "no socket found": {
    "nothing says where": async (stage) => {
      const env = { TRIBA_SOCKET: "" };
      return await (await stage.startBackend(["echo", stage.idArgument], {}, { env })).ended();
    },
  },
  "core gone": {
    "stream ends": async (stage) => {
      const { core, program } = await open(stage);
      core.driver.apply(core.machine.abort(new TribaFault("lost", "gone")));
      return await program.ended();
    },
  },
  "spawn secret missing or damaged": {
    "input ends": async (stage) => {
      const env = { TRIBA_SEAL: "stdin" };
      return await stage.start(["echo", stage.idArgument], { env, stdin: "short" }).ended();
    },
    "not base64": async (stage) => {
      const env = { TRIBA_SEAL: "stdin" };
      return await stage.start(["echo", stage.idArgument], { env, stdin: "-".repeat(45) }).ended();
    },
    "nothing comes": async (stage) => {
      const env = { TRIBA_SEAL: "stdin" };
      return await stage.start(["echo", stage.idArgument], { env }).ended();
    },
    "another way than standard input": async (stage) => {
      const env = { TRIBA_SEAL: "fd3" };
      return await stage.start(["echo", stage.idArgument], { env }).ended();
    },
  },
  "core breaks the protocol": {
    "F06: key of low order": async (stage) => {
      const program = await stage.startBackend(["echo", stage.idArgument]);
      const connection = await stage.accept();
      await readBytes(connection, 16);
      await connection.write(new Uint8Array(32));
      return await program.ended();
    },
    "F08: tag that does not verify": async (stage) => {
      const program = await stage.startBackend(["echo", stage.idArgument]);
      const connection = await stage.accept();
      await readBytes(connection, 16);
      await connection.write(new Uint8Array(32).fill(9));
      await readBytes(connection, 32);
      await connection.write(new Uint8Array(12));
      await readBytes(connection, 45);
      await connection.write(encodeFrame(new Uint8Array(27)));
      return await program.ended();
    },
    "sealing demanded, core does not offer it": async (stage) => {
      const program = await stage.startBackend(["echo", stage.idArgument], { sealed: true });
      await stage.connect();
      return await program.ended();
    },
    "sealed-1 with another secret": async (stage) => {
      const program = await stage.startBackend(["echo", stage.idArgument], { sealed: true });
      stage.secret.fill(7);
      await stage.connect({ sealed: true });
      return await program.ended();
    },
  },
  "core refuses the id": {
    "closes at once": async (stage) => {
      const program = await stage.startBackend(["echo", stage.idArgument]);
      const connection = await stage.accept();
      await readBytes(connection, 16);
      connection.close();
      return await program.ended();
    },
    "resets before it has read the id": async (stage) => {
      const program = await stage.startBackend(["echo", stage.idArgument]);
      const connection = await stage.accept();
      connection.close();
      return await program.ended();
    },
  },
}, testOnBackendStages);
