// Where a backend looks for its core, and in which order (section 3.2).

import { assertEquals, assertRejects } from "@std/assert";
import {
  type AddressSources,
  connectSocket,
  findSocketAddress,
  ownArguments,
} from "../../../../lib/triba/backend/mod.ts";
import { NetFault } from "../../../../lib/net/mod.ts";
import { withTemporaryFolder } from "../../../support/folder.ts";

const UID = 1000;
const SESSION = "/run/user/1000/trinitrix/triba.sock";
const TMP = "/tmp/trinitrix-1000";

/** What is at a path, as far as the search looks. */
function info(isDirectory: boolean, mode: number, uid = UID): Deno.FileInfo {
  return { isDirectory, mode, uid } as Deno.FileInfo;
}

const FOLDER = info(true, 0o040700);
const SOCKET = info(false, 0o140700);

interface Scene {
  readonly env?: Readonly<Record<string, string>>;
  readonly argument?: string;
  readonly files?: Readonly<Record<string, Deno.FileInfo>>;
  readonly uid?: number | null;
}

function find({ env = {}, argument, files = {}, uid = UID }: Scene): Promise<string> {
  const sources: AddressSources = {
    environment: (name) => env[name],
    argument,
    uid: () => uid,
    look: (path) => Promise.resolve(files[path]),
  };
  return findSocketAddress(sources);
}

const EVERYWHERE: Scene = {
  env: { TRIBA_SOCKET: "/a/s", XDG_RUNTIME_DIR: "/run/user/1000" },
  argument: "/b/s",
  files: { [SESSION]: SOCKET, [TMP]: FOLDER, [`${TMP}/triba.sock`]: SOCKET },
};

Deno.test("findSocketAddress: the places in the order of the document", async (t) => {
  const session = { XDG_RUNTIME_DIR: "/run/user/1000" };
  const cases: readonly (readonly [string, Scene, string])[] = [
    ["TRIBA_SOCKET", EVERYWHERE, "/a/s"],
    ["an abstract name in TRIBA_SOCKET", { env: { TRIBA_SOCKET: "@name" } }, "@name"],
    ["argv[2]", { ...EVERYWHERE, env: session }, "/b/s"],
    ["an abstract name in argv[2]", { ...EVERYWHERE, env: session, argument: "@b" }, "@b"],
    ["an empty variable is none", { ...EVERYWHERE, env: { TRIBA_SOCKET: "" } }, "/b/s"],
    ["another argv[2] is not ours", { ...EVERYWHERE, env: session, argument: "./x" }, SESSION],
    ["the session's folder", { env: session, files: { [SESSION]: SOCKET } }, SESSION],
    [
      "the user's folder in /tmp",
      { env: session, files: { [TMP]: FOLDER, [`${TMP}/triba.sock`]: SOCKET } },
      `${TMP}/triba.sock`,
    ],
  ];
  for (const [name, scene, expected] of cases) {
    await t.step(name, async () => assertEquals(await find(scene), expected));
  }
});

Deno.test("findSocketAddress: a folder in /tmp that is not the user's alone is refused", async (t) => {
  const socket = { [`${TMP}/triba.sock`]: SOCKET };
  const folders: readonly (readonly [string, Deno.FileInfo, number | null])[] = [
    ["another user's", info(true, 0o040700, 1001), UID],
    ["open to others", info(true, 0o040755), UID],
    ["open to the group", info(true, 0o040710), UID],
    ["sticky", info(true, 0o041700), UID],
    ["a link", info(false, 0o120777), UID],
  ];
  for (const [name, folder, uid] of folders) {
    await t.step(name, async () => {
      const files = { [TMP]: folder, ...socket };
      const fault = await assertRejects(() => find({ files, uid }), NetFault);
      assertEquals(fault.code, "denied");
    });
  }
});

Deno.test("findSocketAddress: no socket anywhere is a fault that says so", async () => {
  const scenes: Scene[] = [{}, { env: { XDG_RUNTIME_DIR: "/x" } }, { files: { [TMP]: FOLDER } }];
  for (const scene of scenes) {
    assertEquals((await assertRejects(() => find(scene), NetFault)).code, "refused");
  }
});

Deno.test("ownArguments: an address in front is the core's, unless the environment names one", () => {
  const unset = () => undefined;
  const set = () => "/a/s";
  assertEquals(ownArguments([], unset), []);
  assertEquals(ownArguments(["/b/s", "x"], unset), ["x"]);
  assertEquals(ownArguments(["@b", "x"], unset), ["x"]);
  assertEquals(ownArguments(["x", "/b/s"], unset), ["x", "/b/s"]);
  assertEquals(ownArguments(["/etc/own.toml"], set), ["/etc/own.toml"]);
});

/** Deno 2.6 has them with all permissions only. */
const HAS_ABSTRACT_NAMES = !Deno.version.deno.startsWith("2.6.");

Deno.test({
  name: "connectSocket: an abstract name where the runtime has none is a clear fault",
  ignore: HAS_ABSTRACT_NAMES,
  fn: async () => {
    const fault = await assertRejects(() => connectSocket("@triba-test"), NetFault);
    assertEquals(fault.code, "denied");
  },
});

Deno.test("connectSocket: paths and abstract names, and a fault that shows the address", async () => {
  await withTemporaryFolder(async (folder) => {
    const abstract = `@triba-${crypto.randomUUID()}`;
    for (const address of [`${folder}/s`, ...(HAS_ABSTRACT_NAMES ? [abstract] : [])]) {
      const fault = await assertRejects(() => connectSocket(address), NetFault);
      assertEquals(fault.code, "refused");
      assertEquals(fault.message.includes(`"${address}"`), true);
      const path = address.replace(/^@/, "\0");
      using listener = Deno.listen({ transport: "unix", path });
      const [stream, connection] = await Promise.all([connectSocket(address), listener.accept()]);
      await stream.write(new Uint8Array([1, 2]));
      const buffer = new Uint8Array(4);
      assertEquals(await connection.read(buffer), 2);
      stream.close();
      connection.close();
    }
  });
});
