import { assert, assertEquals } from "@std/assert";
import { concat } from "@std/bytes/concat";
import {
  decodeCommit,
  type DirectoryLimits,
  type DirectoryTree,
  encodeCommit,
  encodeTree,
  type EntryToPlan,
  hashObject,
  ObjectIndex,
  packDirectory,
  PackReader,
  planDirectory,
  resolveDirectory,
  type TreeEntry,
  walkDirectory,
} from "../../../lib/git/mod.ts";
import {
  assertFault,
  KIND,
  MemoryStore,
  type RawObject,
  rawPack,
  recordedPack,
  streamOf,
} from "../../support/git.ts";

const utf8 = new TextEncoder();

function blob(content: string): RawObject {
  return { kind: KIND.blob, content: utf8.encode(content) };
}

type Named = readonly [type: TreeEntry["type"], name: string, of: RawObject];

function tree(...entries: readonly Named[]) {
  const content = encodeTree(entries.map(([type, name, of]) => ({
    type,
    name: utf8.encode(name),
    hash: hashObject(type === "file" ? "blob" : "tree", of.content),
  })));
  return { kind: KIND.tree, content };
}

function commit(root: RawObject): RawObject {
  const hash = hashObject("tree", root.content);
  return {
    kind: KIND.commit,
    content: encodeCommit({ name: utf8.encode("dir"), tree: hash, number: 1 }),
  };
}

async function resolve(
  pack: Uint8Array | readonly RawObject[],
  limits?: DirectoryLimits,
): Promise<{ readonly tree: DirectoryTree<number>; readonly listing: Record<string, string> }> {
  const store = new MemoryStore();
  const index = new ObjectIndex(store);
  const bytes = pack instanceof Uint8Array ? pack : rawPack(pack);
  for await (const object of await PackReader.open(streamOf(bytes))) await index.add(object);
  const tree = await resolveDirectory(index, limits);
  assertEquals(store.unclosed, 0);
  const decoder = new TextDecoder();
  const listing: Record<string, string> = {};
  for (const { path, node } of walkDirectory(tree.root)) {
    listing[path.map((name) => decoder.decode(name)).join("/")] = node.type === "file"
      ? decoder.decode(store.contents[node.object])
      : "";
  }
  return { tree, listing };
}

const ONE = blob("one");
const SUB = tree(["file", "in", ONE]);
const ROOT = tree(["file", "a", ONE], ["directory", "sub", SUB]);

Deno.test("resolveDirectory: session-directory-nonce12", async () => {
  const { records } = recordedPack("directory-nonce12");
  const { tree, listing } = await resolve(concat(records));
  assertEquals(listing, { "1.txt": "one\n", "sub": "", "sub/2.txt": "two two\n" });
  assertEquals(new TextDecoder().decode(tree.name), "small");
  assertEquals([tree.files, tree.folders, tree.bytes], [2, 2, 12]);
});

Deno.test("resolveDirectory: objects may come in any order, with others that nobody names", async () => {
  const objects = [ROOT, SUB, blob("surplus"), commit(ROOT), tree(["file", "x", blob("no")]), ONE];
  for (const order of [objects, objects.toReversed()]) {
    assertEquals((await resolve(order)).listing, { "a": "one", "sub": "", "sub/in": "one" });
  }
});

Deno.test("resolveDirectory: an empty directory", async () => {
  const { tree: found, listing } = await resolve([tree(), commit(tree())]);
  assertEquals(listing, {});
  assertEquals([found.files, found.folders, found.bytes], [0, 1, 0]);
});

Deno.test("bob-relay 10.3: a directory with its kinds exchanged is read all the same", async () => {
  const exchanged = [ONE, SUB, ROOT].map(({ kind, content }) => ({
    kind: kind === KIND.blob ? KIND.tree : KIND.blob,
    content,
  }));
  const { listing } = await resolve([...exchanged, commit(ROOT)]);
  assertEquals(listing, { "a": "one", "sub": "", "sub/in": "one" });
});

Deno.test("resolveDirectory: gives names as they are and checks none", async () => {
  const root = tree(["file", "..", ONE], ["file", "C:\\x", ONE]);
  assertEquals(Object.keys((await resolve([ONE, root, commit(root)])).listing), ["..", "C:\\x"]);
});

