import { assertEquals, assertRejects } from "@std/assert";
import { FileFault, readSecretFile, writeSecretFile } from "../../../lib/files/mod.ts";
import { namesIn, withTemporaryFolder } from "../../support/folder.ts";

Deno.test("readSecretFile: whoever may read is told, whoever may write is refused", () =>
  withTemporaryFolder(async (folder) => {
    const path = `${folder}/key`;
    await Deno.writeFile(path, Uint8Array.of(1, 2, 3));
    for (
      const [mode, readableByOthers] of [[0o600, false], [0o640, true], [0o604, true]] as const
    ) {
      await Deno.chmod(path, mode);
      const read = await readSecretFile(path, 3);
      assertEquals([...read.bytes], [1, 2, 3]);
      assertEquals(read.readableByOthers, readableByOthers);
    }
    for (const mode of [0o620, 0o602, 0o666]) {
      await Deno.chmod(path, mode);
      const fault = await assertRejects(() => readSecretFile(path, 3), FileFault);
      assertEquals(fault.code, "exposed");
    }
  }));

Deno.test("readSecretFile: a folder, a missing file and one that is too long are faults", () =>
  withTemporaryFolder(async (folder) => {
    const code = async (path: string, most: number) =>
      (await assertRejects(() => readSecretFile(path, most), FileFault)).code;
    assertEquals(await code(folder, 10), "not-a-file");
    assertEquals(await code(`${folder}/none`, 10), "missing");
    await Deno.writeFile(`${folder}/long`, new Uint8Array(5_000), { mode: 0o600 });
    assertEquals(await code(`${folder}/long`, 4_999), "failed");
    assertEquals((await readSecretFile(`${folder}/long`, 5_000)).bytes.length, 5_000);
  }));

Deno.test("writeSecretFile: for this user alone, never over another one unless asked to", () =>
  withTemporaryFolder(async (folder) => {
    const path = `${folder}/key`;
    await writeSecretFile(path, Uint8Array.of(1), false);
    assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    const fault = await assertRejects(
      () => writeSecretFile(path, Uint8Array.of(2), false),
      FileFault,
    );
    assertEquals(fault.code, "exists");
    assertEquals([...Deno.readFileSync(path)], [1]);
    await Deno.chmod(path, 0o644);
    await writeSecretFile(path, Uint8Array.of(2), true);
    assertEquals([...Deno.readFileSync(path)], [2]);
    assertEquals((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
    assertEquals(namesIn(folder), ["key"]);
  }));
