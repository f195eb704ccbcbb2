import { assertEquals } from "@std/assert";
import { type FolderNode, walkDirectory } from "../../../lib/git/mod.ts";

const utf8 = new TextEncoder();

function folder(entries: FolderNode<number>["entries"]): FolderNode<number> {
  return { type: "directory", entries };
}

Deno.test("walkDirectory: gives each folder before what is in it, a shared one each time", () => {
  const shared = folder([{ name: utf8.encode("f"), node: { type: "file", size: 1, object: 7 } }]);
  const root = folder([
    { name: utf8.encode("b"), node: shared },
    { name: utf8.encode("a"), node: folder([{ name: utf8.encode("c"), node: shared }]) },
  ]);
  const decoder = new TextDecoder();
  const walked = Array.from(walkDirectory(root), ({ path, node }) => [
    path.map((name) => decoder.decode(name)).join("/"),
    node.type === "file" ? node.object : "folder",
  ]);
  assertEquals(walked, [
    ["b", "folder"],
    ["b/f", 7],
    ["a", "folder"],
    ["a/c", "folder"],
    ["a/c/f", 7],
  ]);
});

Deno.test("walkDirectory: an empty folder has nothing to give", () => {
  assertEquals([...walkDirectory(folder([]))], []);
});
