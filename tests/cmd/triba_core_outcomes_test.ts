// `triba core` and `triba ctl`: message and exit status of everything that their help lists.

import { assertEquals, assertMatch } from "@std/assert";
import { CORE } from "../../cmd/triba/args/core.ts";
import { CTL } from "../../cmd/triba/args/ctl.ts";
import { type CoreStage, echoes, onCoreStage, testOnCoreStages } from "../support/core_stage.ts";
import { type Ended, HAS_TERMINALS, type Program } from "../support/program.ts";
import { testOutcomes } from "../support/outcomes.ts";
import { until } from "../support/within.ts";

const CONFIG = ["core", "--config", "triba.toml", "--state", "state"];
const NO_TERMINAL = HAS_TERMINALS ? undefined : "script of util-linux is not installed";

/** Starts a core of these backends. */
async function startCore(stage: CoreStage, toml = echoes("one")): Promise<Program> {
  await stage.write("triba.toml", toml);
  return stage.core();
}

async function startListening(
  stage: CoreStage,
  args: readonly string[] = [],
  toml = echoes("one"),
): Promise<Program> {
  await stage.write("triba.toml", toml);
  return await stage.listening(args);
}

testOutcomes(CORE, {
  "no configuration": {
    "none anywhere": async (stage) => {
      const env = { XDG_CONFIG_HOME: stage.folder };
      return await stage.run(["core"], { env });
    },
  },
  "configuration unreadable": {
    "missing": (stage) => stage.run(CONFIG),
    "a folder": async (stage) => {
      await Deno.mkdir(stage.at("triba.toml"));
      return await stage.run(CONFIG);
    },
  },
  "configuration with errors": {
    "several": async (stage) => {
      await stage.write("triba.toml", "[backends.X]\nbuiltin = 1\n[other]\n");
      const ended = await stage.run([...CONFIG, "--check"]);
      assertEquals(ended.stderr.split("\n").slice(0, 4), [
        "triba: Cannot use the configuration: 3 errors",
        'triba.toml:1:11: the name of a backend must have 1 to 32 of "a-z", "0-9", "-", "_"',
        'triba.toml:2:11: "builtin" must be a text',
        'triba.toml:3:2: unknown key "other": known are backends, bridges',
      ]);
      return ended;
    },
    "found by its place": async (stage) => {
      await Deno.mkdir(stage.at("sallyport"));
      await stage.write("sallyport/triba.toml", "[");
      return await stage.run(["core"], { env: { XDG_CONFIG_HOME: stage.folder } });
    },
  },
  "--check, and all is right": {
    "as text": async (stage) => {
      await stage.write("triba.toml", echoes("one", "two"));
      return await stage.run([...CONFIG, "--check"]);
    },
  },
  "socket of --listen in use": {
    "by another core": async (stage) => {
      await startListening(stage);
      return await stage.core(["--listen", "unix:s"]).ended();
    },
  },
  "folder of --trace cannot be made": {
    "a file is there": async (stage) => {
      await stage.write("triba.toml", echoes("one"));
      await stage.write("traces", "");
      return await stage.run([...CONFIG, "--trace", stage.at("traces/more")]);
    },
  },
  "no place for the backends' socket": {
    "no folder for temporary files": async (stage) => {
      await stage.write("triba.toml", echoes("one"));
      return await stage.run(CONFIG, { env: { TMPDIR: stage.at("nowhere") } });
    },
  },
  "a backend ends by itself": {
    "with a status": async (stage) => {
      const program = await startCore(stage, '[backends.bad]\ncommand = ["sh", "-c", "exit 9"]\n');
      await program.waitFor("stderr", /^error: bad: .*9.*; started again in \d+ ms/m);
      return program;
    },
  },
  "a backend ends, and no restart will help": {
    "wrong configuration": async (stage) => {
      const program = await startCore(stage, '[backends.bad]\ncommand = ["sh", "-c", "exit 78"]\n');
      await program.waitFor("stderr", /^error: bad: .*; not started again: its configuration is/m);
      return program;
    },
  },
  "a backend cannot be started": {
    "no such program": async (stage) => {
      const program = await startCore(stage, '[backends.bad]\ncommand = ["/nowhere/x"]\n');
      await program.waitFor("stderr", /^error: bad: .*nowhere.*; started again/m);
      return program;
    },
  },
  "a user interface that reads too slowly": {
    "subscribed, never reading": async (stage) => {
      const program = await startListening(stage);
      using silent = await Deno.connect({ transport: "unix", path: stage.at("s") });
      await silent.write(new TextEncoder().encode('{"id":1,"type":"subscribe"}\n'));
      const screen = await stage.attach();
      await screen.client.ask({ type: "resume", run: screen.client.hello.run, sequence: 0 });
      await screen.online("one");
      const text = "x".repeat(500_000);
      for (let i = 0; !program.stderr.includes("too slowly") && i < 40; i++) {
        const content = { type: "Text", text } as const;
        const call = { type: "SendMessage", room: "lobby", txn: `${i}`, content } as const;
        await screen.client.ask({ type: "call", backend: "one", call });
      }
      await program.waitFor("stderr", /too slowly/);
      const status = await screen.client.ask({ type: "status" });
      assertEquals(status.type, "status", "others are served");
      return program;
    },
  },
  "too many user interfaces": {
    "one more than the limit": async (stage) => {
      const program = await startListening(stage, ["--max-interfaces", "1"]);
      await stage.attach();
      const refused = await ctl(stage, "status");
      assertEquals(refused.code, 4);
      assertMatch(refused.stderr, /Cannot ask the core: Too many user interfaces are attached/);
      await program.waitFor("stderr", /refused a user interface/);
      return program;
    },
  },
  "SIGHUP": {
    "one more backend": async (stage) => {
      const program = await startListening(stage);
      await stage.write("triba.toml", echoes("one", "two"));
      program.kill("SIGHUP");
      await program.waitFor("stderr", /reloaded/);
      return program;
    },
  },
  "SIGHUP, and something is wrong": {
    "an error in the configuration": async (stage) => {
      const program = await startListening(stage);
      await stage.write("triba.toml", "nonsense");
      program.kill("SIGHUP");
      await program.waitFor("stderr", /triba.toml:1:/);
      return program;
    },
  },
  "end of standard input with --json, Ctrl-D, /quit": {
    "--json": async (stage) => {
      await stage.write("triba.toml", echoes("one"));
      return await stage.core(["--json"], { stdin: "" }).ended();
    },
    "nobody reads what --json prints": async (stage) => {
      await stage.write("triba.toml", echoes("one"));
      const program = stage.core(["--json"], {
        stdin: "open",
        through: ["sh", "-c", '"$@" | head -c 1', "x"],
      });
      return await program.ended();
    },
    "/quit": {
      skipped: NO_TERMINAL,
      run: async (stage) => {
        await stage.write("triba.toml", echoes("one"));
        const program = stage.core([], { stdin: "open", terminal: true });
        await program.waitFor("stdout", /triba> /);
        await program.type("/quit\r");
        return await program.ended();
      },
    },
  },
  "SIGTERM, SIGINT": {
    "SIGTERM while it listens": async (stage) => await stopWith(stage, "SIGTERM"),
    "SIGINT": async (stage) => await stopWith(stage, "SIGINT"),
  },
}, testOnCoreStages);

