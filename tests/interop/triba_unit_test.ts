// The unit of a user's core: known to systemd, and under a real manager of a user, with the compiled
// program: SALLYPORT_DIST names the folder of executables, such as `dist`.

import { assertEquals, assertMatch } from "@std/assert";
import { Booted, whyNotBooted } from "../support/booted.ts";
import { CANARY, CoreStage, echoes } from "../support/core_stage.ts";
import { hasCommand } from "../support/program.ts";

const UNIT = "cmd/triba/triba.service";
const NAME = "triba.service";
const USER = "ada";
const UID = 4711;
const HOME = `/home/${USER}`;
const RUNTIME = `/run/user/${UID}`;

const dist = Deno.env.get("SALLYPORT_DIST");
const skipped = dist === undefined
  ? "SALLYPORT_DIST names no folder of executables"
  : hasCommand("setpriv")
  ? whyNotBooted()
  : "no setpriv";

Deno.test({
  name: hasCommand("systemd-analyze")
    ? "triba's unit: nothing in it is unknown to systemd"
    : "triba's unit: nothing in it is unknown to systemd (skipped: no systemd-analyze)",
  ignore: !hasCommand("systemd-analyze"),
  fn: async () => {
    await using stage = await CoreStage.create();
    const unit = await Deno.readTextFile(UNIT);
    const path = await stage.write(NAME, unit.replace("/usr/local/bin/triba", "/bin/true"));
    const { code, stdout, stderr } = await new Deno.Command("systemd-analyze", {
      args: ["--user", "verify", path],
      env: { XDG_RUNTIME_DIR: stage.folder },
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals([code, said], [0, ""]);
  },
});

/** A user's manager without logins: this machine has no accounts, and nobody asks for one. */
const WITHOUT_LOGIN: Readonly<Record<string, string>> = {
  "user@.service.d": `[Service]\nPAMName=\nEnvironment=XDG_RUNTIME_DIR=${RUNTIME}\n`,
  "user-runtime-dir@.service.d": "[Service]\nExecStart=\nExecStop=\n" +
    "ExecStart=/bin/sh -c 'install -d -m 700 -o %i -g %i /run/user/%i'\n",
};

/** A machine with a user who has a configuration. */
async function boot(stage: CoreStage): Promise<Booted> {
  const root = stage.at("root");
  await Deno.mkdir(root);
  return await Booted.boot(root, await Deno.realPath(dist ?? ""), async () => {
    const line = `${USER}:x:${UID}:${UID}::${HOME}:/bin/sh\n`;
    await Deno.writeTextFile(`${root}/etc/passwd`, line, { append: true });
    await Deno.writeTextFile(`${root}/etc/group`, `${USER}:x:${UID}:\n`, { append: true });
    for (const [folder, content] of Object.entries(WITHOUT_LOGIN)) {
      await Deno.mkdir(`${root}/etc/systemd/system/${folder}`);
      await Deno.writeTextFile(`${root}/etc/systemd/system/${folder}/test.conf`, content);
    }
    const config = `${root}${HOME}/.config`;
    await Deno.mkdir(`${config}/systemd/user`, { recursive: true });
    await Deno.copyFile(UNIT, `${config}/systemd/user/${NAME}`);
    await Deno.mkdir(`${config}/sallyport`);
    const account = 'account = { name = "me", secret_file = "secret" }\n';
    await Deno.writeTextFile(`${config}/sallyport/triba.toml`, echoes("one") + account);
    await Deno.writeTextFile(`${config}/sallyport/secret`, CANARY, { mode: 0o600 });
    const owned = new Deno.Command("chown", { args: ["-R", `${UID}:${UID}`, `${root}${HOME}`] });
    assertEquals((await owned.output()).code, 0);
  });
}

Deno.test({
  name: skipped === undefined
    ? "triba's unit runs under a user's systemd"
    : `triba's unit runs under a user's systemd (skipped: ${skipped})`,
  ignore: skipped !== undefined,
  fn: async (t) => {
    await using stage = await CoreStage.create();
    await using system = await boot(stage);
    const asUser = (...words: string[]) =>
      system.print(
        ...["setpriv", `--reuid=${UID}`, `--regid=${UID}`, "--clear-groups", "env"],
        ...[`XDG_RUNTIME_DIR=${RUNTIME}`, `HOME=${HOME}`],
        ...words,
      );
    const ctl = (...words: string[]) => asUser("/usr/local/bin/triba", "ctl", ...words);
    await system.print("systemctl", "start", `user@${UID}.service`);

    await t.step("it is active once it says so, and its backend is online", async () => {
      await asUser("systemctl", "--user", "start", NAME);
      assertMatch(await asUser("systemctl", "--user", "is-active", NAME), /^active$/m);
      await untilSaid(ctl, /^one: open, .*online/m);
      const facts = await asUser("systemctl", "--user", "show", NAME, "--property=StatusText");
      assertEquals(facts.trim(), "StatusText=1 of 1 backends open");
    });

    await t.step("its socket and state are the user's alone", async () => {
      const listed = await system.print(
        ...["stat", "--format=%a %u", `${RUNTIME}/triba/core.sock`, `${RUNTIME}/triba`],
      );
      assertEquals(listed, `600 ${UID}\n700 ${UID}\n`);
    });

    await t.step("a reload starts what was added", async () => {
      const config = `${stage.at("root")}${HOME}/.config/sallyport/triba.toml`;
      await Deno.writeTextFile(config, echoes("two"), { append: true });
      await asUser("systemctl", "--user", "reload", NAME);
      await untilSaid(ctl, /^two: open, .*online/m);
    });

    await t.step("it ends at once, and its backends with it", async () => {
      await asUser("systemctl", "--user", "stop", NAME);
      const facts = await asUser("systemctl", "--user", "show", NAME, "--property=Result");
      assertEquals(facts.trim(), "Result=success");
      const left = await system.run(["pgrep", "-u", String(UID), "triba"]);
      assertEquals(left.stdout, "");
      const journal = await system.journal();
      assertMatch(journal, /reloaded: \+1 ~0 -0[^]*stopped/);
      assertEquals(journal.includes(CANARY), false);
    });
  },
});

/** Asks how the backends are until the answer is like this. */
async function untilSaid(
  ctl: (...words: string[]) => Promise<string>,
  pattern: RegExp,
): Promise<void> {
  for (let tries = 0; !pattern.test(await ctl("status")); tries++) {
    if (tries > 100) throw new Error(`The core never said ${pattern}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
