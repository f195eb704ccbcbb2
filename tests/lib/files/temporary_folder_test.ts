import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { FileFault, TemporaryFolder } from "../../../lib/files/mod.ts";
import {
  codeOf,
  modeOf,
  namesIn,
  takeNames,
  withReplaced,
  withTemporaryFolder,
} from "../../support/folder.ts";

Deno.test("TemporaryFolder is private, and appears under its name when it is placed", async () => {
  await withTemporaryFolder(async (folder) => {
    {
      await using inner = await TemporaryFolder.create(`${folder}/photos`);
      assertMatch(inner.path.slice(folder.length), /^\/\.photos\.sallyport-[a-z0-9]{6}$/);
      assertEquals(modeOf(inner.path), 0o700);
      await Deno.writeTextFile(`${inner.path}/a`, "a");
      await inner.place(inner.path, `${folder}/photos`);
    }
    assertEquals(namesIn(folder), ["photos"]);
    assertEquals(namesIn(`${folder}/photos`), ["a"]);
  });
});

Deno.test("TemporaryFolder.place gives a folder inside of it the name, and the rest goes", async () => {
  await withTemporaryFolder(async (folder) => {
    {
      await using work = await TemporaryFolder.create(`${folder}/photos`);
      await Deno.mkdir(`${work.path}/tree/sub`, { recursive: true });
      await Deno.writeTextFile(`${work.path}/record`, "left over");
      await work.place(`${work.path}/tree`, `${folder}/photos`);
      assertEquals(namesIn(work.path), ["record"]);
    }
    assertEquals(namesIn(folder), ["photos"]);
    assertEquals(namesIn(`${folder}/photos`), ["sub"]);
  });
});

Deno.test("TemporaryFolder leaves nothing when it is not placed, links in it not followed", async () => {
  await withTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/other`);
    await Deno.writeTextFile(`${folder}/other/a`, "old");
    const inner = await TemporaryFolder.create(`${folder}/photos`);
    await Deno.mkdir(`${inner.path}/sub/sub`, { recursive: true });
    await Deno.symlink("../../other", `${inner.path}/sub/link`);
    await inner[Symbol.asyncDispose]();
    await inner[Symbol.asyncDispose]();
    assertEquals(namesIn(folder), ["other"]);
    assertEquals(namesIn(`${folder}/other`), ["a"]);
  });
});

Deno.test("TemporaryFolder.place replaces nothing that exists", async () => {
  await withTemporaryFolder(async (folder) => {
    const names = await takeNames(folder);
    for (const name of names) {
      await using inner = await TemporaryFolder.create(`${folder}/${name}`);
      await Deno.writeTextFile(`${inner.path}/new`, "new");
      const place = () => inner.place(inner.path, `${folder}/${name}`);
      assertEquals(await codeOf(place), "exists", name);
    }
    assertEquals(namesIn(folder), names);
    assertEquals([namesIn(`${folder}/empty`), namesIn(`${folder}/full`)], [[], ["a"]]);
    assertEquals(await Deno.readLink(`${folder}/dangling`), "nowhere");
  });
});

Deno.test("TemporaryFolder.place lets exactly one of many win", async () => {
  await withTemporaryFolder(async (folder) => {
    const target = `${folder}/a`;
    const results = await Promise.all(Array.from({ length: 16 }, async (_, i) => {
      await using inner = await TemporaryFolder.create(target);
      await Deno.writeTextFile(`${inner.path}/${i}`, "");
      try {
        await inner.place(inner.path, target);
        return String(i);
      } catch (error) {
        return error instanceof FileFault ? error.code : "another error";
      }
    }));
    assertEquals(results.filter((result) => result === "exists").length, 15);
    assertEquals(namesIn(target), results.filter((result) => result !== "exists"));
    assertEquals(namesIn(folder), ["a"]);
  });
});

Deno.test("TemporaryFolder.place gives the name back when it fails", async () => {
  await withTemporaryFolder(async (folder) => {
    {
      await using inner = await TemporaryFolder.create(`${folder}/a`);
      const place = () => inner.place(`${inner.path}/missing`, `${folder}/a`);
      assertEquals(await codeOf(place), "missing");
    }
    assertEquals(namesIn(folder), []);
  });
});

Deno.test("TemporaryFolder.place leaves what somebody else put under the name meanwhile", async () => {
  await withTemporaryFolder(async (folder) => {
    const own = Deno.rename;
    const late = async (from: string | URL, to: string | URL) => {
      await Deno.writeTextFile(`${to}/stranger`, "old");
      await own(from, to);
    };
    await withReplaced("rename", late, async () => {
      await using inner = await TemporaryFolder.create(`${folder}/a`);
      await Deno.writeTextFile(`${inner.path}/new`, "new");
      await assertRejects(() => inner.place(inner.path, `${folder}/a`), FileFault);
    });
    assertEquals(namesIn(folder), ["a"]);
    assertEquals(namesIn(`${folder}/a`), ["stranger"]);
  });
});
