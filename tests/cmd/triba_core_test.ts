// `triba core` as users run it: with real backends of its own and of others.

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  ask,
  CANARY,
  type CoreStage,
  echoes,
  onCoreStage,
  online,
  printed,
} from "../support/core_stage.ts";
import { HAS_TERMINALS } from "../support/program.ts";
import { until } from "../support/within.ts";
import type { HubNotice } from "../../lib/triba/hub/mod.ts";

const TEXT = { type: "Text", text: "hello" } as const;

Deno.test("triba core --json: answers on standard output, tells each change, ends with its input", () =>
  onCoreStage(async (stage) => {
    await stage.write("triba.toml", echoes("one"));
    const program = stage.core(["--json"], { stdin: "open" });
    await online(program, "one");
    const rooms = await ask(program, {
      type: "call",
      id: "rooms",
      backend: "one",
      call: { type: "ListRooms" },
    });
    assert(rooms.type === "reply" && rooms.result.type === "answer");
    assertEquals(rooms.result.answer.type, "Rooms");
    await ask(program, {
      type: "call",
      id: "send",
      backend: "one",
      call: { type: "SendMessage", room: "lobby", txn: "t1", content: TEXT },
    });
    await until(
      () =>
        printed(program).some((m) =>
          m.type === "notice" && m.notice.type === "event" &&
          m.notice.event.type === "MessageReceived" && m.notice.event.message.sender === "echo"
        ),
      "what echo says",
    );
    await program.type("nonsense\n");
    await until(
      () => printed(program).some((m) => m.type === "error" && m.id === null),
      "a refusal",
    );
    await program.stdin?.close();
    assertEquals((await program.ended()).code, 0);
    const messages = printed(program);
    assertEquals(messages[0]?.type, "hello");
    const numbers = messages.flatMap((m) => m.type === "notice" ? [m.sequence] : []);
    assertEquals(numbers, numbers.map((_, i) => i + 1), "no notice is missing");
    const reports = messages.flatMap((m) =>
      m.type === "notice" && m.notice.type === "backend" ? [m.notice.backend] : []
    );
    const states = reports.map(({ state }) => state);
    for (const state of ["spawned", "open"]) assert(states.includes(state as never), state);
    const pids = new Set(reports.map(({ pid }) => pid).filter((pid) => pid !== undefined));
    assertEquals(pids.size, 1);
    assert(reports.every(({ pid, state }) => pid !== undefined || /^(spawn|stopp)ed$/.test(state)));
    assertEquals(reports.filter(({ state }) => state === "open").at(-1)?.sealed, true);
  }));

Deno.test("triba core --json: a crash is told with exit code or signal and the delay of the restart", () =>
  onCoreStage(async (stage) => {
    await stage.write(
      "triba.toml",
      `${echoes("one")}[backends.bad]\ncommand = ["sh", "-c", "echo oops >&2; exit 9"]\n`,
    );
    const program = stage.core(["--json"], { stdin: "open" });
    await online(program, "one");
    const reports = (name: string) =>
      printed(program).flatMap((m) =>
        m.type === "notice" && m.notice.type === "backend" && m.notice.backend.name === name
          ? [m.notice.backend]
          : []
      );
    await until(() => reports("bad").some(({ state }) => state === "waiting"), "a restart");
    const bad = reports("bad").find(({ state }) => state === "waiting");
    assertEquals([bad?.exit, bad?.last_lines], [9, ["oops"]]);
    assert((bad?.restart_delay_ms ?? 0) > 700 && (bad?.restart_delay_ms ?? 0) < 1300);
    const pid = reports("one").at(-1)?.pid ?? 0;
    Deno.kill(pid, "SIGKILL");
    await until(() => reports("one").some(({ state }) => state === "waiting"), "the end of one");
    assertEquals(reports("one").find(({ state }) => state === "waiting")?.signal, "SIGKILL");
    await until(
      () => reports("one").some((report) => report.state === "open" && report.pid !== pid),
      "one to be back",
    );
    assertMatch(program.stderr, /^warn: bad: last words: oops$/m);
  }));

