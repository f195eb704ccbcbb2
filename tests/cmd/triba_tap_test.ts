// `triba tap` between a core in the test's hands and real backends.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseTappedCommand } from "../../cmd/triba/tap/command_line.ts";
import { TAP } from "../../cmd/triba/args/tap.ts";
import { Core } from "../../lib/triba/core/mod.ts";
import { ExitFault } from "../../lib/cli/mod.ts";
import { type CoreCall, encodeFrame, TribaFault } from "../../lib/triba/mod.ts";
import { modeOf } from "../support/folder.ts";
import { testOutcomes } from "../support/outcomes.ts";
import type { Program } from "../support/program.ts";
import {
  type BackendStage,
  onBackendStage,
  type Terms,
  testOnBackendStages,
  tribaCommand,
} from "../support/triba_backend_stage.ts";
import type { TestCore } from "../support/triba_core.ts";
import { until } from "../support/within.ts";

const ECHO = ["echo", "--delay", "0"];
const LOGIN: CoreCall = { type: "Login", account: "ann", secret: "s3cret-of-ann" };

/** Starts a tap around echo and opens a session. */
async function open(
  stage: BackendStage,
  options: readonly string[] = [],
  terms: Terms = {},
  echo: readonly string[] = [],
): Promise<{ core: TestCore; program: Program }> {
  const [command, ...rest] = ECHO;
  const args = ["tap", ...options, "--", ...tribaCommand(command as string), stage.idArgument];
  const program = await stage.startBackend([...args, ...rest, ...echo], terms);
  const core = await stage.connect(terms);
  await core.opened;
  return { core, program };
}