async function stopWith(stage: CoreStage, signal: Deno.Signal): Promise<Ended> {
  const program = await startListening(stage);
  const screen = await stage.attach();
  program.kill(signal);
  const ended = await program.ended();
  await screen.over;
  assertEquals(screen.messages.at(-1)?.type, "end");
  return ended;
}

/** Runs ctl against the socket of the stage. */
function ctl(stage: CoreStage, ...args: readonly string[]): Promise<Ended> {
  return stage.run(["ctl", ...args, "--socket", "unix:s"]);
}

/** Listens at the socket and says this to everybody. */
async function listenAndSay(stage: CoreStage, said: string, ...args: string[]): Promise<Ended> {
  using listener = Deno.listen({ transport: "unix", path: stage.at("s") });
  const running = ctl(stage, ...args);
  using connection = await listener.accept();
  await connection.write(new TextEncoder().encode(said));
  await connection.closeWrite();
  return await running;
}

const HELLO =
  '{"type":"hello","protocol":"triba-core","version":1,"run":"r","agent":"a","name":"n",' +
  '"sequence":0}\n';

testOutcomes(CTL, {
  "answered": {
    "status, restart, stop, logs": async (stage) => {
      await startListening(stage, [], echoes("one", "two"));
      const screen = await stage.attach();
      await screen.client.ask({ type: "subscribe" });
      await until(
        () => screen.notices.filter((n) => n.type === "backend").length > 0,
        "something to happen",
      );
      const logs = await ctl(stage, "logs", "one", "--lines", "1");
      assertEquals(logs.code, 0, logs.stderr);
      const stopped = await ctl(stage, "stop", "one");
      assertMatch(stopped.stdout, /^one: stopped.*\n$/);
      const restarted = await ctl(stage, "restart", "one", "--json");
      assertEquals(JSON.parse(restarted.stdout).name, "one");
      const both = await ctl(stage, "status");
      assertMatch(both.stdout, /^one: .*\ntwo: .*\n$/);
      return await ctl(stage, "status", "two");
    },
    "by the environment": async (stage) => {
      await startListening(stage);
      return await stage.run(["ctl", "status"], { env: { TRIBA_CONTROL: "unix:s" } });
    },
  },
  "unknown action": { "a slip": (stage) => ctl(stage, "stauts") },
  "no backend named": { "restart": (stage) => ctl(stage, "restart") },
  "no socket named": { "status": (stage) => stage.run(["ctl", "status"]) },
  "no core there": { "no socket": (stage) => ctl(stage, "status") },
  "core lost": { "after its greeting": (stage) => listenAndSay(stage, HELLO, "status") },
  "something else listens there": {
    "says nothing": (stage) => listenAndSay(stage, "", "status"),
    "another version": (stage) => listenAndSay(stage, HELLO.replace(":1,", ":9,"), "status"),
  },
  "no such backend": {
    "restart": async (stage) => {
      await startListening(stage);
      return await ctl(stage, "restart", "x");
    },
    "logs": async (stage) => {
      await startListening(stage);
      return await ctl(stage, "logs", "x");
    },
  },
}, testOnCoreStages);

Deno.test("triba ctl: what is no socket is said to be none", () =>
  onCoreStage(async (stage) => {
    for (
      const [socket, reason] of [["s", /must name a socket: unix:PATH/], [
        `unix:${"x".repeat(108)}`,
        /the path has 108 bytes, at most 107 fit/,
      ]] as const
    ) {
      const { code, stderr } = await stage.run(["ctl", "status", "--socket", socket]);
      assertEquals(code, 2);
      assertMatch(stderr, reason);
    }
  }));
