import { assertEquals, assertRejects } from "@std/assert";
import { FileFault, readTree, type Tree } from "../../../lib/files/mod.ts";
import { hasProgram } from "../../support/child.ts";
import { withTemporaryFolder } from "../../support/folder.ts";

/** Makes files (text: content) and folders (null) and links ("-> TARGET"). */
async function make(
  folder: string,
  things: Readonly<Record<string, string | null>>,
): Promise<void> {
  for (const [name, thing] of Object.entries(things)) {
    const path = `${folder}/${name}`;
    await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
    if (thing === null) await Deno.mkdir(path, { recursive: true });
    else if (thing.startsWith("-> ")) await Deno.symlink(thing.slice(3), path);
    else await Deno.writeTextFile(path, thing);
  }
}

/** The tree as lines: `PATH/` for a folder, `PATH SIZE` for a file. */
function linesOf({ entries }: Tree): string[] {
  return entries.map(({ path, kind, size }) =>
    kind === "folder" ? `${path.join("/")}/` : `${path.join("/")} ${size}`
  );
}

function skippedOf({ skipped }: Tree, folder: string): string[] {
  return skipped.map(({ source, reason }) => `${source.replace(`${folder}/`, "")}: ${reason}`);
}

/** A folder under its real path, since trees name real paths. */
async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (folder) => await run(await Deno.realPath(folder)));
}

const VISIBLE = { hidden: false };

Deno.test("readTree reads a single file as its own root", async () => {
  await withFolder(async (folder) => {
    await make(folder, { "a.txt": "hello" });
    assertEquals(await readTree([`${folder}/a.txt`], VISIBLE), {
      name: "a.txt",
      entries: [{ path: [], kind: "file", size: 5, source: `${folder}/a.txt` }],
      skipped: [],
    });
  });
});

Deno.test("readTree reads a folder with folders before their content, sorted by name", async () => {
  await withFolder(async (folder) => {
    await make(folder, {
      "d/b/z": "1",
      "d/b/a": "12",
      "d/B": "",
      "d/a.txt": "123",
      "d/empty": null,
    });
    const tree = await readTree([`${folder}/d`], VISIBLE);
    assertEquals(tree.name, "d");
    assertEquals(linesOf(tree), ["/", "B 0", "a.txt 3", "b/", "b/a 2", "b/z 1", "empty/"]);
    assertEquals(tree.entries.at(-2)?.source, `${folder}/d/b/z`);
    assertEquals(tree.skipped, []);
  });
});

Deno.test("readTree names a tree after the folder that . and .. stand for", async () => {
  await withFolder(async (folder) => {
    await make(folder, { "photos/2024/a": "x" });
    const cases = [
      [`${folder}/photos/`, "photos"],
      [`${folder}/photos/.`, "photos"],
      [`${folder}/photos/2024/..`, "photos"],
      [`${folder}/photos/../photos/2024//`, "2024"],
    ] as const;
    for (const [path, name] of cases) {
      assertEquals((await readTree([path], VISIBLE)).name, name, path);
    }
  });
});

Deno.test("readTree puts several paths into one folder named after what holds them", async () => {
  await withFolder(async (folder) => {
    await make(folder, { "trip/a.txt": "1", "trip/sub/b.txt": "12", "trip/sub/c/d": "" });
    const tree = await readTree([`${folder}/trip/sub/c`, `${folder}/trip/a.txt`], VISIBLE);
    assertEquals(tree.name, "trip");
    assertEquals(linesOf(tree), ["/", "c/", "c/d 0", "a.txt 1"]);
    const nearer = await readTree([`${folder}/trip/sub/b.txt`, `${folder}/trip/sub/c`], VISIBLE);
    assertEquals(nearer.name, "sub");
  });
});

Deno.test("readTree refuses two paths of one name", async () => {
  await withFolder(async (folder) => {
    await make(folder, { "x/a": "1", "y/a": "2" });
    const paths = [`${folder}/x/a`, `${folder}/y/a`];
    const fault = await assertRejects(() => readTree(paths, VISIBLE), FileFault);
    assertEquals(fault.code, "name");
    assertEquals(
      fault.message,
      `Cannot send "${paths[0]}" and "${paths[1]}" together: both are called "a"`,
    );
  });
});

Deno.test("readTree leaves hidden names out unless they are wanted; a root is always taken", async () => {
  await withFolder(async (folder) => {
    await make(folder, { ".git/config": "x", ".git/.lock": "", "d/.env": "12", "d/.x/y": "" });
    const root = await readTree([`${folder}/.git`], VISIBLE);
    assertEquals([root.name, linesOf(root)], [".git", ["/", "config 1"]]);
    assertEquals(skippedOf(root, folder), [".git/.lock: hidden"]);
    const without = await readTree([`${folder}/d`], VISIBLE);
    assertEquals(linesOf(without), ["/"]);
    assertEquals(skippedOf(without, folder), ["d/.env: hidden", "d/.x: hidden"]);
    const all = await readTree([`${folder}/d`], { hidden: true });
    assertEquals([linesOf(all), all.skipped], [["/", ".env 2", ".x/", ".x/y 0"], []]);
  });
});