Deno.test("triba tap: core and backend talk through it in every way", async (t) => {
  for (const byteOrder of ["big", "little"] as const) {
    for (
      const { form, handshake, sealed } of [
        { form: "compact", handshake: "plain", sealed: false },
        { form: "tagged", handshake: "versioned", sealed: false },
        { form: "compact", handshake: "versioned", sealed: true },
      ] as const
    ) {
      const name = `${form}, ${byteOrder}-endian, ${handshake}${sealed ? ", sealed-1" : ""}`;
      await t.step(name, () =>
        onBackendStage(async (stage) => {
          const file = `${stage.folder}/seen`;
          const terms = { byteOrder, form, handshake, sealed };
          const wire = ["--byte-order", byteOrder, "--form", form];
          const { core, program } = await open(stage, ["--output", file], terms, wire);
          const { sealed: active, features, agent } = await core.opened;
          assertEquals(active, sealed);
          assertEquals(features.has("react"), handshake === "versioned");
          assertMatch(agent ?? "triba-echo/", /^triba-echo\//);
          assertEquals(await core.call(LOGIN), { type: "Success" });
          assert((await core.call({ type: "ListRooms" })).type === "Rooms");
          core.driver.apply(core.machine.shutdown(performance.now()));
          assertEquals((await program.ended()).code, handshake === "plain" ? 69 : 0);
          assertEquals(modeOf(file), 0o600);
          const seen = await Deno.readTextFile(file);
          assertMatch(seen, /core>backend request \d+ \{"type":"ListRooms"\}/);
          assertMatch(seen, /backend>core response \d+ to \d+ \{"type":"Rooms","rooms":\[/);
          assertMatch(seen, /\{"type":"Login","account":"ann","secret":"\*\*\*"\}/);
          assert(!seen.includes("s3cret-of-ann"));
          assertEquals(seen.includes("keys of sealed-1"), sealed);
        }));
    }
  }
});

Deno.test("triba tap: --json shows one object a line, with the logs of the backend beside", async () => {
  await onBackendStage(async (stage) => {
    const { core, program } = await open(stage, ["--json"]);
    await core.call({ type: "JoinRoom", room: "attic" });
    await core.shutdown();
    const { stderr } = await program.ended();
    const lines = stderr.trim().split("\n");
    assert(lines.includes("stopped"), "the backend's own log");
    const objects = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    const join = objects.find((object) => object.body?.type === "JoinRoom");
    assertEquals([join.from, join.kind, join.body.room], ["core", "request", "attic"]);
    const answer = objects.find((object) => object.req === join.id && object.from === "backend");
    assertEquals(answer.body, { type: "Success" });
    assert(objects.every(({ time }) => !Number.isNaN(Date.parse(time))));
  });
});

Deno.test("triba tap: a core that refuses the id is one that refuses the backend's", async () => {
  await onBackendStage(async (stage) => {
    const program = stage.start(["tap", "--", ...tribaCommand("echo"), stage.idArgument]);
    const connection = await stage.accept();
    const id = new Uint8Array(16);
    await connection.read(id);
    assertEquals(id, stage.id);
    connection.close();
    assertEquals((await program.ended()).code, 77);
  });
});

Deno.test("triba tap: two of them in a row are as good as one", async () => {
  await onBackendStage(async (stage) => {
    const inner = tribaCommand("tap", "--", ...tribaCommand("echo"));
    const args = ["tap", "--", ...inner, stage.idArgument, "--delay", "0"];
    const program = await stage.startBackend(args, { sealed: true });
    const core = await stage.connect({ sealed: true });
    await core.opened;
    assertEquals((await core.call({ type: "ListRooms" })).type, "Rooms");
    await core.shutdown();
    assertEquals((await program.ended()).code, 0);
  });
});

Deno.test("triba tap: a core of ours runs a backend through it, and stops it in time", async () => {
  await onBackendStage(async (stage) => {
    await using core = await Core.open({
      agent: "test/1",
      stateFolder: `${stage.folder}/state`,
      environment: Deno.env.toObject(),
      socket: { temporaryFolder: stage.folder },
    });
    await core.apply([{
      name: "echo",
      command: tribaCommand("tap", "--", ...tribaCommand("echo")),
      arguments: ["--delay", "0"],
      environment: {},
      byteOrder: "big",
      form: "compact",
      handshake: "versioned",
      seal: "require",
      firstId: 0,
      connectMs: 20_000,
    }]);
    await until(() => core.backends()[0]?.state === "open", "the session");
    assertEquals((await core.request("echo", { type: "ListRooms" })).type, "Rooms");
    await core.stop("echo");
    const status = core.backends()[0];
    assertEquals([status?.state, status?.exit, status?.signal], ["stopped", 0, undefined]);
    assert(status?.lastLines.some((line) => line.endsWith("backend exited with 0")));
  });
});

Deno.test("parseTappedCommand: finds the id by its form", () => {
  const id = "ABEiM0RVRneImaq7zN3u/w==";
  const unpadded = "ABEiM0RVRneImaq7zN3u_w";
  const parse = (...words: string[]) => {
    const { command, before, after } = parseTappedCommand(words);
    return [command, before, after];
  };
  assertEquals(parse("a", id), ["a", [], []]);
  assertEquals(parse("python3", "b.py", id, "x", "--y"), ["python3", ["b.py"], ["x", "--y"]]);
  assertEquals(parse("a", unpadded, "x"), ["a", [], ["x"]]);
  assertEquals(parse("a", unpadded, id), ["a", [unpadded], []]);
  for (const words of [[], ["a"], ["a", "b"], [id], ["a", id, id], ["a", unpadded, unpadded]]) {
    try {
      parseTappedCommand(words);
    } catch (error) {
      assert(error instanceof ExitFault);
      assertEquals(error.status, 64);
      continue;
    }
    throw new Error(`Accepted: ${words}`);
  }
});

const run = (command: string) => (stage: BackendStage) =>
  stage.start(["tap", "--", "sh", "-c", command, "sh", stage.idArgument]).ended();

testOutcomes<typeof TAP, BackendStage>(TAP, {
  "the backend ends": {
    "asked to": async (stage) => {
      const { core, program } = await open(stage);
      await core.shutdown();
      return withTableStatus(await program.ended(), 0);
    },
    "before it connects": async (stage) => withTableStatus(await run("exit 78")(stage), 78),
    "by a signal": async (stage) => withTableStatus(await run("kill -9 $$")(stage), 137),
    "told by SIGTERM": async (stage) => {
      const { program } = await open(stage);
      program.kill("SIGTERM");
      return withTableStatus(await program.ended(), 0);
    },
    "core gone": async (stage) => {
      const { core, program } = await open(stage);
      core.driver.apply(core.machine.abort(new TribaFault("lost", "gone")));
      return withTableStatus(await program.ended(), 69);
    },
  },
  "no command": {
    "nothing": (stage) => stage.start(["tap"]).ended(),
  },
  "no id in the command": {
    "none": (stage) => stage.start(["tap", "--", "sh", "-c", "exit"]).ended(),
    "two": (stage) => stage.start(["tap", "--", "sh", stage.idArgument, stage.idArgument]).ended(),
  },
  "no core there": {
    "nobody listens": (stage) => {
      const env = { TRIBA_SOCKET: `${stage.folder}/nobody` };
      const args = ["tap", "--", ...tribaCommand("echo"), stage.idArgument];
      return stage.start(args, { env }).ended();
    },
  },
  "spawn secret missing or damaged": {
    "short": (stage) => {
      const env = { TRIBA_SEAL: "stdin" };
      return stage.start(["tap", "--", "true", stage.idArgument], { env, stdin: "x" }).ended();
    },
  },
  "what cannot be passed on": {
    "a tag of the core's that does not verify": async (stage) => {
      const args = ["tap", "--", ...tribaCommand("echo"), stage.idArgument];
      const program = await stage.startBackend(args);
      const connection = await stage.accept();
      await connection.write(new Uint8Array(44).fill(9));
      await connection.write(encodeFrame(new Uint8Array(27)));
      return await program.ended();
    },
  },
  "file for --output cannot be written": {
    "no such folder": (stage) => {
      const file = `${stage.folder}/none/file`;
      return stage.start(["tap", "--output", file, "--", "true", stage.idArgument]).ended();
    },
  },
  "backend not executable, or not there": {
    "not there": (stage) => stage.start(["tap", "--", "no-such-backend", stage.idArgument]).ended(),
    "not executable": async (stage) => {
      await Deno.writeTextFile(`${stage.folder}/b`, "#!/bin/sh\n", { mode: 0o600 });
      return await stage.start(["tap", "--", `${stage.folder}/b`, stage.idArgument]).ended();
    },
  },
}, testOnBackendStages);

/** The table says "the backend's": what that is, the case knows. */
function withTableStatus<E extends { readonly code: number }>(ended: E, code: number): E {
  assertEquals(ended.code, code);
  return { ...ended, code: "the backend's" as unknown as number };
}