Deno.test("triba core --listen: a user interface that comes back misses nothing; others see its doings", () =>
  onCoreStage(async (stage) => {
    await stage.write("triba.toml", echoes("one"));
    const program = await stage.listening();
    assertEquals((Deno.statSync(stage.at("s")).mode ?? 0) & 0o777, 0o600);
    const first = await stage.attach();
    const second = await stage.attach();
    await first.client.ask({ type: "resume", run: first.client.hello.run, sequence: 0 });
    await second.client.ask({ type: "resume", run: first.client.hello.run, sequence: 0 });
    await first.online("one");
    const { sequence } = first.notices.at(-1) ?? { sequence: 0 };
    first.client[Symbol.dispose]();
    await first.over;
    const call = { type: "SendMessage", room: "lobby", txn: "t", content: TEXT } as const;
    await second.client.ask({ type: "call", backend: "one", call });
    const isEcho = (notice: HubNotice) =>
      notice.type === "event" && notice.event.type === "MessageReceived";
    await second.notice(isEcho, "what echo says");
    const again = await stage.attach();
    const result = await again.client.ask({
      type: "resume",
      run: again.client.hello.run,
      sequence,
    });
    assertEquals(result.type, "resumed");
    await again.notice(isEcho, "the same");
    assert(
      again.notices.some((notice) => notice.type === "done" && notice.call.type === call.type),
    );
    const seen = [...first.notices, ...again.notices];
    assertEquals(seen.map((notice) => notice.sequence), seen.map((_, i) => i + 1));
    assertEquals(seen, second.notices.slice(0, seen.length));
    const other = await again.client.ask({ type: "resume", run: "another", sequence: 3 });
    assert(other.type === "snapshot" && other.lost === "other_run" && other.backends.length === 1);
    program.kill("SIGTERM");
    await again.over;
    assertEquals(again.messages.at(-1)?.type, "end");
    assertEquals((await program.ended()).code, 0);
    assertEquals(await Deno.stat(stage.at("s")).catch(() => "gone"), "gone");
  }));

Deno.test("triba core: SIGHUP starts what is added, stops what is removed, restarts what is changed", () =>
  onCoreStage(async (stage) => {
    await stage.write("triba.toml", echoes("kept", "changed", "removed"));
    const program = await stage.listening();
    const screen = await stage.attach();
    await screen.client.ask({ type: "resume", run: screen.client.hello.run, sequence: 0 });
    for (const name of ["kept", "changed", "removed"]) await screen.online(name);
    const pids = () => {
      const reports = screen.notices.flatMap((n) => n.type === "backend" ? [n.backend] : []);
      return new Map(reports.filter(({ pid }) => pid !== undefined).map((r) => [r.name, r.pid]));
    };
    const before = pids();
    const changed = echoes("changed").replace('"0"', '"0", "--room", "more"');
    await stage.write("triba.toml", `${echoes("kept")}${changed}${echoes("added")}`);
    program.kill("SIGHUP");
    await program.waitFor(
      "stderr",
      /^reloaded: \+1 ~1 -1 started=added restarted=changed removed=removed$/m,
    );
    await screen.online("added");
    await screen.online("changed");
    await screen.notice((n) => n.type === "removed" && n.backend === "removed", "a removal");
    const after = pids();
    assertEquals(after.get("kept"), before.get("kept"));
    assert(after.get("changed") !== before.get("changed"));
    const status = await screen.client.ask({ type: "status" });
    assert(status.type === "status");
    assertEquals(status.backends.map(({ name }) => name), ["kept", "changed", "added"]);
    await stage.write("triba.toml", "[backends.kept]\nbuiltin = 1\n");
    program.kill("SIGHUP");
    await program.waitFor("stderr", /^error: triba.toml:2:11: "builtin" must be a text$/m);
    assertMatch(program.stderr, /^error: not reloaded, the old configuration stays$/m);
    await Deno.remove(stage.at("triba.toml"));
    program.kill("SIGHUP");
    await program.waitFor("stderr", /^error: Cannot read "triba.toml": no such file/m);
    const still = await screen.client.ask({ type: "status" });
    assert(still.type === "status" && still.backends.every(({ state }) => state === "open"));
  }));

Deno.test("triba core: a bridge forwards both ways between two backends that repeat everything, and stops", () =>
  onCoreStage(async (stage) => {
    const bridge = (room: string) =>
      `[bridges.x]\na = { backend = "a", room = "lobby" }\nb = { backend = "b", room = "${room}" }\n`;
    await stage.write("triba.toml", echoes("a", "b") + bridge("lobby"));
    const program = await stage.listening();
    const screen = await stage.attach();
    await screen.client.ask({ type: "resume", run: screen.client.hello.run, sequence: 0 });
    await until(
      () =>
        screen.notices.filter((n) => n.type === "done" && n.call.type === "JoinRoom").length === 2,
      "the bridge to join",
    );
    await until(
      () =>
        screen.notices.filter((n) => n.type === "event" && n.event.type === "RoomUpdated").length >
          1,
      "rooms",
    );
    const send = (backend: string, text: string) =>
      screen.client.ask({
        type: "call",
        backend,
        call: {
          type: "SendMessage",
          room: "lobby",
          txn: text,
          content: { type: "Text", text },
        },
      });
    const forwarded = () =>
      screen.notices.flatMap((n) =>
        n.type === "done" && n.by === "bridge" && n.call.type === "SendMessage" &&
          n.call.content.type === "Text"
          ? [`${n.backend} ${n.call.content.text}`]
          : []
      );
    await send("a", "hi");
    await until(() => forwarded().length >= 2, "both ways");
    await send("b", "ho");
    await until(() => forwarded().length >= 4, "both ways");
    await new Promise((resolve) => setTimeout(resolve, 1_000)); // time for a loop to show itself
    assertEquals(forwarded().toSorted(), [
      "a <b> ho",
      "a <echo> ho",
      "b <a> hi",
      "b <echo> hi",
    ]);
    await stage.write("triba.toml", echoes("a", "b") + bridge("elsewhere"));
    program.kill("SIGHUP");
    await program.waitFor("stderr", /^reloaded: \+0 ~0 -0$/m);
    await send("a", "again");
    await screen.notice(
      (n) =>
        n.type === "done" && n.by === "bridge" && "room" in n.call && n.call.room === "elsewhere",
      "the new room",
    );
  }));

