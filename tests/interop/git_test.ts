// Packs of Git's own read by this program, and packs of this program read by Git.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { encodeHex } from "@std/encoding/hex";
import {
  type EntryToPlan,
  hashObject,
  ObjectIndex,
  packDirectory,
  packFile,
  PackReader,
  planDirectory,
} from "../../lib/git/mod.ts";
import { withTemporaryFolder } from "../support/folder.ts";
import { Random } from "../support/fuzz.ts";
import {
  assertFault,
  collect,
  itemAt,
  MemoryStore,
  readObjects,
  streamOf,
} from "../support/git.ts";

const utf8 = new TextEncoder();
const present = await hasGit();

async function hasGit(): Promise<boolean> {
  try {
    return (await new Deno.Command("git", { args: ["--version"], stdout: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

class Git {
  constructor(readonly folder: string) {}

  async bytes(args: readonly string[], input: Uint8Array = new Uint8Array()): Promise<Uint8Array> {
    const command = new Deno.Command("git", {
      args: ["-c", "core.autocrlf=false", ...args],
      cwd: this.folder,
      env: { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    const child = command.spawn();
    const writer = child.stdin.getWriter();
    await writer.write(input);
    await writer.close();
    const { success, stdout, stderr } = await child.output();
    if (!success) throw new Error(`git ${args[0]}: ${new TextDecoder().decode(stderr)}`);
    return stdout;
  }

  async text(args: readonly string[], input?: Uint8Array): Promise<string> {
    return new TextDecoder().decode(await this.bytes(args, input)).trim();
  }
}

function withGit(name: string, test: (git: Git) => Promise<void>): void {
  Deno.test({
    name: present ? name : `${name} (skipped: there is no git on this machine)`,
    ignore: !present,
    fn: () =>
      withTemporaryFolder(async (folder) => {
        const git = new Git(folder);
        await git.text(["init", "--quiet"]);
        await test(git);
      }),
  });
}

/** Stores the contents in Git, and has them packed. */
async function packByGit(git: Git, contents: readonly Uint8Array[], options: readonly string[]) {
  const names: string[] = [];
  for (const content of contents) {
    names.push(await git.text(["hash-object", "-w", "--stdin"], content));
  }
  const list = utf8.encode(names.map((name) => `${name} f\n`).join(""));
  return await git.bytes(["pack-objects", "--stdout", "--quiet", ...options], list);
}

async function indexOf(pack: Uint8Array) {
  const store = new MemoryStore();
  const index = new ObjectIndex(store);
  let deepest = 0;
  let deltas = 0;
  for await (const object of await PackReader.open(streamOf(pack))) {
    if (object.kind === "delta") deltas++;
    await index.add(object);
  }
  return {
    deltas,
    deepest: () => deepest,
    read: async (content: Uint8Array) => {
      const found = await index.find("file", hashObject("blob", content));
      deepest = Math.max(deepest, found.depth);
      return store.contents[found.id];
    },
  };
}

/** Versions of a text of which each differs a little from the one before. */
function versions(count: number, lines: number): Uint8Array[] {
  const random = new Random(1);
  const text = Array.from({ length: lines }, () => encodeHex(random.bytes(20)));
  return Array.from({ length: count }, () => {
    text[random.below(lines)] = encodeHex(random.bytes(30));
    text.splice(random.below(lines), 1);
    return utf8.encode(text.join("\n"));
  });
}

withGit("PackReader: reads git pack-objects without deltas", async (git) => {
  const contents = [new Uint8Array(), utf8.encode("small"), new Random(2).bytes(200_000)];
  const index = await indexOf(await packByGit(git, contents, ["--depth=0"]));
  for (const content of contents) assertEquals(await index.read(content), content);
});

withGit("ObjectIndex: resolves the delta chains of git pack-objects", async (git) => {
  const contents = versions(60, 100);
  const options = ["--delta-base-offset", "--window=100", "--depth=50"];
  const index = await indexOf(await packByGit(git, contents, options));
  for (const content of contents) assertEquals(await index.read(content), content);
  assert(index.deltas > 50, `${index.deltas} deltas`);
  assert(index.deepest() >= 10, `${index.deepest()} deep`);
});

withGit("ObjectIndex: resolves deltas of large objects", async (git) => {
  const contents = versions(4, 50_000);
  const index = await indexOf(await packByGit(git, contents, ["--delta-base-offset"]));
  for (const content of contents) assertEquals(await index.read(content), content);
  assert(index.deltas >= 2, `${index.deltas} deltas`);
});

withGit("PackReader: refuses git pack-objects with deltas by reference", async (git) => {
  const pack = await packByGit(git, versions(5, 100), ["--window=10"]);
  await assertFault("kind", async () => readObjects(await PackReader.open(streamOf(pack))));
});

withGit("packFile: git index-pack accepts it and names the same objects", async (git) => {
  const random = new Random(3).bytes(700_000);
  const text = utf8.encode("text ".repeat(200_000));
  const mixed = concat([text, random, text]);
  for (const content of [new Uint8Array(), utf8.encode("x"), random, text, mixed]) {
    for (const compression of ["auto", "deflate", "store"] as const) {
      const file = { name: utf8.encode("f"), size: content.length, content: streamOf(content) };
      const pack = concat(await Array.fromAsync(packFile(file, { compression })));
      await Deno.writeFile(`${git.folder}/f.pack`, pack);
      await git.text(["index-pack", "f.pack"]);
      const list = await git.text(["verify-pack", "-v", "f.pack"]);
      const name = encodeHex(hashObject("blob", content));
      assertMatch(list, new RegExp(`^${name} blob +${content.length} `, "m"));
    }
  }
});

withGit("packDirectory: git reads the trees and the files", async (git) => {
  const contents = versions(30, 20);
  const paths = contents.map((_, i) => ["a", "a.b", "a0", "é"].slice(0, i % 4).concat(`f${i}`));
  const entries = contents.map((content, i): EntryToPlan => ({
    type: "file",
    path: paths[i] as string[],
    size: content.length,
    hash: hashObject("blob", content),
  }));
  const plan = planDirectory("d", [...entries, { type: "directory", path: ["empty", "folder"] }]);
  const pieces = packDirectory(plan, ({ entry }) => streamOf(contents[entry] as Uint8Array));
  const pack = await collect(pieces);
  await git.text(["unpack-objects", "-q"], pack);
  const objects = await readObjects(await PackReader.open(streamOf(pack)));
  const roots = objects.filter(({ kind }) => kind === "tree").map(({ content }) =>
    encodeHex(hashObject("tree", content))
  );
  const root = roots.at(-1) as string;
  const listed = await git.text([
    "-c",
    "core.quotePath=false",
    "ls-tree",
    "-r",
    "--full-tree",
    root,
  ]);
  const expected = paths.map((path, i) =>
    `100644 blob ${encodeHex(hashObject("blob", contents[i] as Uint8Array))}\t${path.join("/")}`
  );
  assertEquals(listed.split("\n").sort(), expected.sort());
  const again = await git.text(["mktree"], await git.bytes(["ls-tree", root]));
  assertEquals(again, root);
  // Bob's commit is one to Git only as long as nobody reads it.
  const commit = encodeHex(hashObject("commit", itemAt(objects, 0).content));
  await Deno.remove(`${git.folder}/.git/objects/${commit.slice(0, 2)}/${commit.slice(2)}`);
  await git.text(["fsck", "--strict", "--no-dangling"]);
});
