// The units of coffer under a real systemd, with the compiled programs: SALLYPORT_DIST names the
// folder of executables, such as `dist`.

import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Booted, whyNotBooted } from "../support/booted.ts";
import { CANARY, CofferStage, idOf } from "../support/coffer_stage.ts";
import { readEnvironment } from "../support/coffer_program.ts";

const dist = Deno.env.get("SALLYPORT_DIST");
const skipped = dist === undefined
  ? "SALLYPORT_DIST names no folder of executables"
  : whyNotBooted();

const UNITS = [
  "cmd/coffer-server/coffer-server.service",
  "cmd/coffer-client/example.service",
];
const SERVER = "coffer-server.service";
const EXAMPLE = "example.service";
/** What is to happen at once; the manager itself would wait for 90 s and more. */
const AT_ONCE_MS = 15_000;
const AUDIT_LOG = "/var/lib/coffer-server/audit.jsonl";

/** The service: leaves what it was given where only it and root can read it, and stays. */
const SERVICE = `#!/bin/sh
env -0 >"$RUNTIME_DIRECTORY/environment"
echo "$$ $(id -u) $(ulimit -Sn) $(ulimit -Hn) $*" >"$RUNTIME_DIRECTORY/facts"
exec sleep infinity
`;

/** What an environment file could spoil. */
const TEXTS: Readonly<Record<string, string>> = {
  LINES: "one\ntwo\\\nthree\n",
  BLANKS: "  both ends\t",
  QUOTES: "' \" ` '' \"\"",
  SIGNS: "$HOME ${HOME} %n %% \\n \\ # ; = \\",
  CONTROLS: "\r \x1b[0m \x01 \x7f",
  LETTERS: "ü 日本 😀 \ufeff",
  NONE: "",
};

function definitionOf(token: string): string {
  const lines = Object.entries({ ...TEXTS, TOKEN: token })
    .map(([key, text]) => `${key} = ${JSON.stringify(text).replaceAll("\x7f", "\\u007F")}`);
  return `[example]\nid = "${idOf("web")}"\nPORT = 5432\n${lines.join("\n")}\n`;
}

/** The machine, with units, keys and the definition in their places. */
async function boot(stage: CofferStage): Promise<Booted> {
  const root = stage.at("root");
  await Deno.mkdir(root);
  await stage.sealed(definitionOf(`${CANARY} 1`));
  return await Booted.boot(root, await Deno.realPath(dist ?? ""), async () => {
    for (const unit of UNITS) {
      const name = unit.slice(unit.lastIndexOf("/") + 1);
      await Deno.copyFile(unit, `${root}/etc/systemd/system/${name}`);
    }
    await Deno.mkdir(`${root}/etc/sallyport`);
    await Deno.copyFile(await stage.key("server"), `${root}/etc/sallyport/coffer-server.key`);
    await Deno.copyFile(await stage.key("web"), `${root}/etc/sallyport/example.key`);
    await Deno.copyFile(stage.at("secrets.sealed"), `${root}/etc/sallyport/coffer.sealed`);
    await Deno.writeTextFile(`${root}/local/bin/example`, SERVICE, { mode: 0o755 });
  });
}

/** Starts the example and reads what it was given. */
async function startExample(system: Booted): Promise<{ token: string; facts: string[] }> {
  await system.print("systemctl", "restart", EXAMPLE);
  await untilSo(system, "test -s /run/example/facts");
  const environment = readEnvironment(await system.print("cat", "/run/example/environment"));
  const facts = (await system.print("cat", "/run/example/facts")).trim().split(" ");
  assertEquals(environment.get("PORT"), "5432");
  for (const [name, text] of Object.entries(TEXTS)) assertEquals(environment.get(name), text, name);
  return { token: environment.get("TOKEN") ?? "", facts };
}

/** Waits until a command of the shell succeeds. */
async function untilSo(system: Booted, condition: string): Promise<void> {
  await system.print("sh", "-c", `until ${condition}; do sleep 0.1; done`);
}

async function auditedEvents(system: Booted): Promise<string[]> {
  const lines = (await system.print("cat", AUDIT_LOG)).trim().split("\n");
  return lines.map((line) => {
    const { event, client, auth } = JSON.parse(line);
    return `${event} ${client} ${auth}`;
  });
}