Deno.test("readTree follows links inside of the folder only", async () => {
  await withFolder(async (folder) => {
    await make(folder, {
      "secret": "password",
      "d-other/a": "1",
      "d/file": "123",
      "d/sub/deep": "1",
      "d/to-file": "-> file",
      "d/to-sub": "-> sub",
      "d/sub/to-file": "-> ../file",
      "d/absolute": `-> ${folder}/d/file`,
      "d/out": "-> ../secret",
      "d/out-absolute": "-> /etc/passwd",
      "d/sibling": "-> ../d-other/a",
      "d/parent": "-> ..",
      "d/broken": "-> nowhere",
    });
    const tree = await readTree([`${folder}/d`], VISIBLE);
    assertEquals(linesOf(tree), [
      ...["/", "absolute 3", "file 3", "sub/", "sub/deep 1", "sub/to-file 3"],
      ...["to-file 3", "to-sub/", "to-sub/deep 1", "to-sub/to-file 3"],
    ]);
    assertEquals(skippedOf(tree, folder), [
      "d/broken: broken link",
      "d/out: link out of the folder",
      "d/out-absolute: link out of the folder",
      "d/parent: link out of the folder",
      "d/sibling: link out of the folder",
    ]);
    for (const { source } of tree.entries) assertEquals(source, await Deno.realPath(source));
  });
});

Deno.test("readTree follows a root that is a link, under the link's name", async () => {
  await withFolder(async (folder) => {
    await make(folder, { "real/a": "1", "shown": "-> real" });
    const tree = await readTree([`${folder}/shown`], VISIBLE);
    assertEquals([tree.name, linesOf(tree)], ["shown", ["/", "a 1"]]);
    assertEquals(tree.entries[1]?.source, `${folder}/real/a`);
  });
});

Deno.test("readTree leaves loops of links out", async () => {
  await withFolder(async (folder) => {
    await make(folder, {
      "d/a/up": "-> ..",
      "d/a/self": "-> .",
      "d/a/b/far": "-> ../../a",
      "d/x": "-> y",
      "d/y": "-> x",
    });
    const tree = await readTree([`${folder}/d`], VISIBLE);
    assertEquals(linesOf(tree), ["/", "a/", "a/b/"]);
    assertEquals(skippedOf(tree, folder), [
      "d/a/b/far: loop of links",
      "d/a/self: loop of links",
      "d/a/up: loop of links",
      "d/x: broken link",
      "d/y: broken link",
    ]);
  });
});

Deno.test("readTree says which path does not exist, a broken link too", async () => {
  await withFolder(async (folder) => {
    await make(folder, { "there": "", "broken": "-> nowhere" });
    for (const name of ["missing", "broken", "there/x"]) {
      const path = `${folder}/${name}`;
      const fault = await assertRejects(
        () => readTree([`${folder}/there`, path], VISIBLE),
        FileFault,
      );
      assertEquals(fault.code, name === "there/x" ? "not-a-folder" : "missing");
      assertEquals(fault.message.startsWith(`Cannot read "${path}": `), true, fault.message);
    }
  });
});

Deno.test({
  name: "readTree takes no pipes, and no names that are not UTF-8",
  ignore: !hasProgram("mkfifo"),
  fn: async () => {
    await withFolder(async (folder) => {
      await make(folder, { "d/a": "1", "d/\ufffd": "12", "d/to-pipe": "-> pipe" });
      const script = 'mkfifo "$1/pipe" && : > "$1/$(printf "b\\377")"';
      const { success } = await new Deno.Command("sh", {
        args: ["-c", script, "sh", `${folder}/d`],
      })
        .output();
      assertEquals(success, true);
      const tree = await readTree([`${folder}/d`], VISIBLE);
      assertEquals(linesOf(tree), ["/", "a 1", "\ufffd 2"]);
      const unseen = Deno.version.deno.startsWith("2.6."); // does not list such names at all
      assertEquals(skippedOf(tree, folder), [
        ...(unseen ? [] : ["d/b\ufffd: name is not UTF-8"]),
        "d/pipe: neither file nor folder",
        "d/to-pipe: neither file nor folder",
      ]);
      const fault = await assertRejects(() => readTree([`${folder}/d/pipe`], VISIBLE), FileFault);
      assertEquals(fault.code, "not-a-file");
      assertEquals(fault.message, `Cannot send "${folder}/d/pipe": neither file nor folder`);
    });
  },
});
