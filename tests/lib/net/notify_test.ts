import { assertEquals, assertMatch } from "@std/assert";
import { notifyManager } from "../../../lib/net/mod.ts";
import { runScript } from "../../support/child.ts";
import { namesIn, withTemporaryFolder } from "../../support/folder.ts";

/** What the child said; it leaves nothing behind in its folder for temporary files. */
async function notify(socket: string, state: string, listen: boolean): Promise<string> {
  let said = "";
  await withTemporaryFolder(async (folder) => {
    const args = [socket, state, listen ? "yes" : "no"];
    const flags = ["--unstable-net"];
    const output = await runScript("notify_once.ts", { args, flags, env: { TMPDIR: folder } });
    assertEquals([output.status, output.err], [0, ""]);
    assertEquals(namesIn(folder), []);
    said = output.out;
  });
  return said;
}

Deno.test("notifyManager sends the state to the manager's socket", async () => {
  await withTemporaryFolder(async (folder) => {
    for (const state of ["READY=1", "READY=1\nSTATUS=Serving 2 rooms, caf\u00e9"]) {
      const socket = `${folder}/notify-${state.length}`;
      assertEquals(await notify(socket, state, true), `${JSON.stringify(state)}\n`);
    }
  });
});

Deno.test({
  name: "notifyManager reaches a manager under an abstract name",
  ignore: Deno.version.deno.startsWith("2.6."), // cannot send there
  fn: async () => {
    const socket = `@sallyport-test-${crypto.randomUUID()}`;
    assertEquals(await notify(socket, "STOPPING=1", true), '"STOPPING=1"\n');
  },
});

Deno.test("notifyManager says that nobody listens at the socket", async () => {
  await withTemporaryFolder(async (folder) => {
    assertEquals(
      await notify(`${folder}/nobody`, "READY=1", false),
      "refused: Cannot tell the service manager: nobody listens there\n",
    );
  });
});

Deno.test("notifyManager fails with a fault where the socket's path is too long", async () => {
  const said = await notify(`/tmp/${"x".repeat(200)}`, "READY=1", false);
  assertMatch(said, /^[a-z-]+: Cannot tell the service manager: /);
});

Deno.test("notifyManager does nothing where no manager asked", async () => {
  await notifyManager(undefined, "READY=1");
  await notifyManager("", "READY=1");
});