Deno.test({
  name: skipped === undefined
    ? "coffer's units run under systemd"
    : `coffer's units run under systemd (skipped: ${skipped})`,
  ignore: skipped !== undefined,
  fn: async (t) => {
    await using stage = await CofferStage.create();
    await using system = await boot(stage);
    const sent = `sent ${idOf("web")} none`;

    await t.step("nothing in them is unknown to systemd", async () => {
      for (const unit of [SERVER, EXAMPLE]) {
        const { code, stdout, stderr } = await system.run(["systemd-analyze", "verify", unit]);
        assertEquals([code, stdout + stderr], [0, ""]);
      }
    });

    await t.step("the server is active once it says so, as a user of its own", async () => {
      await system.print("systemctl", "start", SERVER);
      const found = await system.show(SERVER, "ActiveState", "StatusText", "MainPID", "UID");
      assertEquals(found.ActiveState, "active");
      assertEquals(
        found.StatusText,
        `serving 1 clients with ${2 + Object.keys(TEXTS).length} entries`,
      );
      const owner = await system.print("stat", "--format=%u", `/proc/${found.MainPID}`);
      assertEquals(owner.trim(), found.UID);
      assertNotEquals(found.UID, "0");
      assertMatch(
        await system.journal(SERVER),
        /^listening on 127\.0\.0\.1:9187 .*\nready\nStarted /m,
      );
    });

    await t.step("its files come from the manager, and are kept from everybody else", async () => {
      const { UID } = await system.show(SERVER, "UID");
      const folder = `/run/credentials/${SERVER}`;
      const listed = await system.print("find", folder, "-printf", "%f %m %U\\n");
      const expected = [`${SERVER} 500`, "certificate 400", "secrets 400"];
      assertEquals(
        listed.trim().split("\n").sort(),
        expected.map((line) => `${line} ${UID}`).sort(),
      );
      assertEquals((await system.print("stat", "--format=%a", AUDIT_LOG)).trim(), "600");
      assertEquals(await system.print("cat", AUDIT_LOG), "");
    });

    await t.step(
      "a service gets its values, and is the process that the manager started",
      async () => {
        const { token, facts: [pid, uid, soft, hard, ...words] } = await startExample(system);
        assertEquals(token, `${CANARY} 1`);
        const { MainPID, UID, ActiveState } = await system.show(
          ...[EXAMPLE, "MainPID", "UID", "ActiveState"] as const,
        );
        assertEquals([pid, uid, ActiveState], [MainPID, UID, "active"]);
        assertNotEquals(UID, "0");
        assertNotEquals(UID, (await system.show(SERVER, "UID")).UID);
        // Below its default the manager could not raise the hard limit: then nobody can know.
        assertEquals(soft, hard === "524288" ? "1024" : hard);
        assertEquals(words, ["--listen", "127.0.0.1:8080"]);
        assertEquals(await auditedEvents(system), [sent]);
      },
    );

    await t.step("--format env is what EnvironmentFile= reads", async () => {
      const fetch = "umask 077; coffer-client -c /etc/sallyport/example.key --format env >/run/env";
      await system.print("sh", "-c", fetch);
      const output = await system.print(
        ...["systemd-run", "--quiet", "--wait", "--pipe", "--property=EnvironmentFile=/run/env"],
        ...["env", "-0"],
      );
      const environment = readEnvironment(output);
      const expected = { ...TEXTS, PORT: "5432", TOKEN: `${CANARY} 1` };
      for (const [name, text] of Object.entries(expected)) {
        assertEquals(environment.get(name), text, name);
      }
    });

    await t.step("a reload goes on with the copies that were made at the start", async () => {
      await stage.sealed(definitionOf(`${CANARY} 2`));
      const path = `${system.root}/etc/sallyport/coffer.sealed`;
      await Deno.copyFile(stage.at("secrets.sealed"), path);
      const before = await system.show(SERVER, "MainPID");
      await system.print("systemctl", "reload", SERVER);
      await untilSo(
        system,
        `journalctl --unit=${SERVER} --output=cat | grep -q "^reloaded: +0 ~0 -0"`,
      );
      assertEquals(await system.show(SERVER, "MainPID"), before);
      assertEquals((await startExample(system)).token, `${CANARY} 1`);
    });

    await t.step("a restart takes the new definition, and goes on with the audit log", async () => {
      const before = await auditedEvents(system);
      await system.print("systemctl", "restart", SERVER);
      assertEquals((await startExample(system)).token, `${CANARY} 2`);
      assertEquals(await auditedEvents(system), [...before, sent]);
    });

    await t.step("a server that was killed is there again", async () => {
      const before = await system.show(SERVER, "MainPID");
      await system.print("systemctl", "kill", "--signal=SIGKILL", SERVER);
      const pid = `systemctl show --property=MainPID --value ${SERVER}`;
      await untilSo(
        system,
        `test "$(${pid})" != ${before.MainPID} && systemctl is-active ${SERVER}`,
      );
      assertEquals((await startExample(system)).token, `${CANARY} 2`);
    });

    await t.step("both end when they are told, and leave nothing but the audit log", async () => {
      const audited = await auditedEvents(system);
      const { code } = await system.run(["systemctl", "stop", EXAMPLE, SERVER], AT_ONCE_MS);
      assertEquals(code, 0);
      for (const unit of [EXAMPLE, SERVER]) {
        const { ActiveState, Result } = await system.show(unit, "ActiveState", "Result");
        assertEquals([ActiveState, Result], ["inactive", "success"], unit);
        assertNotEquals((await system.run(["test", "-e", `/run/credentials/${unit}`])).code, 0);
      }
      assertMatch(await system.journal(SERVER), /\nstopped\n/);
      assertEquals(await auditedEvents(system), audited);
    });

    await t.step("no value is in the journal or in what the manager knows", async () => {
      const told = await system.journal() +
        await system.print("systemctl", "show", SERVER, EXAMPLE);
      assertMatch(told, /^ready$/m);
      assert(!told.includes(CANARY), "a value was told");
    });
  },
});