Deno.test("triba core: what is secret is in no output, argument or error", () =>
  onCoreStage(async (stage) => {
    await stage.write("secret", `${CANARY}\n`);
    await stage.write(
      "triba.toml",
      `${echoes("one").replace('"0"', '"0", "--login", "secret"')}` +
        `environment = { TOKEN = "${CANARY}" }\n` +
        `account = { name = "me", secret_file = "secret" }\n`,
    );
    const args = ["--json", "--log-level", "debug"];
    const program = stage.core(args, { stdin: "open" });
    await online(program, "one");
    const pids = printed(program).flatMap((m) =>
      m.type === "notice" && m.notice.type === "backend" ? [m.notice.backend.pid ?? 0] : []
    );
    for (const pid of [program.pid, ...pids]) {
      const line = await new Deno.Command("ps", { args: ["-o", "args=", "-p", `${pid}`] }).output();
      assert(!new TextDecoder().decode(line.stdout).includes(CANARY));
    }
    const call = { type: "Login", account: "me", secret: CANARY } as const;
    await ask(program, { type: "call", id: 1, backend: "one", call });
    await program.type(`{"id":2,"type":"call","backend":"one","call":{"secret":"${CANARY}"}}\n`);
    await until(() => printed(program).some((m) => m.type === "error" && m.id === 2), "a refusal");
    program.kill("SIGHUP");
    await program.waitFor("stderr", /^reloaded: \+0 ~0 -0$/m);
    program.kill("SIGTERM");
    assertEquals((await program.ended()).code, 0);
    await stage.write("triba.toml", `[backends.one]\nenvironment = { TOKEN = "${CANARY}"\n`);
    assertEquals((await stage.run(["core", "--config", "triba.toml"])).code, 1);
  }));

Deno.test("triba core: what is in triba schema is what it prints", () =>
  onCoreStage(async (stage) => {
    const { code, stdout } = await stage.run(["schema"]);
    assertEquals(code, 0);
    const { Ajv2020 } = await import("ajv/2020");
    const isLine = new Ajv2020({ strict: true, strictTypes: false }).compile(JSON.parse(stdout));
    await stage.write("triba.toml", echoes("one"));
    const program = stage.core(["--json"], { stdin: "open" });
    await online(program, "one");
    await ask(program, { type: "logs", id: 1, backend: "one" });
    await program.stdin?.close();
    await program.ended();
    for (const message of printed(program)) assert(isLine(message), JSON.stringify(message));
  }));

Deno.test({
  name: "triba core: on a terminal, rooms and messages; Ctrl-D, Ctrl-C and hanging up end it" +
    (HAS_TERMINALS ? "" : " (skipped: script of util-linux is not installed)"),
  ignore: !HAS_TERMINALS,
  fn: () =>
    onCoreStage(async (stage) => {
      await stage.write("triba.toml", echoes("one"));
      const program = stage.core([], { stdin: "open", terminal: true });
      await program.waitFor("stdout", /-- one: open, .*online/);
      await program.type("/join lob");
      await program.type("by\r");
      await program.waitFor("stdout", /one\/lobby> /);
      await program.type("hello \u00e9\r");
      await program.waitFor("stdout", /<me> hello \u00e9[^]*<echo> hello \u00e9/);
      program.kill("SIGCONT"); // what a shell sends after Ctrl-Z
      program.kill("SIGWINCH");
      await program.type("/status\r");
      // deno-lint-ignore no-control-regex -- what a terminal shows
      await program.waitFor("stdout", /\x1b\[Kone: open, pid \d+, online, triba-echo/);
      await program.type("\x04");
      assertEquals((await program.ended()).code, 0);
      await endByInterrupt(stage);
      const alone = stage.core([], { stdin: "open", terminal: true });
      await alone.waitFor("stdout", /-- one: open, .*online/);
      await alone.hangUp();
    }),
});

async function endByInterrupt(stage: CoreStage): Promise<void> {
  const program = stage.core([], { stdin: "open", terminal: true });
  await program.waitFor("stdout", /-- one: open, .*online/);
  await program.type("\x03");
  assertEquals((await program.ended()).code, 0);
  assertMatch(program.stdout, /one: stopped, exit 0/);
}