Deno.test("resolveDirectory: refuses a pack without commit", async () => {
  await assertFault("commit", () => resolve([ONE, SUB, ROOT]));
});

Deno.test("bob-relay 7.4: a tree that names a missing object is refused", async () => {
  await assertFault("missing", () => resolve([SUB, ROOT, commit(ROOT)]), "blob");
  await assertFault("missing", () => resolve([ONE, ROOT, commit(ROOT)]), "tree");
  await assertFault("missing", () => resolve([ONE, SUB, commit(ROOT)]), "root");
});

Deno.test("resolveDirectory: refuses a folder that is none", async () => {
  const content = utf8.encode("not a tree");
  const fake = { kind: KIND.tree, content };
  await assertFault("tree", () => resolve([fake, commit(fake)]));
});

/** Folders that hold the one before under many names. */
function nest(depth: number, width: number, innermost = SUB): RawObject[] {
  const folders = [innermost];
  for (let i = 1; i < depth; i++) {
    const below = folders.at(-1) as RawObject;
    const names = Array.from({ length: width }, (_, name) => `${name}`);
    folders.push(tree(...names.map((name) => ["directory", name, below] as const)));
  }
  return [ONE, ...folders, commit(folders.at(-1) as RawObject)];
}

Deno.test("resolveDirectory: follows 256 folders and refuses one more", async () => {
  assertEquals((await resolve(nest(256, 1))).tree.folders, 256);
  await assertFault("limit", () => resolve(nest(257, 1)));
});

Deno.test("resolveDirectory: the depth is counted where a known folder is met again", async () => {
  const deep = nest(200, 1);
  const top = deep.at(-2) as RawObject;
  const wrap = (inner: RawObject, times: number): RawObject[] => {
    const outer = [inner];
    for (let i = 0; i < times; i++) {
      outer.push(tree(["directory", "x", outer.at(-1) as RawObject]));
    }
    return outer.slice(1);
  };
  const [shallow, far] = [wrap(top, 10), wrap(top, 60)];
  // The names make the shallow way the first that is followed.
  const root = tree(
    ["directory", "a", shallow.at(-1) as RawObject],
    ["directory", "b", far.at(-1) as RawObject],
  );
  const objects = [...deep.slice(0, -1), ...shallow, ...far.slice(10), root, commit(root)];
  await assertFault("limit", () => resolve(objects));
});

Deno.test("resolveDirectory: a small pack that stands for 10^20 files is refused at once", async () => {
  const started = performance.now();
  await assertFault("limit", () => resolve(nest(21, 10)));
  await assertFault("limit", () => resolve(nest(21, 10), { maxEntries: 1e15 }));
  assert(performance.now() - started < 5000);
});

Deno.test("resolveDirectory: counts what would be created, not what is stored", async () => {
  const twice = nest(3, 2);
  const { tree: found } = await resolve(twice);
  assertEquals([found.files, found.folders, found.bytes], [4, 7, 12]);
  await resolve(twice, { maxEntries: 11, maxBytes: 12 });
  await assertFault("limit", () => resolve(twice, { maxEntries: 10 }));
  await assertFault("limit", () => resolve(twice, { maxBytes: 11 }));
});

Deno.test("resolveDirectory: reads back what packDirectory wrote of a large directory", async () => {
  const content = (i: number) => utf8.encode(`file ${i % 900}\n`.repeat(1 + i % 50));
  const entries = Array.from({ length: 2000 }, (_, i): EntryToPlan => ({
    type: "file",
    path: [`d${i % 7}`, `e${i % 31}`, `f${i}`],
    size: content(i).length,
    hash: hashObject("blob", content(i)),
  }));
  const plan = planDirectory("d", entries);
  const pack = packDirectory(plan, ({ entry }) => streamOf(content(entry)));
  const index = new ObjectIndex(new MemoryStore());
  const reader = await PackReader.open(pack);
  assertEquals(reader.objects, plan.objects);
  for await (const object of reader) await index.add(object);
  const { files, folders, bytes } = await resolveDirectory(index);
  assertEquals([files, files + folders + 1], [2000, decodeCommit(plan.commit).number]);
  assertEquals(bytes, entries.reduce((sum, _, i) => sum + content(i).length, 0));
});
