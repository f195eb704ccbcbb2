import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  FileFault,
  requireFree,
  splitPath,
  statLink,
  TemporaryFile,
  TemporaryFolder,
} from "../../../lib/files/mod.ts";
import { hasProgram } from "../../support/child.ts";
import {
  codeOf,
  modeOf,
  namesIn,
  takeNames,
  withReplaced,
  withTemporaryFolder,
} from "../../support/folder.ts";

const HELLO = new TextEncoder().encode("hello");

/** Names of 255 bytes, the most that common file systems take. */
const LONG_NAMES = ["x".repeat(255), "\u65e5".repeat(85), `${"\u{1f600}".repeat(63)}abc`];

function refuse(): Promise<void> {
  return Promise.reject(new Error("Operation not permitted (os error 1)"));
}

Deno.test("splitPath gives the folder and the last part", () => {
  const cases = [
    ["a", ".", "a"],
    ["a/b", "a", "b"],
    ["/a", "/", "a"],
    ["/a/b/c", "/a/b", "c"],
    ["a/", ".", "a"],
    ["/a/b//", "/a", "b"],
    ["./a", ".", "a"],
    ["../a", "..", "a"],
    ["..", ".", ".."],
    ["/", "/", ""],
    ["//", "/", ""],
    ["", ".", ""],
    ["a b/c\n", "a b", "c\n"],
  ];
  for (const [path, folder, name] of cases) {
    assertEquals({ ...splitPath(path as string) }, { folder, name } as never, path);
  }
});

Deno.test("TemporaryFile lies hidden beside its target and appears under its name when it is placed", async () => {
  await withTemporaryFolder(async (folder) => {
    const target = `${folder}/a.txt`;
    {
      await using file = await TemporaryFile.create(target, 0o600);
      assertMatch(file.path.slice(folder.length), /^\/\.a\.txt\.sallyport-[a-z0-9]{6}$/);
      assertEquals(modeOf(file.path), 0o600);
      file.write(HELLO);
      file.write(new Uint8Array());
      file.write(HELLO);
      assertEquals(namesIn(folder).length, 1);
      await file.place(target, false);
      assertEquals(namesIn(folder), ["a.txt"]);
    }
    assertEquals(namesIn(folder), ["a.txt"]);
    assertEquals(await Deno.readTextFile(target), "hellohello");
    assertEquals(modeOf(target), 0o600);
  });
});

Deno.test("TemporaryFile leaves nothing when it is not placed, however often it is disposed of", async () => {
  await withTemporaryFolder(async (folder) => {
    const file = await TemporaryFile.create(`${folder}/a`, 0o600);
    file.write(HELLO);
    await file[Symbol.asyncDispose]();
    assertEquals(namesIn(folder), []);
    await file[Symbol.asyncDispose]();
    const removed = await TemporaryFile.create(`${folder}/a`, 0o600);
    await Deno.remove(removed.path);
    await removed[Symbol.asyncDispose]();
  });
});

Deno.test("TemporaryFile.write fails with a fault once the file is placed", async () => {
  await withTemporaryFolder(async (folder) => {
    await using file = await TemporaryFile.create(`${folder}/a`, 0o600);
    await file.place(`${folder}/a`, false);
    assertEquals(await codeOf(() => Promise.resolve().then(() => file.write(HELLO))), "failed");
    assertEquals(await Deno.readTextFile(`${folder}/a`), "");
  });
});

Deno.test("TemporaryFile.place replaces nothing that exists", async () => {
  await withTemporaryFolder(async (folder) => {
    const names = await takeNames(folder);
    for (const name of names) {
      await using file = await TemporaryFile.create(`${folder}/${name}`, 0o600);
      file.write(HELLO);
      const place = () => file.place(`${folder}/${name}`, false);
      assertEquals(await codeOf(place), "exists", name);
    }
    assertEquals(namesIn(folder), names);
    assertEquals(await Deno.readTextFile(`${folder}/file`), "old");
    assertEquals(await Deno.readLink(`${folder}/dangling`), "nowhere");
  });
});

