// `triba call` with real backends.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { CALL } from "../../cmd/triba/args/call.ts";
import { assign, divide } from "../../cmd/triba/call/words.ts";
import { testOutcomes } from "../support/outcomes.ts";
import type { Ended } from "../support/program.ts";
import {
  type BackendStage,
  onBackendStage,
  testOnBackendStages,
  tribaCommand,
} from "../support/triba_backend_stage.ts";

/** `triba echo` with options of its own, as a script: a core appends the id, options come behind it. */
async function echoWith(stage: BackendStage, ...options: string[]): Promise<string> {
  const words = tribaCommand("echo").map((word) => `'${word}'`).join(" ");
  const path = `${stage.folder}/echo`;
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${words} "$1" ${options.join(" ")}\n`, {
    mode: 0o700,
  });
  return path;
}

function call(
  stage: BackendStage,
  args: readonly string[],
  stdin?: string,
): Promise<Ended> {
  return stage.start(["call", ...args], stdin === undefined ? {} : { stdin }).ended();
}

function answersOf({ stdout }: Ended): Record<string, unknown>[] {
  return stdout.trim().split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

Deno.test("triba call: prints one answer a line, of requests in every form", async () => {
  await onBackendStage(async (stage) => {
    const ended = await call(stage, [
      "--quiet",
      '{"JoinRoom":"attic"}',
      '{"type":"SendMessage","room":"attic","content":{"type":"Notice","text":"hi"}}',
      '{"FetchMessages":{"room":"attic","before":null,"limit":10}}',
      "ListRooms",
      "--",
      await echoWith(stage),
    ]);
    assertEquals(ended.code, 0, ended.stderr);
    assertEquals(ended.stderr, "");
    const [joined, sent, messages, rooms] = answersOf(ended);
    assertEquals(joined, { type: "Success" });
    assertEquals(sent, { type: "Sent", message: "m1" });
    assertMatch(JSON.stringify(messages), /^\{"type":"Messages","messages":\[\{"id":"m1"/);
    assertMatch(JSON.stringify(rooms), /"id":"attic"/);
  });
});

Deno.test("triba call: in every way to talk, and leaves nothing behind", async (t) => {
  const ways = [["--seal", "require"], ["--handshake", "plain"], ["--form", "tagged"]];
  for (const way of ways) {
    await t.step(way.join(" "), () =>
      onBackendStage(async (stage) => {
        const script = await echoWith(stage);
        const before = [...Deno.readDirSync(stage.folder)].length;
        const ended = await call(stage, [...way, "ListRooms", "--", script]);
        assertEquals(ended.code, 0, ended.stderr);
        assertEquals(answersOf(ended).map(({ type }) => type), ["Rooms"]);
        assertEquals([...Deno.readDirSync(stage.folder)].length, before);
      }));
  }
});

Deno.test("triba call: requests from standard input, and as the last word of the command", async () => {
  await onBackendStage(async (stage) => {
    const script = await echoWith(stage);
    const ended = await call(stage, ["-", "--", script], 'Ping\n\n{"JoinRoom":"x"}\n');
    assertEquals([ended.code, answersOf(ended)], [0, [{ type: "Success" }, { type: "Success" }]]);
    const last = await call(stage, ["--quiet", "--", script, "Ping"]);
    assertEquals([last.code, answersOf(last)], [0, [{ type: "Success" }]]);
  });
});

Deno.test("triba call: logs in before it asks; the secret is nowhere to be seen", async () => {
  await onBackendStage(async (stage) => {
    const secret = `${stage.folder}/secret`;
    await Deno.writeTextFile(secret, "s3cret-of-ann\n", { mode: 0o600 });
    const script = await echoWith(stage, "--login", "secret");
    const login = ["--account", "ann", "--secret-file", secret];
    const ended = await call(stage, [
      ...login,
      '{"ListMembers":"lobby"}',
      "--",
      script,
    ]);
    assertEquals(ended.code, 0, ended.stderr);
    assertMatch(ended.stdout, /"id":"ann"/);
    assert(!`${ended.stdout}${ended.stderr}`.includes("s3cret-of-ann"));
  });
});

Deno.test("triba call: an Error ends it, with the answers before", async () => {
  await onBackendStage(async (stage) => {
    const ended = await call(stage, [
      "Ping",
      '{"LeaveRoom":"nowhere"}',
      "ListRooms",
      "--",
      await echoWith(stage),
    ]);
    assertEquals(ended.code, 4);
    assertEquals(answersOf(ended).map(({ type, code }) => [type, code]), [
      ["Success", undefined],
      ["Error", "not_found"],
    ]);
  });
});

Deno.test("divide and assign: -- stands between requests and command", () => {
  assertEquals(divide(["a", "--", "b", "--", "c"]), { front: ["a"], command: ["b", "--", "c"] });
  assertEquals(divide(["a"]), { front: ["a"], command: [] });
  assertEquals(assign(["r"], ["b", "c"]), { requests: ["r"], command: ["b", "c"] });
  assertEquals(assign([], ["b", "r"]), { requests: ["r"], command: ["b"] });
});

testOutcomes<typeof CALL, BackendStage>(CALL, {
  "all requests are answered": {
    one: async (stage) => await call(stage, ["ListRooms", "--", ...tribaCommand("echo")]),
  },
  "the backend answers Error": {
    "no such room": async (stage) =>
      await call(stage, ['{"LeaveRoom":"x"}', "--", await echoWith(stage)]),
  },
  "the backend wants a login, or refuses it": {
    "wants one": async (stage) =>
      await call(stage, ["ListRooms", "--", await echoWith(stage, "--login", "secret")]),
    "refuses it": async (stage) => {
      const request = '{"Login":{"account":"","secret":"x"}}'; // all that echo refuses
      return await call(stage, [request, "--", await echoWith(stage, "--login", "secret")]);
    },
  },
  "login needs more than a secret": {
    steps: async (stage) => {
      await Deno.writeTextFile(`${stage.folder}/secret`, "x", { mode: 0o600 });
      const login = ["--account", "ann", "--secret-file", `${stage.folder}/secret`];
      const script = await echoWith(stage, "--login", "steps");
      return await call(stage, [...login, "ListRooms", "--", script]);
    },
  },
  "no request, or none that can be read": {
    unknown: (stage) => call(stage, ["Nothing", "--", "true"]),
    "no JSON": (stage) => call(stage, ["{", "--", "true"]),
    "wrong field": (stage) => call(stage, ['{"type":"JoinRoom"}', "--", "true"]),
  },
  "no command": {
    "no --": (stage) => call(stage, ["ListRooms"]),
    "nothing behind --": (stage) => call(stage, ["ListRooms", "--"]),
    "nothing at all": (stage) => call(stage, []),
  },
  "account without secret, or the other way round": {
    account: (stage) => call(stage, ["--account", "ann", "Ping", "--", "true"]),
    secret: (stage) => call(stage, ["--secret-file", "x", "Ping", "--", "true"]),
  },
  "backend ends before the session is open": {
    "at once": (stage) => call(stage, ["Ping", "--", "false"]),
    "wrong options": async (stage) => call(stage, ["Ping", "--", await echoWith(stage, "--rooms")]),
    "does not know the byte order": async (stage) =>
      call(stage, ["--byte-order", "little", "Ping", "--", await echoWith(stage)]),
  },
  "backend lost in the middle": {
    killed: async (stage) => {
      const script = `${stage.folder}/b`;
      const words = tribaCommand("echo").map((word) => `'${word}'`).join(" ");
      const lines = ["#!/bin/sh", `( sleep 1.5; kill -9 $$ ) &`, `exec ${words} "$1"`, ""];
      await Deno.writeTextFile(script, lines.join("\n"), { mode: 0o700 });
      const many = Array.from({ length: 20_000 }, () => "Ping").join("\n");
      return await call(stage, ["-", "--", script], many);
    },
  },
  "no answer in time": {
    "never connects": (stage) =>
      call(stage, ["--timeout", "0.5", "Ping", "--", "sh", "-c", "sleep 30"]),
  },
  "secret file missing or unreadable": {
    missing: async (stage) => {
      const login = ["--account", "ann", "--secret-file", `${stage.folder}/none`];
      return await call(stage, [...login, "Ping", "--", await echoWith(stage)]);
    },
  },
  "backend not executable, or not there": {
    "not there": (stage) => call(stage, ["Ping", "--", "no-such-backend"]),
    "not executable": async (stage) => {
      await Deno.writeTextFile(`${stage.folder}/b`, "", { mode: 0o600 });
      return await call(stage, ["Ping", "--", `${stage.folder}/b`]);
    },
  },
  "SIGINT, SIGTERM": {
    SIGINT: (stage) => interrupted(stage, "SIGINT"),
    SIGTERM: (stage) => interrupted(stage, "SIGTERM"),
  },
}, testOnBackendStages);

async function interrupted(stage: BackendStage, signal: Deno.Signal): Promise<Ended> {
  const script = `${stage.folder}/b`;
  await Deno.writeTextFile(script, "#!/bin/sh\necho begun >&2\nsleep 30\n", { mode: 0o700 });
  const program = stage.start(["call", "Ping", "--", script]);
  await program.waitFor("stderr", /begun/);
  program.kill(signal);
  return await program.ended();
}
