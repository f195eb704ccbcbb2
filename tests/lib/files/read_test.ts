import { assert, assertEquals, assertRejects } from "@std/assert";
import { concat } from "@std/bytes/concat";
import { FileFault, readContent } from "../../../lib/files/mod.ts";
import { withTemporaryFolder } from "../../support/folder.ts";
import { Random } from "../../support/fuzz.ts";

const CHUNK = 256 * 1024;

async function read(
  path: string,
  size: number,
  onChunk: () => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readContent(path, size)) {
    assert(chunk.length > 0 && chunk.length <= CHUNK);
    chunks.push(chunk.slice());
    onChunk();
  }
  return concat(chunks);
}

Deno.test("readContent reads a file of any size", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5]) {
      const content = new Random(size).bytes(size);
      await Deno.writeFile(path, content);
      assertEquals(await read(path, size), content, `${size} bytes`);
    }
  });
});

Deno.test("readContent notices a file that has another size than it had", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    await Deno.writeFile(path, new Uint8Array(100));
    for (const size of [0, 99, 101, 1000]) {
      const fault = await assertRejects(() => read(path, size), FileFault);
      assertEquals(fault.code, "changed");
      assertEquals(
        fault.message,
        `Cannot send "${path}": it changed while it was being sent`,
      );
    }
  });
});

Deno.test("readContent notices a file that is written, grows or shrinks meanwhile", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    const later = new Date(Date.now() + 5000);
    const changes = [
      () => Deno.utimeSync(path, later, later),
      () => Deno.truncateSync(path, 10),
      () => Deno.writeFileSync(path, Uint8Array.of(1), { append: true }),
    ];
    for (const change of changes) {
      await Deno.writeFile(path, new Uint8Array(2 * CHUNK));
      const fault = await assertRejects(() => read(path, 2 * CHUNK, change), FileFault);
      assertEquals(fault.code, "changed");
    }
  });
});

Deno.test("readContent says why a file cannot be read", async () => {
  await withTemporaryFolder(async (folder) => {
    const missing = await assertRejects(() => read(`${folder}/a`, 1), FileFault);
    assertEquals(missing.code, "missing");
    assertEquals(missing.message, `Cannot read "${folder}/a": no such file or folder`);
    const itself = await assertRejects(() => read(folder, 1), FileFault);
    assertEquals(itself.code, "not-a-file");
  });
});

Deno.test("readContent closes the file when its reader stops early", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    await Deno.writeFile(path, new Uint8Array(3 * CHUNK));
    for await (const _ of readContent(path, 3 * CHUNK)) break;
  });
}); // the leak check proves it

Deno.test("readContent lets the event loop have its turns while it reads", async () => {
  await withTemporaryFolder(async (folder) => {
    const path = `${folder}/a`;
    const chunks = 20;
    await Deno.writeFile(path, new Uint8Array(chunks * CHUNK));
    let turns = 0;
    const interval = setInterval(() => turns++, 1);
    await read(path, chunks * CHUNK, () => {
      const busy = performance.now() + 5; // as long as a share of Pace
      while (performance.now() < busy);
    });
    clearInterval(interval);
    assert(turns >= chunks / 2, `${turns} turns`);
  });
});