Deno.test("TemporaryFile.place with overwriting replaces files and links, not what links point to", async () => {
  await withTemporaryFolder(async (folder) => {
    const names = await takeNames(folder);
    for (const name of ["link", "dangling", "file", "new"]) {
      await using file = await TemporaryFile.create(`${folder}/${name}`, 0o640);
      file.write(HELLO);
      await file.place(`${folder}/${name}`, true);
      assertEquals(Deno.lstatSync(`${folder}/${name}`).isFile, true, name);
      assertEquals(await Deno.readTextFile(`${folder}/${name}`), "hello", name);
      assertEquals(modeOf(`${folder}/${name}`), 0o640 & ~Deno.umask(), name);
      if (name === "link") assertEquals(await Deno.readTextFile(`${folder}/file`), "old");
    }
    for (const name of ["empty", "full"]) {
      await using file = await TemporaryFile.create(`${folder}/${name}`, 0o600);
      assertEquals(await codeOf(() => file.place(`${folder}/${name}`, true)), "not-a-file", name);
    }
    assertEquals(namesIn(folder), [...names, "new"].sort());
  });
});

Deno.test("TemporaryFile.place lets exactly one of many win", async () => {
  await withTemporaryFolder(async (folder) => {
    const target = `${folder}/a`;
    const results = await Promise.all(Array.from({ length: 16 }, async (_, i) => {
      await using file = await TemporaryFile.create(target, 0o600);
      file.write(Uint8Array.of(i));
      try {
        await file.place(target, false);
        return i;
      } catch (error) {
        return error instanceof FileFault ? error.code : "another error";
      }
    }));
    const winners = results.filter((result) => typeof result === "number");
    assertEquals(winners.length, 1);
    assertEquals(results.filter((result) => result === "exists").length, 15);
    assertEquals([...Deno.readFileSync(target)], winners);
    assertEquals(namesIn(folder), ["a"]);
  });
});

Deno.test("TemporaryFile and TemporaryFolder take names of 255 bytes", async () => {
  for (const name of LONG_NAMES) {
    await withTemporaryFolder(async (folder) => {
      assertEquals(new TextEncoder().encode(name).length, 255);
      {
        await using file = await TemporaryFile.create(`${folder}/${name}`, 0o600);
        const hidden = namesIn(folder)[0] ?? "";
        assertMatch(hidden, /^\..+\.sallyport-[a-z0-9]{6}$/u);
        assert(hidden.isWellFormed() && !hidden.includes("\ufffd"), hidden);
        assert(name.startsWith(hidden.slice(1, -17)), hidden);
        assert(new TextEncoder().encode(hidden).length > 250, "no shorter than it must be");
        await file.place(`${folder}/${name}`, false);
      }
      assertEquals(namesIn(folder), [name]);
      await Deno.remove(`${folder}/${name}`);
      await using inner = await TemporaryFolder.create(`${folder}/${name}`);
      await inner.place(inner.path, `${folder}/${name}`);
      assertEquals(namesIn(folder), [name]);
    });
  }
});

Deno.test("TemporaryFile leaves nothing when the name is too long to be placed", async () => {
  await withTemporaryFolder(async (folder) => {
    const target = `${folder}/${"x".repeat(256)}`;
    {
      await using file = await TemporaryFile.create(target, 0o600);
      assertEquals(await codeOf(() => file.place(target, false)), "failed");
    }
    assertEquals(namesIn(folder), []);
  });
});

Deno.test("TemporaryFile and TemporaryFolder say why they cannot be created", async () => {
  await withTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    const cases = [["missing/a", "missing"], ["file/a", "not-a-folder"]] as const;
    for (const [path, code] of cases) {
      const target = `${folder}/${path}`;
      for (
        const create of [
          () => TemporaryFile.create(target, 0o600),
          () => TemporaryFolder.create(target),
        ]
      ) {
        const fault = await assertRejects(
          create,
          FileFault,
          `Cannot create a file for "${target}"`,
        );
        assertEquals(fault.code, code);
      }
    }
    assertEquals(namesIn(folder), ["file"]);
  });
});

Deno.test("TemporaryFile tries another name where one is taken, and gives up some time", async () => {
  await withTemporaryFolder(async (folder) => {
    const own = crypto.getRandomValues;
    let zeros = 0;
    const draw = <T extends ArrayBufferView | null>(array: T): T => {
      if (zeros-- <= 0) return own.call(crypto, array as never) as T;
      return array;
    };
    crypto.getRandomValues = draw as typeof own;
    try {
      await Deno.writeTextFile(`${folder}/.a.sallyport-aaaaaa`, "old");
      zeros = 3;
      {
        await using file = await TemporaryFile.create(`${folder}/a`, 0o600);
        file.write(HELLO);
        assertEquals(namesIn(folder).length, 2);
      }
      zeros = 1000;
      assertEquals(await codeOf(() => TemporaryFile.create(`${folder}/a`, 0o600)), "exists");
      assertEquals(await Deno.readTextFile(`${folder}/.a.sallyport-aaaaaa`), "old");
      assertEquals(namesIn(folder).length, 1);
    } finally {
      crypto.getRandomValues = own;
    }
  });
});

