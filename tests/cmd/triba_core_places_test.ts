// `triba core`: how it starts its own backends, and where it looks for its files.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { findBuiltins, ownOrigin } from "../../cmd/triba/core/builtins.ts";
import { findConfig, findState } from "../../cmd/triba/core/places.ts";
import { ExitFault } from "../../lib/cli/mod.ts";
import { programFlags } from "../support/program.ts";

Deno.test("findBuiltins: the executable starts itself; the source is run with the flags of its task", () => {
  const main = new URL("../../cmd/triba/main.ts", import.meta.url).href;
  const origin = { standalone: true, executable: "/opt/triba", main };
  assertEquals(findBuiltins(origin, { DENO_DIR: "/d" }).get("irc"), {
    command: ["/opt/triba", "irc"],
    environment: {},
  });
  const builtin = findBuiltins({ ...origin, standalone: false, executable: "/bin/deno" }, {
    DENO_DIR: "/d",
    SECRET: "s",
  }).get("echo");
  const root = new URL("../../", import.meta.url).pathname;
  assertEquals(builtin, {
    command: [
      ...["/bin/deno", "run", "--quiet", `--config=${root}deno.json`],
      ...[...programFlags("triba"), `${root}cmd/triba/main.ts`, "echo"],
    ],
    environment: { DENO_DIR: "/d" },
  });
  const lost = { ...origin, standalone: false, main: "file:///nowhere/a/b/main.ts" };
  const fault = assertThrows(() => findBuiltins(lost, {}), ExitFault);
  assertEquals(fault.status, 1);
  assert(!ownOrigin().standalone);
});

Deno.test("findConfig: as given, else the user's, else the system's", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(await findConfig("x.toml", {}), "x.toml");
    const absent = { XDG_CONFIG_HOME: folder };
    const fault = await assertRejects(() => findConfig(undefined, absent), ExitFault);
    assertEquals(fault.status, 2);
    for (const own of [`${folder}/.config/sallyport`, `${folder}/sallyport`]) {
      await Deno.mkdir(own, { recursive: true });
      await Deno.writeTextFile(`${own}/triba.toml`, "");
    }
    assertEquals(await findConfig(undefined, absent), `${folder}/sallyport/triba.toml`);
    const home = { HOME: folder, XDG_CONFIG_HOME: "relative" };
    assertEquals(await findConfig(undefined, home), `${folder}/.config/sallyport/triba.toml`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("findState: as given, else the manager's, else the user's", () => {
  assertEquals(findState("s", { STATE_DIRECTORY: "/m" }), "s");
  assertEquals(findState(undefined, { STATE_DIRECTORY: "/m:/n", HOME: "/h" }), "/m");
  assertEquals(findState(undefined, { XDG_STATE_HOME: "/x" }), "/x/sallyport/triba");
  assertEquals(findState(undefined, { HOME: "/h" }), "/h/.local/state/sallyport/triba");
  assertEquals(assertThrows(() => findState(undefined, {}), ExitFault).status, 2);
});
