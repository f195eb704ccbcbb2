import { assert, assertEquals, assertRejects } from "@std/assert";
import { MAX_SOCKET_PATH_BYTES, openCoreSocket } from "../../../../lib/triba/core/socket.ts";
import { FileFault } from "../../../../lib/files/mod.ts";
import { modeOf, namesIn, withTemporaryFolder } from "../../../support/folder.ts";

const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

/** What a core leaves that was killed: a socket on which nobody listens. */
async function leaveSocket(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const listener = Deno.listen({ transport: "unix", path: `${folder}/made` });
  await Deno.link(`${folder}/made`, `${folder}/s`); // which the runtime does not know to remove
  listener.close();
  assertEquals(namesIn(folder), ["s"]);
}

Deno.test("openCoreSocket makes socket and folder for this user alone and removes both", async () => {
  await withTemporaryFolder(async (runtime) => {
    const socket = await openCoreSocket({ runtimeFolder: runtime });
    const folder = folderOf(socket.path);
    assertEquals(folderOf(folder), `${runtime}/trinitrix`);
    assertEquals([modeOf(`${runtime}/trinitrix`), modeOf(folder)], [0o700, 0o700]);
    assertEquals(modeOf(socket.path) & 0o077, 0);
    assertEquals(namesIn(folder), ["s"]);
    const served = socket.listener.serve(({ stream }) => stream.close(), () => {});
    (await Deno.connect({ transport: "unix", path: socket.path })).close();
    socket.close();
    socket.close();
    await served;
    assertEquals(namesIn(`${runtime}/trinitrix`), []);
  });
});

Deno.test("openCoreSocket takes a temporary folder where the runtime folder is missing or too long", async () => {
  await withTemporaryFolder(async (temporary) => {
    const long = `${temporary}/${"x".repeat(90)}`;
    await Deno.mkdir(long);
    for (const runtimeFolder of [undefined, "relative", `${temporary}/missing/deep`, long]) {
      // A missing folder is not made: whoever manages the machine makes it for a session.
      const socket = await openCoreSocket({ runtimeFolder, temporaryFolder: temporary });
      const folder = folderOf(socket.path);
      assert(folder.startsWith(`${temporary}/trinitrix-`), `${runtimeFolder}: ${socket.path}`);
      assertEquals(modeOf(folder), 0o700);
      socket.close();
    }
    assertEquals(namesIn(temporary), ["x".repeat(90)]);
  });
});

Deno.test("openCoreSocket does not use a runtime folder of another user", {
  ignore: Deno.uid() !== 0,
}, async () => {
  await withTemporaryFolder(async (folder) => {
    const runtimeFolder = `${folder}/run`;
    await Deno.mkdir(runtimeFolder);
    await Deno.chown(runtimeFolder, 12345, 12345);
    const socket = await openCoreSocket({ runtimeFolder, temporaryFolder: folder });
    assert(socket.path.startsWith(`${folder}/trinitrix-`));
    socket.close();
  });
});

Deno.test("openCoreSocket uses paths up to the limit of addresses and refuses longer ones", async () => {
  await withTemporaryFolder(async (folder) => {
    const longest = `${folder}/${"y".repeat(MAX_SOCKET_PATH_BYTES - 49 - folder.length - 1)}`;
    await Deno.mkdir(longest);
    const socket = await openCoreSocket({ temporaryFolder: longest });
    socket.close();
    const longer = `${longest}z`;
    await Deno.mkdir(longer);
    const fault = await assertRejects(() => openCoreSocket({ temporaryFolder: longer }), FileFault);
    assertEquals(fault.code, "name");
    assertEquals(namesIn(longer), []);
  });
});

Deno.test("openCoreSocket sweeps sockets that refuse connections, and leaves what is in use", async () => {
  await withTemporaryFolder(async (runtime) => {
    const alive = await openCoreSocket({ runtimeFolder: runtime });
    const parent = `${runtime}/trinitrix`;
    await leaveSocket(`${parent}/dead`);
    await Deno.mkdir(`${parent}/starting`);
    await Deno.mkdir(`${parent}/abandoned`);
    const old = new Date(Date.now() - 120_000);
    await Deno.utime(`${parent}/abandoned`, old, old);
    await Deno.mkdir(`${parent}/other`);
    await Deno.writeTextFile(`${parent}/other/triba.sock`, "kept");
    await Deno.utime(`${parent}/other`, old, old);
    const served = alive.listener.serve(({ stream }) => stream.close(), () => {});
    const next = await openCoreSocket({ runtimeFolder: runtime });
    const names = [folderOf(alive.path), folderOf(next.path)].map((path) => path.split("/").at(-1));
    assertEquals(namesIn(parent), ["other", "starting", ...names].sort());
    next.close();
    alive.close();
    await served;
  });
});