Deno.test("TemporaryFile.place works where the file system has no links", async () => {
  await withTemporaryFolder(async (folder) => {
    const names = await takeNames(folder);
    await withReplaced("link", refuse, async () => {
      for (const name of names) {
        await using file = await TemporaryFile.create(`${folder}/${name}`, 0o600);
        assertEquals(await codeOf(() => file.place(`${folder}/${name}`, false)), "exists", name);
      }
      await using file = await TemporaryFile.create(`${folder}/new`, 0o600);
      file.write(HELLO);
      await file.place(`${folder}/new`, false);
    });
    assertEquals(namesIn(folder), [...names, "new"].sort());
    assertEquals(await Deno.readTextFile(`${folder}/new`), "hello");
    assertEquals(modeOf(`${folder}/new`), 0o600);
  });
});

Deno.test("TemporaryFile.place leaves no empty file when it fails without links", async () => {
  await withTemporaryFolder(async (folder) => {
    await withReplaced("link", refuse, async () => {
      await withReplaced("rename", refuse, async () => {
        await using file = await TemporaryFile.create(`${folder}/a`, 0o600);
        assertEquals(await codeOf(() => file.place(`${folder}/a`, false)), "failed");
      });
    });
    assertEquals(namesIn(folder), []);
  });
});

Deno.test({
  name: "TemporaryFile leaves nothing on a disk that is full",
  ignore: !canMount(),
  fn: async () => {
    await withTemporaryFolder(async (folder) => {
      const script = new URL("../../support/fill_disk.ts", import.meta.url).pathname;
      const { stdout, stderr } = await new Deno.Command("unshare", {
        args: [
          ...[
            "-Urm",
            "sh",
            "-c",
            'mount -t tmpfs -o size=256k tmpfs "$1" && exec "$2" run -A "$3" "$1"',
          ],
          ...["sh", folder, Deno.execPath(), script],
        ],
      }).output();
      const text = new TextDecoder();
      assertEquals(text.decode(stderr), "");
      assertEquals(JSON.parse(text.decode(stdout)), {
        writing: ["full", "Cannot write PATH: the disk is full"],
        before: "full",
        during: 1,
        left: [],
      });
    });
  },
});

/** Whether this user may mount a file system that only a child sees. */
function canMount(): boolean {
  if (!hasProgram("unshare")) return false;
  const folder = Deno.makeTempDirSync();
  const mount = ["-Urm", "mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder];
  const { success } = new Deno.Command("unshare", { args: mount, stderr: "null" }).outputSync();
  Deno.removeSync(folder);
  return success;
}

Deno.test("requireFree refuses a name that anything has, a dangling link too", async () => {
  await withTemporaryFolder(async (folder) => {
    await takeNames(folder);
    const cases = [
      ["file", "a file"],
      ["empty", "a folder"],
      ["link", "a link"],
      ["dangling", "a link"],
    ] as const;
    for (const [name, kind] of cases) {
      const fault = await assertRejects(() => requireFree(`${folder}/${name}`), FileFault);
      assertEquals(fault.code, "exists");
      assertEquals(
        fault.message,
        `Cannot create "${folder}/${name}": ${kind} of this name exists already`,
      );
    }
    await requireFree(`${folder}/free`);
    await requireFree(`${folder}/missing/free`);
    assertEquals(await codeOf(() => requireFree(`${folder}/file/a`)), "not-a-folder");
  });
});

Deno.test("statLink looks at a link itself", async () => {
  await withTemporaryFolder(async (folder) => {
    await takeNames(folder);
    assertEquals((await statLink(`${folder}/link`))?.isSymlink, true);
    assertEquals((await statLink(`${folder}/dangling`))?.isSymlink, true);
    assertEquals((await statLink(`${folder}/full`))?.isDirectory, true);
    assertEquals(await statLink(`${folder}/missing`), undefined);
  });
});
